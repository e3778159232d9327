package gcore_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"costd.dev/costd"
)

// An errorBody is the body of every error.
type errorBody struct {
	ExceptionClass string              `json:"exception_class"`
	Message        string              `json:"message"`
	RequestID      string              `json:"request_id"`
	InvalidFields  map[string][]string `json:"invalid_fields"`
}

func parseError(t *testing.T, r reply) errorBody {
	t.Helper()
	var e errorBody
	if err := json.Unmarshal([]byte(r.body), &e); err != nil {
		t.Fatalf("%d %s: %v", r.StatusCode, r.body, err)
	}
	if e.RequestID == "" || e.RequestID != r.Header.Get("X-Request-ID") || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("error %s with headers %v", r.body, r.Header)
	}
	return e
}

const period = `"time_from":"2026-10-01","time_to":"2026-11-01"`

// Bodies that are refused, and the fields that are named.
var badBodies = []struct{ path, body, fields string }{
	// of every report
	{monthlyPath, `{`, "body"},
	{monthlyPath, `[]`, "body"},
	{monthlyPath, `null`, "body"},
	{monthlyPath, `{} {}`, "body"},
	{monthlyPath, "{\"year_month\":\"\xff\"}", "body"},
	{monthlyPath, `{"year_month":"2026-10","year_month":"2026-10"}`, "year_month"},
	{monthlyPath, `{"yearMonth":"2026-10"}`, "yearMonth"},
	{monthlyPath, `{"Year_month":"2026-10"}`, "Year_month"},
	{monthlyPath, `{"":1}`, ""},
	{monthlyPath, `{"year_month":"2026-13"}`, "year_month"},
	{monthlyPath, `{"year_month":"2026-1"}`, "year_month"},
	{monthlyPath, `{"year_month":"2026-10-01"}`, "year_month"},
	{monthlyPath, `{"year_month":202610}`, "year_month"},
	{monthlyPath, `{"year_month":null}`, "year_month"},
	{monthlyPath, `{"time_from":"2026-10","time_to":"2026-11"}`, "time_to"},
	{monthlyPath, `{"time_from":"2026-10-09","time_to":"2026-10-08"}`, "time_to"},
	{monthlyPath, `{"time_from":"soon"}`, "time_from"},
	{monthlyPath, `{"time_from":1}`, "time_from"},
	{monthlyPath, `{"regions":76}`, "regions"},
	{monthlyPath, `{"regions":null}`, "regions"},
	{monthlyPath, `{"regions":["76",76.0,1e2,true,99999999999999999999,7]}`, "regions.0 regions.1 regions.2 regions.3 regions.4"},
	{monthlyPath, `{"types":"volume"}`, "types"},
	{monthlyPath, `{"types":["volume","toaster",1]}`, "types.1 types.2"},
	{monthlyPath, `{"response_format":"csv"}`, "response_format"},
	{monthlyPath, `{"response_format":"csv_records"}`, "response_format"},
	{monthlyPath, `{"rounding":"true"}`, "rounding"},
	{monthlyPath, `{"rounding":1}`, "rounding"},
	{monthlyPath, `{"schema_filter":[]}`, "schema_filter"},
	{monthlyPath, `{"schema_filter":{}}`, "schema_filter.field schema_filter.type schema_filter.values"},
	{monthlyPath, `{"schema_filter":{"type":"volume","field":"flavor","values":["x"]}}`, "schema_filter.field"},
	{monthlyPath, `{"schema_filter":{"type":"external_ip","field":"uuid","values":["x"]}}`, "schema_filter.field"},
	{monthlyPath, `{"schema_filter":{"type":"inference_public_models","field":"uuid","values":["x"]}}`, "schema_filter.type"},
	{monthlyPath, `{"schema_filter":{"type":"volume","field":1,"values":[1,"x"],"more":1}}`, "schema_filter.field schema_filter.more schema_filter.values.0"},
	{monthlyPath, `{"tags":{}}`, "tags.conditions"},
	{monthlyPath, `{"tags":{"conditions":[]}}`, "tags.conditions"},
	{monthlyPath, `{"tags":{"conditions":{}}}`, "tags.conditions"},
	{monthlyPath, `{"tags":{"conditions":[{}]}}`, "tags.conditions.0"},
	{monthlyPath, `{"tags":{"conditions":[{"strict":false}]}}`, "tags.conditions.0"},
	{monthlyPath, `{"tags":{"conditions":[{"key":"ab"},{"value":"ab"},{"key":"","value":"abc"}]}}`, "tags.conditions.0.key tags.conditions.1.value tags.conditions.2.key"},
	{monthlyPath, `{"tags":{"conditions":[{"key":"` + strings.Repeat("ä", 129) + `","value":"` + strings.Repeat("ä", 257) + `"}]}}`, "tags.conditions.0.key tags.conditions.0.value"},
	{monthlyPath, `{"tags":{"conditions":[{"key":1,"strict":"yes"}]}}`, "tags.conditions.0.key tags.conditions.0.strict"},
	{monthlyPath, `{"tags":{"conditions":[` + strings.Repeat(`{"key":"abc"},`, 10) + `{"key":"abc"}]}}`, "tags.conditions"},
	{monthlyPath, `{"tags":{"conditions":[{"key":"abc"}],"condition_type":"and"}}`, "tags.condition_type"},
	{monthlyPath, `{"year_month":"x","types":["y"],"rounding":0,"nope":0}`, "nope rounding types.0 year_month"},
	// fields of other reports
	{monthlyPath, `{"projects":[1]}`, "projects"},
	{monthlyPath, `{"enable_last_day":true}`, "enable_last_day"},
	{monthlyPath, `{"limit":1}`, "limit"},
	{totalsPath, `{` + period + `,"year_month":"2026-10"}`, "year_month"},
	{totalsPath, `{` + period + `,"limit":1}`, "limit"},
	{totalsPath, `{` + period + `,"response_format":"csv_records"}`, "response_format"},
	{resourcesPath, `{` + period + `,"response_format":"csv_totals"}`, "response_format"},
	{usagePath, `{` + period + `,"response_format":"json"}`, "response_format"},
	{usagePath, `{` + period + `,"rounding":true}`, "rounding"},
	// of reports over a period
	{totalsPath, ``, "time_from time_to"},
	{totalsPath, `{"time_from":"2026-10-01"}`, "time_to"},
	{totalsPath, `{"time_from":null,"time_to":"2026-10-01"}`, "time_from"},
	{totalsPath, `{"time_from":"x","time_to":"y"}`, "time_from time_to"},
	{totalsPath, `{"time_from":"2026-10-01","time_to":"2026-11-02"}`, "time_to"},
	{totalsPath, `{"time_from":"2026-10-01","time_to":"2026-11-01","enable_last_day":true}`, "time_to"},
	{totalsPath, `{"time_from":"2026-10-02","time_to":"2026-10-01","enable_last_day":true}`, "time_to"},
	{totalsPath, `{` + period + `,"projects":null}`, "projects"},
	{totalsPath, `{` + period + `,"enable_last_day":"yes"}`, "enable_last_day"},
	{usagePath, `{"time_from":"2025-01-01","time_to":"2026-01-03"}`, "time_to"},
	{usagePath, `{` + period + `,"projects":["x"]}`, "projects.0"},
	// of paged reports
	{resourcesPath, `{` + period + `,"limit":0,"offset":-1}`, "limit offset"},
	{resourcesPath, `{` + period + `,"limit":"10","offset":1.5}`, "limit offset"},
	{resourcesPath, `{` + period + `,"limit":100001}`, "limit"},
	{resourcesPath, `{` + period + `,"order_by":"project.asc"}`, "order_by"},
	{resourcesPath, `{` + period + `,"order_by":["project","cost.asc","project.ASC"]}`, "order_by.0 order_by.1 order_by.2"},
	{resourcesPath, `{` + period + `,"sorting":[{"project":"up"},{"cost":"asc"},"project"]}`, "sorting.0.project sorting.1.cost sorting.2"},
}

