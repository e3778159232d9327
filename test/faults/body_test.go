package faults

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// maxProcess is what docs/operations.md says that the process takes at most with the
// default flags, whatever is sent to it, in MiB.
const maxProcess = 1536

// TestMemoryOfBodies sends, several at once, the bodies that become most for their
// size: catalogs of zeros, and 100,000 records of a month each. The process may take no
// more than what operators are told.
func TestMemoryOfBodies(t *testing.T) {
	s, x := harmed(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			status := x.call(t.Context(), "months", "POST", "/api/v1/usage", x.sender, "application/x-ndjson", months()[1], "Content-Encoding", "gzip")
			if status != http.StatusRequestEntityTooLarge && status != http.StatusServiceUnavailable {
				t.Errorf("100,000 records of a month each: %d", status)
			}
		})
	}
	for range 2 {
		group.Go(func() { x.sendMonths(t.Context()) })
		group.Go(func() { x.sendBombs(t.Context()) })
	}
	group.Wait()
	t.Logf("the process took %d MiB at most;%v", s.peak(), x.tally)
	if peak := s.peak(); peak > maxProcess {
		t.Errorf("the process took %d MiB at most, docs/operations.md says %d", peak, maxProcess)
	}
	s.healthy()
}

// TestNoTextsOfDecoders sends bodies that are wrong in many ways. No answer may have
// the words of Go's own decoders, which mean nothing to a caller.
func TestNoTextsOfDecoders(t *testing.T) {
	s, x := harmed(t)
	for _, path := range []string{"PUT /api/v1/catalog", "POST /api/v1/keys", "POST /api/v1/usage", "POST /cloud/v1/usage_report"} {
		for _, body := range nonsense {
			for _, media := range []string{"application/json", "application/yaml"} {
				said := x.answer(t.Context(), path, media, body)
				for _, word := range []string{"json:", "yaml:", "unmarshal", "Go ", "invalid character", "EOF", "strconv", "parsing", "int64", "struct", "looking for"} {
					if strings.Contains(said, word) {
						t.Errorf("%s of %.40q as %s says %q: %.300s", path, body, media, word, said)
					}
				}
			}
		}
	}
	s.healthy()
}

// answer returns what the server says to a body, with the operator's key or that of
// the large fleet.
func (x *target) answer(ctx context.Context, call, media, body string) string {
	method, path, _ := strings.Cut(call, " ")
	req, err := http.NewRequestWithContext(ctx, method, x.url+path, strings.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	req.Header.Set("Authorization", "APIKey "+x.keyFor(path))
	req.Header.Set("Content-Type", media)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Sprint("no answer: ", err) // of a body that is too long
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(resp.Body) // half an answer shows as well what it says
	return string(said)
}
