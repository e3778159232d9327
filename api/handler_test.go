package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/api"
	"costd.dev/costd/catalog"
	"costd.dev/costd/ingest"
	"costd.dev/costd/internal/openapitest"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/report"
	"costd.dev/costd/store/embedded"
)

const file = `
clients:  [{id: 1001, name: Acme, currency: EUR}]
regions:  [{id: 76, name: Luxembourg-2}]
projects: [{id: 501, client_id: 1001, name: training}]
prices:
  - {type: instance, metric: m, feature: "Instance {region}", currency: EUR, unit: H, unit_size: 60, unit_price: 19.90, effective_from: 2026-01-01}
`

// january is when catalogs are applied: commitments from its first day on are too new to
// be wanted to have usage.
var january = time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC)

// A site is a running server with a key of each role.
type site struct {
	t       *testing.T
	url     string
	store   *embedded.Store
	handler *api.Handler
	tokens  map[costd.Role]string
}

func newSite(t *testing.T) *site {
	t.Helper()
	store, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	handler := &api.Handler{
		Usage:   &ingest.Service{Store: store},
		Catalog: &catalog.Service{Store: store, Usage: store, Now: func() time.Time { return january }},
		Access:  &access.Service{Catalog: store},
		Reports: &report.Service{Usage: store, Catalog: store},
	}
	onPanic := func(w http.ResponseWriter, r *http.Request) { api.WriteError(w, r, io.ErrUnexpectedEOF) }
	server := httptest.NewServer(web.Middleware(slog.New(slog.DiscardHandler), onPanic)(handler))
	t.Cleanup(func() {
		server.Close()
		store.Close()
	})
	s := &site{t: t, url: server.URL, store: store, handler: handler, tokens: map[costd.Role]string{}}
	s.createKeys(handler)
	return s
}

func (s *site) createKeys(h *api.Handler) {
	entries, err := catalog.Parse([]byte(file))
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := h.Catalog.Apply(s.t.Context(), entries); err != nil {
		s.t.Fatal(err)
	}
	for _, key := range []costd.Key{
		{Role: costd.RoleOperator},
		{Role: costd.RoleIngest},
		{Role: costd.RoleAdministrator, ClientID: 1001},
		{Role: costd.RoleProject, ClientID: 1001, Projects: []int64{501}},
	} {
		_, token, err := h.Access.Create(s.t.Context(), key.Role, key.ClientID, key.Projects)
		if err != nil {
			s.t.Fatal(err)
		}
		s.tokens[key.Role] = token
	}
}

// An answer is what came back, its body read.
type answer struct {
	status int
	header http.Header
	body   string
}

