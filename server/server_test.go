package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/catalog"
	"costd.dev/costd/ingest"
	"costd.dev/costd/internal/openapitest"
	"costd.dev/costd/server"
	"costd.dev/costd/store/embedded"
)

const (
	ours   = 1001 // a client
	theirs = 2002 // another one, whose data nobody else may see
	secret = "SECRET-OF-2002"
)

const sampleCatalog = `
clients:
  - {id: 1001, name: Acme, currency: EUR}
  - {id: 2002, name: SECRET-OF-2002, currency: EUR}
regions: [{id: 76, name: Luxembourg-2}]
projects:
  - {id: 501, client_id: 1001, name: training}
  - {id: 502, client_id: 1001, name: research}
  - {id: 601, client_id: 2002, name: SECRET-OF-2002}
prices:
  - {type: instance, metric: g1_min, currency: EUR, feature: "g1 {region}", unit: H, unit_size: 60, unit_price: "0.6", effective_from: 2026-01-01}
commitments:
  - {id: SECRET-OF-2002, client_id: 2002, type: instance, metric: g1_min, region_id: 76, dimension: SECRET-OF-2002,
     count: 1, unit_price: "0.5", active_from: 2026-01-01}
`

// A site is a server on a store of its own, with a token for each role.
type site struct {
	*httptest.Server
	store  *embedded.Store
	log    *syncBuffer
	tokens map[string]string // by role; "other" is the other client's administrator
}