func TestBadBodies(t *testing.T) {
	s := newServer(t)
	s.apply(t, workedCatalog)
	key := s.key(t, costd.RoleAdministrator, 1001)
	for _, tt := range badBodies {
		r := s.call(t, "POST", tt.path, key, tt.body)
		if r.StatusCode != 400 {
			t.Errorf("%s %s: %d %s", tt.path, tt.body, r.StatusCode, r.body)
			continue
		}
		e := parseError(t, r)
		fields := strings.Join(slices.Sorted(maps.Keys(e.InvalidFields)), " ")
		if e.ExceptionClass != "ValidationError" || fields != tt.fields {
			t.Errorf("%s %s: %s about %q, want %q", tt.path, tt.body, e.ExceptionClass, fields, tt.fields)
		}
		if !strings.HasPrefix(e.Message, "Validation Error: {'") || !strings.HasSuffix(e.Message, "']}") && !strings.HasSuffix(e.Message, `"]}`) {
			t.Errorf("%s %s: message %s", tt.path, tt.body, e.Message)
		}
	}
}

func TestBadQueries(t *testing.T) {
	s := newServer(t)
	s.apply(t, workedCatalog)
	key := s.key(t, costd.RoleAdministrator, 1001)
	for _, tt := range []struct{ path, fields string }{
		{monthlyPath + "?year_month=2026-10", "year_month"}, // these go into the body
		{totalsPath + "?limit=1&time_from=2026-10-01&limit=2", "limit time_from"},
		{resourcesPath + "?=", ""},
		{usagePath + "?a;b", "query"},
		{reservationsPath + "?time_from=2026-10-01", "time_to"},
		{reservationsPath + "?time_to=2026-10-01", "time_from"},
		{reservationsPath + "?time_from=2026-10-01&time_to=2026-11-02", "time_to"},
		{reservationsPath + "?time_from=x&time_to=y", "time_from time_to"},
		{reservationsPath + "?order_by=active_from&region_id=x&metric_name=&show_inactive=maybe", "metric_name order_by region_id show_inactive"},
		{reservationsPath + "?limit=1", "limit"},
		{reservationsPath + "?region_id=1&region_id=2", "region_id"},
		{reservationsPath + "?a=%zz", "query"},
		{projectsPath + "?limit=0&offset=-1&order_by=id.asc&include_deleted=2", "include_deleted limit offset order_by"},
		{projectsPath + "?limit=1001", "limit"},
		{regionsPath + "?product=cdn&order_by=name.asc&show_volume_types=x", "order_by product show_volume_types"},
		{mePath + "?x=1", "x"},
	} {
		method, body := "GET", ""
		if strings.HasPrefix(tt.path, "/cloud/v1/") && strings.Contains(tt.path, "report") {
			method, body = "POST", `{`+period+`}`
		}
		r := s.call(t, method, tt.path, key, body)
		if r.StatusCode != 400 {
			t.Errorf("%s: %d %s", tt.path, r.StatusCode, r.body)
			continue
		}
		e := parseError(t, r)
		if fields := strings.Join(slices.Sorted(maps.Keys(e.InvalidFields)), " "); fields != tt.fields {
			t.Errorf("%s: about %q, want %q", tt.path, fields, tt.fields)
		}
	}
}

