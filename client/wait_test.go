package client

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// The first wait, doubled each time, less up to a half, and never over the longest.
func TestWaitDoubles(t *testing.T) {
	c := New("http://localhost", "k", WithRetryWait(time.Second, 5*time.Second))
	for retries, most := range []time.Duration{1, 2, 4, 5, 5} {
		most *= time.Second
		for range 100 {
			if d, patient := c.wait(retries, &connectionError{}); !patient || d > most || d < most/2 {
				t.Fatalf("after %d retries %v, %v, want %v to %v", retries, d, patient, most/2, most)
			}
		}
	}
	if d, patient := New("", "", WithRetryWait(0, 0)).wait(3, &connectionError{}); d != 0 || !patient {
		t.Errorf("no wait is %v, %v", d, patient)
	}
}

// What the server asks for is waited, and nothing is done about more than that.
func TestWaitHeedsRetryAfter(t *testing.T) {
	c := New("http://localhost", "k", WithRetryWait(time.Millisecond, time.Minute))
	for _, tt := range []struct {
		header  string
		patient bool
		low     time.Duration
		high    time.Duration
	}{
		{"0", true, 0, 0},
		{"7", true, 7 * time.Second, 7 * time.Second},
		{"60", true, time.Minute, time.Minute},
		{"61", false, 61 * time.Second, 61 * time.Second},
		{"", true, 0, time.Millisecond},
		{"soon", true, 0, time.Millisecond},
		{"-1", true, 0, time.Millisecond},
		{time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat), true, 0, 0},
		{time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), false, 30 * time.Minute, time.Hour},
	} {
		e := &Error{StatusCode: 429, RetryAfter: retryAfter(http.Header{"Retry-After": {tt.header}})}
		d, patient := c.wait(0, fmt.Errorf("wrapped: %w", e))
		if d < tt.low || d > tt.high || patient != tt.patient {
			t.Errorf("%q: %v, %v, want %v to %v, %v", tt.header, d, patient, tt.low, tt.high, tt.patient)
		}
	}
}
