package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
)

const yamlBody = "Content-Type: application/yaml"

// put applies a file as an operator and returns the version of the catalog.
func (s *site) put(file string) int64 {
	s.t.Helper()
	a := s.call(costd.RoleOperator, "PUT", "/api/v1/catalog", file, yamlBody)
	var applied costd.Applied
	if err := json.Unmarshal([]byte(a.body), &applied); err != nil || a.status != 200 {
		s.t.Fatalf("%d %s, %v", a.status, a.body, err)
	}
	return applied.Version
}

// changes returns a page of the history.
func (s *site) changes(query string) (versions []costd.Version, next int64) {
	s.t.Helper()
	a := s.call(costd.RoleOperator, "GET", "/api/v1/catalog/changes"+query, "")
	var page struct {
		Versions []costd.Version
		Next     int64
	}
	if err := json.Unmarshal([]byte(a.body), &page); err != nil || a.status != 200 {
		s.t.Fatalf("%d %s, %v", a.status, a.body, err)
	}
	return page.Versions, page.Next
}

// TestCatalogAsItWas asks for the catalog at each version, and at each time, and wants
// what it answered then.
func TestCatalogAsItWas(t *testing.T) {
	s := newSite(t)
	answers := map[int64]string{}
	for i := range 5 {
		version := s.put(fmt.Sprintf("regions: [{id: %d, name: r}, {id: 76, name: n%d}]\n", i+1, i))
		answers[version] = s.call(costd.RoleOperator, "GET", "/api/v1/catalog", "").body
	}
	versions, _ := s.changes("")
	if len(versions) != 6 { // with that of the site
		t.Fatalf("%d versions", len(versions))
	}
	for _, v := range versions[1:] {
		for _, query := range []string{fmt.Sprint("version=", v.Number), "as_of=" + url.QueryEscape(v.Time.Format(time.RFC3339Nano))} {
			if a := s.call(costd.RoleOperator, "GET", "/api/v1/catalog?"+query, ""); a.status != 200 || a.body != answers[v.Number] {
				t.Errorf("%s: %d\n%s\nwant\n%s", query, a.status, a.body, answers[v.Number])
			}
		}
	}
	s.wantError(s.call(costd.RoleOperator, "GET", "/api/v1/catalog?version=7", ""), 404, "not_found", "no version 7 yet; the latest is 6")
	s.wantError(s.call(costd.RoleOperator, "GET", "/api/v1/catalog?as_of=2020-01-01", ""), 404, "not_found", "begins with version 0")
	for query, field := range map[string]string{"version=x": "version", "version=1&version=2": "version", "as_of=yesterday": "as_of", "as_of=2026-10-01&version=1": "as_of", "at=1": "at"} {
		s.wantError(s.call(costd.RoleOperator, "GET", "/api/v1/catalog?"+query, ""), 400, "invalid", field+":")
	}
}

// TestCatalogChanges reads the history in pages.
func TestCatalogChanges(t *testing.T) {
	s := newSite(t)
	s.put("regions: [{id: 1, name: a}, {id: 2, name: b}]\n")
	last := s.put("regions: [{id: 2, name: c}]\n")
	operator, _, _ := strings.Cut(s.tokens[costd.RoleOperator], "$")
	versions, next := s.changes("?since=1&limit=2")
	if len(versions) != 1 || next != versions[0].Number || len(versions[0].Changes.Regions) != 2 {
		t.Fatalf("a page has %+v, and %d is next", versions, next)
	}
	versions, next = s.changes(fmt.Sprint("?since=", next))
	if len(versions) != 1 || next != 0 || versions[0].Number != last || versions[0].Name != operator || versions[0].RequestID == "" {
		t.Fatalf("the last page has %+v, and %d is next", versions, next)
	}
	if c := versions[0].Changes.Regions[0]; c.Before.Name != "b" || c.After.Name != "c" {
		t.Errorf("region 2 changed from %+v to %+v", c.Before, c.After)
	}
	for query, field := range map[string]string{"since=x": "since", "since=-1": "since", "limit=0": "limit", "limit=100001": "limit", "limit=1&limit=1": "limit"} {
		s.wantError(s.call(costd.RoleOperator, "GET", "/api/v1/catalog/changes?"+query, ""), 400, "invalid", field+":")
	}
}