// call makes a request with the key of the role. Headers are "Name: value".
func (s *site) call(role costd.Role, method, path, body string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if role != "" {
		req.Header.Set("Authorization", "apikey "+s.tokens[role])
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	client := &http.Client{Transport: openapitest.Transport(s.t, nil)}
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

// wantError checks the one form that all errors have.
func (s *site) wantError(a answer, status int, code, message string) {
	s.t.Helper()
	var got struct {
		Error struct {
			Code, Message string
			RequestID     string `json:"request_id"`
			Fields        []struct{ Field, Message string }
		}
	}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.header.Get("Content-Type") != "application/json" {
		s.t.Errorf("answer %d %s: %v", a.status, a.body, err)
	}
	if a.status != status || got.Error.Code != code || !strings.Contains(got.Error.Message, message) {
		s.t.Errorf("answer %d %s, want %d %s %s", a.status, a.body, status, code, message)
	}
	if id := a.header.Get("X-Request-ID"); id == "" || got.Error.RequestID != id {
		s.t.Errorf("request id %q in the body, %q in the header", got.Error.RequestID, id)
	}
}

// routes lists every method and path, and who may use it.
var routes = []struct {
	method, path string
	allowed      []costd.Role
}{
	{"POST", "/api/v1/usage", []costd.Role{costd.RoleOperator, costd.RoleIngest}},
	{"GET", "/api/v1/catalog", []costd.Role{costd.RoleOperator}},
	{"PUT", "/api/v1/catalog", []costd.Role{costd.RoleOperator}},
	{"GET", "/api/v1/catalog/changes", []costd.Role{costd.RoleOperator}},
	{"POST", "/api/v1/diff", []costd.Role{costd.RoleOperator}},
	{"GET", "/api/v1/audit", []costd.Role{costd.RoleOperator}},
	{"GET", "/api/v1/keys", []costd.Role{costd.RoleOperator}},
	{"POST", "/api/v1/keys", []costd.Role{costd.RoleOperator}},
	{"GET", "/api/v1/keys/nobody", []costd.Role{costd.RoleOperator}},
	{"GET", "/api/v1/bills", []costd.Role{costd.RoleOperator}},
	{"GET", "/api/v1/explain", []costd.Role{costd.RoleOperator, costd.RoleAdministrator}},
	{"DELETE", "/api/v1/keys/nobody", []costd.Role{costd.RoleOperator}},
}

func TestEveryRouteWithEveryRole(t *testing.T) {
	s := newSite(t)
	for _, route := range routes {
		a := s.call("", route.method, route.path, "")
		s.wantError(a, 401, "unauthenticated", "Authorization: APIKey <token>")
		if a.header.Get("WWW-Authenticate") != "APIKey" {
			t.Errorf("%s %s: WWW-Authenticate %q", route.method, route.path, a.header.Get("WWW-Authenticate"))
		}
		s.wantError(s.call("", route.method, route.path, "", "Authorization: APIKey 1234$abcdef"), 401, "unauthenticated", "not valid")
		for role := range s.tokens {
			a := s.call(role, route.method, route.path, "")
			allowed := false
			for _, r := range route.allowed {
				allowed = allowed || r == role
			}
			if allowed && (a.status == 401 || a.status == 403) {
				t.Errorf("%s %s as %s: %d %s", route.method, route.path, role, a.status, a.body)
			} else if !allowed {
				s.wantError(a, 403, "forbidden", string(role))
			}
		}
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/api", "/api/v1", "/api/v1/", "/api/v1/usages", "/api/v1/keys/a/b", "/api/v2/usage"} {
		s.wantError(s.call(costd.RoleOperator, "GET", path, ""), 404, "not_found", "nothing at this path")
	}
	for path, allow := range map[string]string{"/api/v1/usage": "POST", "/api/v1/catalog": "GET, HEAD, PUT", "/api/v1/keys": "GET, HEAD, POST", "/api/v1/keys/x": "DELETE, GET, HEAD"} {
		a := s.call(costd.RoleOperator, "PATCH", path, "")
		s.wantError(a, 405, "method_not_allowed", "PATCH is not for this path")
		if a.header.Get("Allow") != allow {
			t.Errorf("%s: Allow %q, want %q", path, a.header.Get("Allow"), allow)
		}
	}
}

func record(id, further string) string {
	return fmt.Sprintf(`{"id":%q,"client_id":1001,"project_id":501,"region_id":76,"type":"instance","resource_id":"r","metric":"m",`+
		`"start":"2026-10-01T00:00:00Z","end":"2026-10-01T01:00:00Z"%s}`, id, further)
}

func zip(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func TestPostUsage(t *testing.T) {
	s := newSite(t)
	const ndjson, array = "Content-Type: application/x-ndjson", "Content-Type: application/json; charset=utf-8"
	for _, tt := range []struct {
		name, body string
		headers    []string
		want       string
	}{
		{"ndjson", record("a", "") + "\n" + record("b", `,"end":1`) + "\n", []string{ndjson},
			`{"accepted":1,"replaced":0,"unchanged":0,"deleted":0,"rejected":[{"index":1,"id":"b","error":"end: stands here twice; keep one"}]}`},
		{"array", "[" + record("a", "") + "," + record("b", "") + "]", []string{array},
			`{"accepted":1,"replaced":0,"unchanged":1,"deleted":0,"rejected":[]}`},
		{"gzip", zip(record("a", `,"name":"x"`)), []string{ndjson, "Content-Encoding: gzip"},
			`{"accepted":0,"replaced":1,"unchanged":0,"deleted":0,"rejected":[]}`},
		{"deletion, no content type", record("a", `,"deleted":true`), nil,
			`{"accepted":0,"replaced":0,"unchanged":0,"deleted":1,"rejected":[]}`},
		{"empty", "", []string{ndjson}, `{"accepted":0,"replaced":0,"unchanged":0,"deleted":0,"rejected":[]}`},
		{"empty array", "[]", []string{array}, `{"accepted":0,"replaced":0,"unchanged":0,"deleted":0,"rejected":[]}`},
	} {
		a := s.call(costd.RoleIngest, "POST", "/api/v1/usage", tt.body, tt.headers...)
		if a.status != 200 || strings.TrimSpace(a.body) != tt.want || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s, want %s", tt.name, a.status, a.body, tt.want)
		}
	}
}

func TestPostUsageRefuses(t *testing.T) {
	s := newSite(t)
	const ndjson, array, gzipped = "Content-Type: application/x-ndjson", "Content-Type: application/json", "Content-Encoding: gzip"
	zeros := strings.Repeat(" ", ingest.MaxBody+1)
	for _, tt := range []struct {
		name, body string
		headers    []string
		status     int
		code, want string
	}{
		{"csv", "a,b", []string{"Content-Type: text/csv"}, 415, "unsupported_media_type", "use application/x-ndjson or application/json"},
		{"no media type", "a,b", []string{"Content-Type: ;"}, 415, "unsupported_media_type", "use application/x-ndjson"},
		{"zstd", record("a", ""), []string{ndjson, "Content-Encoding: zstd"}, 415, "unsupported_media_type", "use gzip or none"},
		{"not gzip", record("a", ""), []string{ndjson, gzipped}, 400, "invalid", "not gzip"},
		{"half a gzip", zip(record("a", ""))[:40], []string{ndjson, gzipped}, 400, "invalid", "could not be read to its end"},
		{"half an array", "[" + record("a", ""), []string{array}, 400, "invalid", "not a JSON array"},
		{"an object", record("a", ""), []string{array}, 400, "invalid", "must be a JSON array"},
		{"large", zeros, []string{ndjson}, 413, "too_large", "larger than"},
		{"a bomb", zip(zeros), []string{ndjson, gzipped}, 413, "too_large", "uncompressed; split it"},
		{"many", strings.Repeat("{}\n", costd.MaxBatch+1), []string{ndjson}, 413, "too_large", "more than 100000 records"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.t = t
			s.wantError(s.call(costd.RoleIngest, "POST", "/api/v1/usage", tt.body, tt.headers...), tt.status, tt.code, tt.want)
		})
	}
	lines, err := s.store.Lines(t.Context(), costd.Query{ClientID: 1001, Period: costd.NewMonth(2026, 10).Period()})
	if err != nil || len(lines) != 0 {
		t.Errorf("refused requests left %+v, %v", lines, err)
	}
}

func TestCatalog(t *testing.T) {
	s := newSite(t)
	yaml := s.call(costd.RoleOperator, "GET", "/api/v1/catalog", "")
	if yaml.status != 200 || yaml.header.Get("Content-Type") != "application/yaml" || !strings.Contains(yaml.body, `unit_price: "19.9"`) {
		t.Errorf("%d %v\n%s", yaml.status, yaml.header, yaml.body)
	}
	for accept, want := range map[string]string{
		"application/json": "application/json", "*/*": "application/yaml", "text/html, application/json;q=0.9": "application/json",
		"application/json;q=0.5, application/yaml;q=0.51": "application/yaml", "application/json;q=0": "application/yaml",
	} {
		a := s.call(costd.RoleOperator, "GET", "/api/v1/catalog", "", "Accept: "+accept)
		if a.header.Get("Content-Type") != want || (want == "application/json") != json.Valid([]byte(a.body)) {
			t.Errorf("Accept %s: %s\n%s", accept, a.header.Get("Content-Type"), a.body)
		}
	}
	json := s.call(costd.RoleOperator, "GET", "/api/v1/catalog", "", "Accept: application/json")
	for contentType, body := range map[string]string{"application/yaml": yaml.body, "text/yaml; charset=utf-8": yaml.body, "application/json": json.body} {
		a := s.call(costd.RoleOperator, "PUT", "/api/v1/catalog", body, "Content-Type: "+contentType)
		if a.status != 200 || !strings.Contains(a.body, `"prices":{"created":0,"changed":0,"unchanged":1}`) {
			t.Errorf("putting %s back: %d %s", contentType, a.status, a.body)
		}
	}
	a := s.call(costd.RoleOperator, "PUT", "/api/v1/catalog", zip("regions: [{id: 76, name: X}, {id: 77, name: Y}]"),
		"Content-Type: application/yaml", "Content-Encoding: gzip")
	if a.status != 200 || !strings.Contains(a.body, `"regions":{"created":1,"changed":1,"unchanged":0}`) {
		t.Errorf("a change: %d %s", a.status, a.body)
	}
}

// What is most likely a mistake is applied and said, and nothing is said of the rest.
func TestCatalogWarns(t *testing.T) {
	s := newSite(t)
	put := func(commitments string) answer {
		t.Helper()
		return s.call(costd.RoleOperator, "PUT", "/api/v1/catalog", "commitments:\n"+commitments, "Content-Type: application/yaml")
	}
	const commitment = "  - {id: %s, client_id: 1001, type: instance, metric: %s, region_id: 76, dimension: g1, count: 2, unit_price: 1, active_from: 2026-10-01%s}\n"
	right := fmt.Sprintf(commitment, "a", "m", "") + fmt.Sprintf(commitment, "b", "m", ", price_per_month: 1488.00")
	if a := put(right); a.status != 200 || strings.Contains(a.body, "warnings") {
		t.Errorf("commitments without a doubt: %d %s", a.status, a.body)
	}
	wrong := fmt.Sprintf(commitment, "c", "mm", ", price_per_month: 1")
	const want = `"commitments":{"created":1,"changed":0,"unchanged":2},"warnings":[` +
		`{"kind":"commitment_metric","entry":"commitments[2] (c).metric","message":"no usage and no price of instance has mm; correct it, or the commitment covers nothing (line 4)"},` +
		`{"kind":"commitment_prices","entry":"commitments[2] (c).price_per_month","message":"is the whole fee of a month, 1 for 2 pieces, and not count x unit_size_month x unit_price; state one of the two (line 4)"}]}`
	if a := put(right + wrong); a.status != 200 || !strings.Contains(a.body, want) {
		t.Errorf("%d %s\nwant\n%s", a.status, a.body, want)
	}
	var many strings.Builder
	for i := range 1003 {
		fmt.Fprintf(&many, commitment, fmt.Sprint("n", i), "mm", "")
	}
	if a := put(many.String()); strings.Count(a.body, `"kind"`) != 1000 || !strings.Contains(a.body, `"more_warnings":3}`) {
		t.Errorf("1003 warnings: %d listed, %.200s", strings.Count(a.body, `"kind"`), a.body)
	}
}

func TestCatalogRefuses(t *testing.T) {
	s := newSite(t)
	put := func(body string, headers ...string) answer {
		return s.call(costd.RoleOperator, "PUT", "/api/v1/catalog", body, append([]string{"Content-Type: application/yaml"}, headers...)...)
	}
	a := put("projects: [{id: 502, client_id: 9, name: x}]\nclients: [{id: 1, name: x}]")
	s.wantError(a, 400, "invalid", "clients[0] (1).currency: is required")
	a = put("projects: [{id: 502, client_id: 9, name: x}]")
	s.wantError(a, 400, "invalid", "there is no such client")
	if !strings.Contains(a.body, `"fields":[{"field":"projects[0] (502).client_id","message":"is 9, but`) {
		t.Errorf("fields are missing: %s", a.body)
	}
	s.wantError(put(zip("{}")[:15], "Content-Encoding: gzip"), 400, "invalid", "could not be read to its end")
	s.wantError(put(zip(strings.Repeat("#", catalog.MaxFileSize+1)), "Content-Encoding: gzip"), 413, "too_large", "in several files")
	s.wantError(put("{}", "Content-Type: application/x-www-form-urlencoded"), 415, "unsupported_media_type", "application/yaml")
}

// A catalog that is too large is refused as a whole, whatever stands where it is cut off.
func TestCatalogIsNeverCutOff(t *testing.T) {
	s := newSite(t)
	const first, second = "regions:\n- {id: 300, name: first}\n", "- {id: 301, name: second}\n"
	for _, space := range []string{"\n", " ", "\t"} {
		large := first + strings.Repeat("#", catalog.MaxFileSize-len(first)) + space + "\n" + second
		s.wantError(s.call(costd.RoleOperator, "PUT", "/api/v1/catalog", zip(large), "Content-Type: application/yaml", "Content-Encoding: gzip"),
			413, "too_large", "in several files")
	}
	if a := s.call(costd.RoleOperator, "GET", "/api/v1/catalog", ""); strings.Contains(a.body, "first") {
		t.Errorf("the catalog has a part of a file: %s", a.body)
	}
}

// What is wrong with a body is said in words of this API, not of Go's decoders.
func TestBodiesThatCannotBeRead(t *testing.T) {
	s := newSite(t)
	for body, want := range map[string]string{
		``:                      "takes: it ends before its JSON object does; send it whole",
		`{"role": "ingest"`:     "takes: it ends before its JSON object does; send it whole",
		`{"role": ingest}`:      "takes: byte 10 cannot stand there in JSON; send a JSON object",
		`["ingest"]`:            "takes: it must be a JSON object with the fields client_id, role, projects",
		`"ingest"`:              "takes: it must be a JSON object with the fields client_id, role, projects",
		`{"client_id": "1001"}`: "client_id: must not be a string",
	} {
		a := s.call(costd.RoleOperator, "POST", "/api/v1/keys", body, "Content-Type: application/json")
		s.wantError(a, http.StatusBadRequest, "invalid", want)
	}
	a := s.call(costd.RoleOperator, "POST", "/api/v1/usage", "not packed, and long enough", "Content-Encoding: gzip")
	s.wantError(a, http.StatusBadRequest, "invalid", "the body is not gzip, as its Content-Encoding says; compress it, or leave Content-Encoding out")
}

func TestKeys(t *testing.T) {
	s := newSite(t)
	a := s.call(costd.RoleOperator, "POST", "/api/v1/keys", `{"client_id": 1001, "role": "project", "projects": [501], "name": "CI", "expires": "2199-01-01T00:00:00Z"}`, "Content-Type: application/json")
	var created map[string]string
	if err := json.Unmarshal([]byte(a.body), &created); err != nil || a.status != 201 || len(created) != 2 {
		t.Fatalf("%d %s, %v", a.status, a.body, err)
	}
	id, token := created["id"], created["token"]
	if !strings.HasPrefix(token, id+"$") || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Location") != "/api/v1/keys/"+id {
		t.Errorf("%v %v", created, a.header)
	}
	s.wantError(s.call("", "GET", "/api/v1/catalog", "", "Authorization: APIKey "+token), 403, "forbidden", "project")

	one := s.call(costd.RoleOperator, "GET", "/api/v1/keys/"+id, "")
	if one.status != 200 || !strings.HasPrefix(one.body, fmt.Sprintf(`{"id":%q,"role":"project","client_id":1001,"projects":[501],"created":"20`, id)) {
		t.Errorf("one key: %d %s", one.status, one.body)
	}
	if !strings.Contains(one.body, `"name":"CI","expires":"2199-01-01T00:00:00Z"`) {
		t.Errorf("the name or the expiry is missing: %s", one.body)
	}
	list := s.call(costd.RoleOperator, "GET", "/api/v1/keys", "")
	if list.status != 200 || strings.Count(list.body, `"id":`) != 5 || !strings.Contains(list.body, strings.TrimSpace(one.body)) {
		t.Errorf("all keys: %d %s", list.status, list.body)
	}
	secret := strings.TrimPrefix(token, id+"$")
	if strings.Contains(list.body, secret) || strings.Contains(strings.ToLower(list.body), "hash") {
		t.Errorf("the list tells secrets: %s", list.body)
	}

	if a := s.call(costd.RoleOperator, "DELETE", "/api/v1/keys/"+id, ""); a.status != 204 || a.body != "" {
		t.Errorf("deleting: %d %s", a.status, a.body)
	}
	s.wantError(s.call(costd.RoleOperator, "DELETE", "/api/v1/keys/"+id, ""), 404, "not_found", "no such key")
	s.wantError(s.call(costd.RoleOperator, "GET", "/api/v1/keys/"+id, ""), 404, "not_found", "there is no")
	s.wantError(s.call("", "GET", "/api/v1/catalog", "", "Authorization: APIKey "+token), 401, "unauthenticated", "")
}

