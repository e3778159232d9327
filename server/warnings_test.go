package server_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestUsageWarns sends a record of another client's project over HTTP, and then one that
// is right: only the first answer has warnings, in the documented form.
func TestUsageWarns(t *testing.T) {
	s := open(t)
	send := func(record string) string {
		t.Helper()
		status, body := s.call(t, "POST", "/api/v1/usage", s.tokens["ingest"], "["+record+"]")
		if status != http.StatusOK {
			t.Fatal(status, body)
		}
		return strings.TrimSpace(body)
	}
	const right = `{"id":"a","client_id":1001,"project_id":501,"region_id":76,"type":"instance","resource_id":"r","metric":"g1_min","flavor":"g1","start":"2026-10-15T00:00:00Z","end":"2026-10-15T01:00:00Z"}`
	want := `{"accepted":1,"replaced":0,"unchanged":0,"deleted":0,"rejected":[],"warnings":[{"kind":"foreign_project","count":1,"example":{"index":0,"id":"a"},` +
		`"message":"project_id: project 601 belongs to another client than 1001, which pays for the record; correct one of them"}]}`
	if got := send(strings.Replace(right, "501", "601", 1)); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got, want := send(right), `{"accepted":0,"replaced":1,"unchanged":0,"deleted":0,"rejected":[]}`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
