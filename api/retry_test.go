package api

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
)

// Whoever is refused is never told to come back too early, nor in more than a minute.
func TestRetryAfterIsWholeSeconds(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		0: "1", time.Millisecond: "1", time.Second: "1", time.Second + 1: "2", 59*time.Second + 1: "60", time.Hour: "60",
	} {
		if got := secondsOf(wait); got != want {
			t.Errorf("a wait of %v: Retry-After %s, want %s", wait, got, want)
		}
	}
}

// A time to wait that is known stays; without one it is a second.
func TestRetryAfterThatIsKnownStays(t *testing.T) {
	for known, want := range map[string]string{"": "1", "17": "17"} {
		for _, code := range []costd.Code{costd.TooMany, costd.Unavailable} {
			w := httptest.NewRecorder()
			if known != "" {
				w.Header().Set("Retry-After", known)
			}
			WriteError(w, httptest.NewRequest("GET", "/", nil), costd.Errorf(code, "later"))
			if got := w.Header().Get("Retry-After"); got != want {
				t.Errorf("%s, known %q: Retry-After %q, want %q", code, known, got, want)
			}
		}
	}
}

// A body of exactly the limit is read, one byte more is not waited for.
func TestBodyAtItsLimit(t *testing.T) {
	for size, taken := range map[int]bool{10: true, 11: false} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", size)))
		body, err := decompressed(httptest.NewRecorder(), r, 10)
		if (err == nil) != taken || err != nil && costd.ErrorCode(err) != costd.TooLarge {
			t.Fatalf("%d bytes of at most 10: %v", size, err)
		}
		if !taken {
			continue
		}
		if all, err := io.ReadAll(body); err != nil || len(all) != size {
			t.Errorf("%d bytes of at most 10: %d read, %v", size, len(all), err)
		}
	}
}