func TestCreateKeyRefuses(t *testing.T) {
	s := newSite(t)
	for body, want := range map[string]string{
		``:                                "not what this path takes",
		`[]`:                              "not what this path takes",
		`{"role":"ingest"}{}`:             "something follows",
		`{"role":"ingest"}}`:              "something follows",
		`{"role":"ingest"}]`:              "something follows",
		`{"role":"ingest"} x`:             "something follows",
		`{"role":"ingest","label":"x"}`:   "label: is not known here; use client_id, role, projects, name, expires",
		`{"Role":"ingest"}`:               "Role: is not known here",
		`{"role":"king","role":"ingest"}`: "role: stands here twice",
		`{"role":"ingest","expires":"2026-01-01T00:00:00Z"}`:         "expires: is in the past",
		`{"role":"ingest","expires":"0001-01-01T00:00:00Z"}`:         "expires: is in the past", // not what Go takes for no time
		`{"role":"ingest","expires":"0001-01-01T01:00:00+01:00"}`:    "expires: is in the past",
		`{"role":"ingest","expires":"0001-01-01T00:00:00.0000001Z"}`: "expires: is in the past",
		`{"role":7}`: "role: must not be a number",
		`{"role":"administrator","client_id":"x"}`: "client_id: must not be a string",
		`{"role":"administrator"}`:                 "client_id: is required",
		`{"role":"administrator","client_id":7}`:   "no such client",
		`{"role":"king"}`:                          "it is operator, ingest, administrator or project",
	} {
		s.wantError(s.call(costd.RoleOperator, "POST", "/api/v1/keys", body, "Content-Type: application/json"), 400, "invalid", want)
	}
	s.wantError(s.call(costd.RoleOperator, "POST", "/api/v1/keys", strings.Repeat(" ", 65<<10)), 413, "too_large", "larger than")
	s.wantError(s.call(costd.RoleOperator, "POST", "/api/v1/keys", "role: x", "Content-Type: application/yaml"), 415, "unsupported_media_type", "application/json")
}

