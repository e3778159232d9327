package api_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/report"
)

// post sends usage that has to be taken.
func (s *site) post(records ...string) {
	s.t.Helper()
	if a := s.call(costd.RoleIngest, "POST", "/api/v1/usage", strings.Join(records, "\n"), "Content-Type: application/x-ndjson"); a.status != 200 || !strings.Contains(a.body, `"rejected":[]`) {
		s.t.Fatal(a.status, a.body)
	}
}

// object reads an answer as a JSON object.
func (s *site) object(a answer) map[string]any {
	s.t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil || a.status != 200 {
		s.t.Fatalf("%d %s, %v", a.status, a.body, err)
	}
	return v
}

// TestDiff asks how October differs by a change that is not applied, and by the version
// that it makes: the same.
func TestDiff(t *testing.T) {
	s := newSite(t)
	s.handler.Store = s.store
	s.handler.Reports = &report.Service{Usage: s.store, Catalog: s.store}
	s.post(record("a", `,"flavor":"f"`)) // an hour at 19.90
	const price = `{"prices":[{"type":"instance","metric":"m","currency":"EUR","unit":"H","unit_size":60,"unit_price":"18.00005","effective_from":"2026-10-01"}]}`
	const json = "Content-Type: application/json"
	plan := s.object(s.call(costd.RoleOperator, "PUT", "/api/v1/catalog?dry_run=true", price, json))
	owes := func(total string) map[string]any {
		return map[string]any{"total": total, "currency": "EUR", "rows_in_error": 0.0}
	}
	want := map[string]any{"looked_at": 1.0, "months": []any{map[string]any{
		"client_id": 1001.0, "month": "2026-10", "before": owes("19.9"), "after": owes("18.00005"), "difference": "-1.89995"}}}
	if !reflect.DeepEqual(plan["effect"], want) || plan["version"] != 1.0 {
		t.Errorf("plan %v\nwant the effect %v", plan, want)
	}
	byChange := s.call(costd.RoleOperator, "POST", "/api/v1/diff", `{"month":"2026-10","to":{"change":`+price+`}}`, json)
	version := s.put(price)
	byVersion := s.call(costd.RoleOperator, "POST", "/api/v1/diff", fmt.Sprintf(`{"month":"2026-10","client_ids":[1001,1002],"from":{"version":1},"to":{"version":%d}}`, version), json)
	if byChange.body != byVersion.body {
		t.Errorf("by the change %s, by the version %s", byChange.body, byVersion.body)
	}
	side := func(cost string) map[string]any {
		return map[string]any{"quantity": "60", "cost": cost, "currency": "EUR"}
	}
	rows := []any{map[string]any{"client_id": 1001.0, "type": "instance", "region_id": 76.0, "dimension": "f", "metric": "m", "kind": "PAYG",
		"before": side("19.9"), "after": side("18.00005"), "difference": "-1.89995"}}
	if got := s.object(byVersion); !reflect.DeepEqual(got["rows"], rows) {
		t.Errorf("rows %v\nwant %v", got["rows"], rows)
	}
	for body, message := range map[string]string{
		`{}`: "month:", `{"month":"2026-13","to":{"version":1}}`: "month:", `{"month":"2026-10"}`: "to:", `{"month":"2026-10","to":{}}`: "to:",
		`{"month":"2026-10","to":{"version":1,"change":{}}}`:                                        "to:",
		`{"month":"2026-10","from":{"change":{}},"to":{"version":1}}`:                               "from:",
		`{"month":"2026-10","to":{"change":{"prices":[{"type":"toaster"}]}}}`:                       "prices[0].type",
		`{"month":"2026-10","to":{"change":{"projects":[{"id":9,"client_id":9,"name":"x"}]}}}`:      "no such client",
		`{"month":"2026-10","to":{"version":1},"client_ids":[` + strings.Repeat("1,", 1000) + `1]}`: "client_ids: are 1001; at most 1000",
	} {
		s.wantError(s.call(costd.RoleOperator, "POST", "/api/v1/diff", body, json), 400, "invalid", message)
	}
}
