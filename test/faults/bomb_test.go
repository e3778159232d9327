package faults

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestCatalogBomb sends, several at a time, catalogs of 16 KB that become millions of
// worthless entries. Each is refused, and the server goes on.
func TestCatalogBomb(t *testing.T) {
	s := newSick(t)
	const small = 20_000 // bytes
	var calls sync.WaitGroup
	for i, bomb := range bombs() {
		if len(bomb) > small {
			t.Fatalf("bomb %d has %d bytes, more than %d", i, len(bomb), small)
		}
		for range 2 {
			calls.Go(func() { s.wantTooLarge(bomb) })
		}
	}
	calls.Wait()
	s.healthy()
}

// wantTooLarge sends a zipped catalog, and wants an answer that says it is too large.
func (s *sick) wantTooLarge(zipped []byte) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPut, s.server.URL+"/api/v1/catalog", bytes.NewReader(zipped))
	if err != nil {
		s.t.Error(err)
		return
	}
	req.Header.Set("Authorization", "APIKey "+s.server.Key)
	req.Header.Set("Content-Type", "application/yaml")
	req.Header.Set("Content-Encoding", "gzip")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Errorf("%v\nthe server said:\n%s", err, s.server.Log())
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(body), "apply it in several files") {
		s.t.Errorf("%d %.300s, %v; want %d", resp.StatusCode, body, err, http.StatusRequestEntityTooLarge)
	}
}