// What a path takes is in its body; a parameter that nobody reads is a mistake of the
// caller's that must not go unnoticed.
func TestQueriesAreRefused(t *testing.T) {
	s := newSite(t)
	for _, pattern := range api.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.Replace(path, "{id}", "none", 1)
		s.wantError(s.call(costd.RoleOperator, method, path+"?client_id=1001", ""), 400, "invalid", "client_id: is not a parameter of this path; it takes ")
		s.wantError(s.call(costd.RoleOperator, method, path+"?%zz", ""), 400, "invalid", "query: is not a valid query string")
		s.wantError(s.call("", method, path+"?client_id=1001", ""), 401, "unauthenticated", "")
	}
	s.wantError(s.call(costd.RoleOperator, "POST", "/api/v1/check?kinds=price", ""), 400, "invalid", "kinds: is not a parameter of this path; it takes kind")
	s.wantError(s.call(costd.RoleOperator, "POST", "/api/v1/check?kind=spelling", ""), 400, "invalid", "use one of rollup, overlap, price, dimension, ")
	s.wantError(s.call(costd.RoleIngest, "POST", "/api/v1/check?kinds=price", ""), 403, "forbidden", "")
}

// A store that fails says so without telling why.
func TestFailuresTellNothing(t *testing.T) {
	s := newSite(t)
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	a := s.call(costd.RoleOperator, "GET", "/api/v1/catalog", "")
	s.wantError(a, 503, "unavailable", "")
	if a.header.Get("Retry-After") == "" || strings.Contains(a.body, "duckdb") {
		t.Errorf("%v %s", a.header, a.body)
	}
}
