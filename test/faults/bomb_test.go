package faults

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"costd.dev/costd/catalog"
)

// TestCatalogBomb sends, several at a time, catalogs of 16 KB that become millions of
// worthless entries. Each is refused, and the server goes on.
func TestCatalogBomb(t *testing.T) {
	s := newSick(t)
	const entry = "- 0\n"
	bomb := zip(t, "commitments:\n"+strings.Repeat(entry, catalog.MaxFileSize/len(entry)-10))
	const small = 20_000 // bytes
	if len(bomb) > small {
		t.Fatalf("the bomb has %d bytes, more than %d", len(bomb), small)
	}
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() { s.wantTooLarge(bomb) })
	}
	calls.Wait()
	s.healthy()
}

// zip returns the text as gzip makes it smallest.
func zip(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
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