// syncBuffer is a buffer that the server's goroutines may write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func open(t *testing.T) *site {
	t.Helper()
	ctx := context.Background()
	s := &site{log: &syncBuffer{}, tokens: map[string]string{}}
	logger := slog.New(slog.NewTextHandler(s.log, nil))
	store, err := embedded.Open(ctx, embedded.Options{Path: t.TempDir(), Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	s.store = store
	entries, err := catalog.Parse([]byte(sampleCatalog))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&catalog.Service{Store: store}).Apply(ctx, entries); err != nil {
		t.Fatal(err)
	}
	result, err := (&ingest.Service{Store: store}).Write(ctx, []costd.Usage{
		instance(ours, 501, "a", "g1"), instance(ours, 502, "b", "g1"), instance(theirs, 601, secret, secret),
	})
	if err != nil || result.Accepted != 3 {
		t.Fatal(result, err)
	}
	keys := &access.Service{Catalog: store}
	for _, k := range []struct {
		name     string
		role     costd.Role
		client   int64
		projects []int64
	}{
		{"operator", costd.RoleOperator, 0, nil}, {"ingest", costd.RoleIngest, 0, nil},
		{"administrator", costd.RoleAdministrator, ours, nil}, {"project", costd.RoleProject, ours, []int64{501}},
		{"other", costd.RoleAdministrator, theirs, nil},
	} {
		if _, s.tokens[k.name], err = keys.Create(ctx, k.role, k.client, k.projects); err != nil {
			t.Fatal(err)
		}
	}
	s.Server = httptest.NewServer(server.New(server.Config{Usage: store, Catalog: store, Logger: logger, Now: october}))
	s.Client().Transport = openapitest.Transport(t, s.Client().Transport)
	t.Cleanup(func() {
		s.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func october() time.Time { return time.Date(2026, 10, 15, 12, 0, 0, 0, time.UTC) }

func instance(client, project int64, name, flavor string) costd.Usage {
	return costd.Usage{
		ClientID: client, ProjectID: project, RegionID: 76, Type: costd.Instance, ResourceID: name, Name: name, Flavor: flavor,
		Metric: "g1_min", Start: october().Add(-time.Hour), End: october(), Tags: map[string]string{"name": name},
	}
}

// call sends a request and returns the status and the body of the answer.
func (s *site) call(t *testing.T, method, path, token, body string) (int, string) {
	t.Helper()
	return s.as(t, token, method, path, body)
}

const october1 = `"time_from": "2026-10-01", "time_to": "2026-11-01"`

// everyRoute is a call of each route, and the status of each role in the order
// operator, ingest, administrator, project, other.
var everyRoute = []struct {
	method, path, body string
	status             [5]int
}{
	{"POST", "/cloud/v1/reservation_cost_report/totals", `{}`, [5]int{403, 403, 200, 403, 200}},
	{"POST", "/cloud/v1/reservation_cost_report/totals", `{"response_format": "csv_totals"}`, [5]int{403, 403, 200, 403, 200}},
	{"POST", "/cloud/v1/cost_report/totals", `{` + october1 + `}`, [5]int{403, 403, 200, 200, 200}},
	{"POST", "/cloud/v1/cost_report/resources", `{` + october1 + `}`, [5]int{403, 403, 200, 200, 200}},
	{"POST", "/cloud/v1/cost_report/resources", `{"response_format": "csv_records", ` + october1 + `}`, [5]int{403, 403, 200, 200, 200}},
	{"POST", "/cloud/v1/cost_report/resources", `{"projects": [601], ` + october1 + `}`, [5]int{403, 403, 403, 403, 200}},
	{"POST", "/cloud/v1/cost_report/resources", `{"projects": [502], ` + october1 + `}`, [5]int{403, 403, 200, 403, 403}},
	{"POST", "/cloud/v1/usage_report", `{` + october1 + `}`, [5]int{403, 403, 200, 200, 200}},
	{"GET", "/cloud/v2/reservations?time_from=2026-10-01&time_to=2026-11-01", ``, [5]int{403, 403, 200, 403, 200}},
	{"GET", "/cloud/v1/projects", ``, [5]int{403, 403, 200, 200, 200}},
	{"GET", "/cloud/v1/projects/501", ``, [5]int{403, 403, 200, 200, 404}},
	{"GET", "/cloud/v1/projects/502", ``, [5]int{403, 403, 200, 404, 404}},
	{"GET", "/cloud/v1/projects/999", ``, [5]int{403, 403, 404, 404, 404}},
	{"GET", "/cloud/v1/regions", ``, [5]int{403, 403, 200, 200, 200}},
	{"GET", "/cloud/v1/regions/76", ``, [5]int{403, 403, 200, 200, 200}},
	{"GET", "/iam/clients/me", ``, [5]int{403, 403, 200, 200, 200}},
	{"POST", "/api/v1/usage", `[]`, [5]int{200, 200, 403, 403, 403}},
	{"GET", "/api/v1/catalog", ``, [5]int{200, 403, 403, 403, 403}},
	{"PUT", "/api/v1/catalog", `{}`, [5]int{200, 403, 403, 403, 403}},
	{"GET", "/api/v1/catalog/changes", ``, [5]int{200, 403, 403, 403, 403}},
	{"POST", "/api/v1/diff", `{"month": "2026-10", "from": {"version": 1}, "to": {"version": 1}}`, [5]int{200, 403, 403, 403, 403}},
	{"GET", "/api/v1/audit", ``, [5]int{200, 403, 403, 403, 403}},
	{"GET", "/api/v1/keys", ``, [5]int{200, 403, 403, 403, 403}},
	{"POST", "/api/v1/keys", `{"role": "ingest"}`, [5]int{201, 403, 403, 403, 403}},
	{"GET", "/api/v1/keys/none", ``, [5]int{404, 403, 403, 403, 403}},
	{"DELETE", "/api/v1/keys/none", ``, [5]int{404, 403, 403, 403, 403}},
	{"GET", "/api/v1/bills?month=2026-10", ``, [5]int{200, 403, 403, 403, 403}},
	{"GET", "/api/v1/explain?type=instance&metric=g1_min&region_id=76&month=2026-10&dimension=g1", ``, [5]int{400, 403, 200, 403, 404}},
	{"GET", "/api/v1/explain?type=instance&metric=g1_min&region_id=76&month=2026-10&resource_id=a", ``, [5]int{400, 403, 200, 403, 404}},
	{"POST", "/api/v1/backup", ``, [5]int{200, 403, 403, 403, 403}},
	{"POST", "/api/v1/check", ``, [5]int{200, 403, 403, 403, 403}},
}

// oneID is the id of one thing at the end of a path.
var oneID = regexp.MustCompile(`/(none|[0-9]+)$`)

// No route is forgotten above.
func TestEveryRouteIsTried(t *testing.T) {
	tried := map[string]bool{}
	for _, route := range everyRoute {
		path, _, _ := strings.Cut(route.path, "?")
		tried[route.method+" "+oneID.ReplaceAllString(path, "/{id}")] = true
	}
	for _, pattern := range server.Patterns() {
		if strings.Contains(pattern, " /api/") || strings.Contains(pattern, " /cloud/") || strings.Contains(pattern, " /iam/") {
			if !tried[pattern] {
				t.Errorf("no role is tried on %s", pattern)
			}
		}
	}
}

func TestEveryRouteWithEveryRole(t *testing.T) {
	s := open(t)
	for _, route := range everyRoute {
		name := route.method + " " + route.path + " " + route.body
		for i, role := range []string{"operator", "ingest", "administrator", "project", "other"} {
			status, body := s.call(t, route.method, route.path, s.tokens[role], route.body)
			if status != route.status[i] {
				t.Errorf("%s as %s: status %d, want %d: %s", name, role, status, route.status[i], body)
			}
			seen := strings.Contains(body, secret)
			if seen && (role == "administrator" || role == "project" || role == "ingest") {
				t.Errorf("%s as %s shows data of another client: %s", name, role, body)
			}
			if role == "project" && strings.Contains(body, `"project_id":502`) {
				t.Errorf("%s as %s shows another project: %s", name, role, body)
			}
		}
		for _, token := range []string{"", "nobody$nothing", s.tokens["operator"] + "x"} {
			if status, body := s.call(t, route.method, route.path, token, route.body); status != http.StatusUnauthorized {
				t.Errorf("%s with the key %.10q: status %d, want 401: %s", name, token, status, body)
			}
			if strings.Contains(fmt.Sprint(route), "none") {
				break // stay under the limit on wrong keys
			}
		}
		s.forgive(t)
	}
	if _, body := s.call(t, "POST", "/cloud/v1/cost_report/resources", s.tokens["other"], `{`+october1+`}`); !strings.Contains(body, secret) {
		t.Errorf("the other client does not see its own data, so the test proves nothing: %s", body)
	}
}

// A caller who is refused for a role reads what the role may call: all of it, and only that.
func TestRefusalsSayWhatTheRoleMayCall(t *testing.T) {
	s := open(t)
	for i, role := range []string{"operator", "ingest", "administrator", "project"} {
		refused := "/api/v1/keys"
		if role == "operator" {
			refused = "/cloud/v1/projects"
		}
		status, refusal := s.call(t, "GET", refused, s.tokens[role], "")
		if status != http.StatusForbidden {
			t.Errorf("%s: GET %s: %d %s", role, refused, status, refusal)
		}
		for _, route := range everyRoute {
			path, _, _ := strings.Cut(route.path, "?")
			path = oneID.ReplaceAllString(path, "")
			named := strings.Contains(refusal, path) || strings.Contains(refusal, "every path below /api/v1") && strings.HasPrefix(path, "/api/v1/")
			if may := route.status[i] != http.StatusForbidden; may && !named {
				t.Errorf("%s may call %s, but the refusal does not say so: %s", role, path, refusal)
			} else if !may && named && (route.body == "" || route.body == "{}") {
				t.Errorf("%s may not call %s, but the refusal says so: %s", role, path, refusal)
			}
		}
	}
}

// forgive replaces the server, so that its limit on wrong keys starts anew.
func (s *site) forgive(t *testing.T) {
	t.Helper()
	s.Config.Handler = server.New(server.Config{Usage: s.store, Catalog: s.store, Logger: slog.New(slog.DiscardHandler), Now: october})
}

func TestWrongKeysAreLimitedByAddress(t *testing.T) {
	s := open(t)
	statuses := map[int]int{}
	for range 60 {
		status, _ := s.call(t, "POST", "/cloud/v1/reservation_cost_report/totals", "a$guess", "{}")
		statuses[status]++
	}
	if statuses[http.StatusUnauthorized] < 20 || statuses[http.StatusTooManyRequests] < 20 {
		t.Errorf("60 guesses: %v", statuses)
	}
	status, body := s.call(t, "GET", "/api/v1/keys", "a$guess", "")
	if status != http.StatusTooManyRequests {
		t.Errorf("the other API counts the same guesses: %d %s", status, body)
	}
}

// Behind a proxy all callers have one address, and must not shut each other out.
func TestWrongKeysBehindAProxy(t *testing.T) {
	s := open(t)
	s.Config.Handler = server.New(server.Config{
		Usage: s.store, Catalog: s.store, Logger: slog.New(slog.DiscardHandler), Now: october, BehindProxy: true,
	})
	for range 60 {
		if status, body := s.call(t, "GET", "/iam/clients/me", "a$guess", ""); status != http.StatusUnauthorized {
			t.Fatalf("%d %s", status, body)
		}
	}
}

// The server's own paths know only GET, and paths that are none answer in JSON.
func TestOwnPaths(t *testing.T) {
	s := open(t)
	for _, tt := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/docs", 200, "<!DOCTYPE html>"},
		{"GET", "/openapi.yaml", 200, "openapi: 3.1.0"},
		{"POST", "/docs", 405, "use GET"},
		{"DELETE", "/metrics", 405, "use GET"},
		{"OPTIONS", "/healthz", 405, "use GET"},
		{"GET", "/healthz/", 404, "NotFoundError"},
		{"GET", "/", 404, "NotFoundError"},
		{"POST", "/", 405, "use GET"},
		{"GET", "/docs/", 200, "<!DOCTYPE html>"},
		{"GET", "/docs/x", 404, "NotFoundError"},
		{"GET", "/api", 404, "not_found"},
		{"GET", "/api/v1/", 404, "not_found"},
		{"GET", "//healthz", 200, "ok"}, // by way of a redirect
		{"GET", "/cloud/v1/" + strings.Repeat("x", 8000), 404, "NotFoundError"},
	} {
		status, body := s.call(t, tt.method, tt.path, "", "")
		if status != tt.status || !strings.Contains(body, tt.body) {
			t.Errorf("%s %.40s: %d %.200s, want %d %s", tt.method, tt.path, status, body, tt.status, tt.body)
		}
	}
	resp, err := s.Client().Head(s.URL + "/docs")
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("HEAD /docs: %v %v", resp, err)
	}
}

// clientLabel finds the id of the client in a label; a figure may have the same digits.
var clientLabel = regexp.MustCompile(`="[^"]*1001`)

func TestHealthReadinessMetrics(t *testing.T) {
	s := open(t)
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		if status, body := s.call(t, "GET", path, "", ""); status != http.StatusOK || body != want {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	s.call(t, "POST", "/cloud/v1/reservation_cost_report/totals", s.tokens["administrator"], "{}")
	_, metrics := s.call(t, "GET", "/metrics", "", "")
	want := `costd_http_requests_total{route="POST /cloud/v1/reservation_cost_report/totals",status="200"} 1`
	if !strings.Contains(metrics, want) {
		t.Errorf("metrics lack %s", want)
	}
	if strings.Contains(metrics, secret) || clientLabel.MatchString(metrics) {
		t.Error("metrics name a client")
	}
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	if status, body := s.call(t, "GET", "/readyz", "", ""); status != http.StatusServiceUnavailable {
		t.Errorf("ready without a store: %d %s", status, body)
	}
	if status, _ := s.call(t, "GET", "/healthz", "", ""); status != http.StatusOK {
		t.Errorf("not healthy without a store: %d", status)
	}
	status, body := s.call(t, "POST", "/cloud/v1/reservation_cost_report/totals", s.tokens["administrator"], "{}")
	if status != http.StatusServiceUnavailable {
		t.Errorf("a report without a store: %d %s", status, body)
	}
}

// A faulty store fails in a way nobody foresaw.
type faulty struct{ costd.UsageStore }

func (faulty) Lines(context.Context, costd.Query) ([]costd.LineUsage, error) { panic(secret) }

func TestPanicsTellNothing(t *testing.T) {
	s := open(t)
	s.Config.Handler = server.New(server.Config{
		Usage: faulty{s.store}, Catalog: s.store, Logger: slog.New(slog.NewTextHandler(s.log, nil)), Now: october,
	})
	status, body := s.call(t, "POST", "/cloud/v1/reservation_cost_report/totals", s.tokens["administrator"], "{}")
	var answer map[string]string
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusInternalServerError {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	if strings.Contains(body, secret) || strings.Contains(body, "goroutine") {
		t.Errorf("the answer tells the cause: %s", body)
	}
	if !strings.Contains(s.log.String(), secret) || !strings.Contains(s.log.String(), answer["request_id"]) {
		t.Errorf("the log does not tell the cause of request %s:\n%s", answer["request_id"], s.log)
	}
}

func TestUnknownPathsAnswerJSON(t *testing.T) {
	s := open(t)
	for _, path := range []string{"/", "/cloud/v1/nothing", "/api/v1/nothing", "/api/v1/", "/healthz/x"} {
		status, body := s.call(t, "GET", path, "", "")
		if status != http.StatusNotFound || !json.Valid([]byte(body)) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// TestStopLetsRequestsFinish stops the server while a request is half sent.
func TestStopLetsRequestsFinish(t *testing.T) {
	s := open(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	handler := server.New(server.Config{Usage: s.store, Catalog: s.store, Logger: slog.New(slog.DiscardHandler), Now: october})
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- handler.Serve(ctx, listener) }()

	body, send := io.Pipe()
	r, err := http.NewRequest("POST", "http://"+listener.Addr().String()+"/api/v1/usage", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "APIKey "+s.tokens["ingest"])
	r.Header.Set("Content-Type", "application/x-ndjson")
	r.Header.Set("Expect", "100-continue") // the body is sent when the handler begins to read it
	transport := &http.Transport{ExpectContinueTimeout: time.Hour}
	defer transport.CloseIdleConnections()
	answered := make(chan string, 1)
	go func() {
		resp, err := transport.RoundTrip(r)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		answered <- fmt.Sprint(resp.StatusCode, string(answer), err)
	}()
	record, err := json.Marshal(instance(ours, 501, "late", "g1"))
	if err != nil {
		t.Fatal(err)
	}
	send.Write(record[:20]) // returns when the transport has read it
	stop()
	for { // wait until the server says that it stops
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
		if w.Code == http.StatusServiceUnavailable {
			break
		}
	}
	send.Write(record[20:])
	send.Close()
	if got := <-answered; !strings.Contains(got, `"accepted":1`) {
		t.Errorf("the request under way was answered %s", got)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
}