func TestLimitsOfBodies(t *testing.T) {
	s := newServer(t)
	s.apply(t, workedCatalog)
	key := s.key(t, costd.RoleAdministrator, 1001)
	r := s.call(t, "POST", monthlyPath, key, `{"year_month":"2026-10"`+strings.Repeat(" ", 1<<20)+`}`)
	if e := parseError(t, r); r.StatusCode != 413 || e.ExceptionClass != "RequestTooLargeError" {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	r = s.call(t, "POST", monthlyPath, key, `{"regions":[`+strings.Repeat("1,", 10_000)+`1]}`)
	if e := parseError(t, r); r.StatusCode != 400 || len(e.InvalidFields["regions"]) != 1 {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
	r = s.call(t, "POST", monthlyPath, key, `{"regions":[`+strings.Repeat("null,", 9_000)+`1]}`)
	if e := parseError(t, r); r.StatusCode != 400 || len(e.InvalidFields) != 100 {
		t.Errorf("%d mistakes are listed", len(e.InvalidFields))
	}
	r = s.call(t, "POST", monthlyPath, key, `{"`+strings.Repeat("x", 1<<19)+`":1}`)
	if r.StatusCode != 400 || len(r.body) > 1000 {
		t.Errorf("an answer of %d bytes repeats what was sent", len(r.body))
	}
}

// A retry-happy client must not be told to come again for what will never work,
// and every wrong turn must be told in JSON.
func TestPathsAndMethods(t *testing.T) {
	s := newServer(t)
	s.apply(t, workedCatalog)
	key := s.key(t, costd.RoleAdministrator, 1001)
	for _, tt := range []struct {
		method, path, key string
		status            int
		class, allow      string
	}{
		{"GET", monthlyPath, key, 405, "HTTPError", "POST"},
		{"DELETE", monthlyPath, "", 405, "HTTPError", "POST"},
		{"POST", projectsPath, key, 405, "HTTPError", "GET, HEAD"},
		{"GET", "/cloud/v1/no_such", key, 404, "NotFoundError", ""},
		{"POST", monthlyPath + "/", key, 404, "NotFoundError", ""},
		{"POST", "/cloud/v3/cost_report/totals", "", 404, "NotFoundError", ""},
		{"POST", monthlyPath, "", 401, "UnauthorizedError", ""},
		{"POST", monthlyPath, "1234$abcdef", 401, "UnauthorizedError", ""},
		{"GET", mePath, "My API Key", 401, "UnauthorizedError", ""},
	} {
		r := s.call(t, tt.method, tt.path, tt.key, "")
		e := parseError(t, r)
		if r.StatusCode != tt.status || e.ExceptionClass != tt.class || r.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: %d %s, Allow %q", tt.method, tt.path, r.StatusCode, r.body, r.Header.Get("Allow"))
		}
	}
	if r := s.call(t, "HEAD", mePath, key, ""); r.StatusCode != 200 || r.body != "" {
		t.Errorf("HEAD: %d %q", r.StatusCode, r.body)
	}
}
