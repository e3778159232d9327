package gcore_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/catalog"
	"costd.dev/costd/gcore"
	"costd.dev/costd/ingest"
	"costd.dev/costd/internal/openapitest"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/report"
	"costd.dev/costd/store/embedded"
)

// now is what the clock says in tests.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const (
	monthlyPath      = "/cloud/v1/reservation_cost_report/totals"
	totalsPath       = "/cloud/v1/cost_report/totals"
	resourcesPath    = "/cloud/v1/cost_report/resources"
	usagePath        = "/cloud/v1/usage_report"
	reservationsPath = "/cloud/v2/reservations"
	projectsPath     = "/cloud/v1/projects"
	regionsPath      = "/cloud/v1/regions"
	mePath           = "/iam/clients/me"
)

// A server is a real store behind a real HTTP server.
type server struct {
	*httptest.Server
	db     *embedded.Store
	access *access.Service
	now    time.Time // what the clock says; set it between calls only
}

// newServer starts a server with an empty store.
func newServer(t *testing.T) *server {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	db, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{db: db, access: &access.Service{Catalog: db}, now: now}
	handler := &gcore.Handler{
		Reports: &report.Service{Usage: db, Catalog: db, Now: func() time.Time { return s.now }},
		Access:  s.access,
		Logger:  logger,
	}
	onPanic := func(w http.ResponseWriter, r *http.Request) {
		gcore.WriteError(w, r, costd.Errorf(costd.Internal, "panic"))
	}
	s.Server = httptest.NewServer(web.Middleware(logger, onPanic)(handler))
	s.Client().Transport = openapitest.Transport(t, s.Client().Transport)
	t.Cleanup(func() {
		s.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newFleet starts a server with the catalog and usage of testdata.
func newFleet(t *testing.T) *server {
	t.Helper()
	s := newServer(t)
	s.apply(t, readFile(t, "testdata/fleet.yaml"))
	s.send(t, readFile(t, "testdata/fleet.ndjson"))
	return s
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// apply adds the entries of a catalog file.
func (s *server) apply(t *testing.T, file string) {
	t.Helper()
	entries, err := catalog.Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	s.load(t, entries, nil)
}

// load adds entries and usage.
func (s *server) load(t *testing.T, entries costd.Entries, usage []costd.Usage) {
	t.Helper()
	if _, err := (&catalog.Service{Store: s.db}).Apply(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	result, err := (&ingest.Service{Store: s.db}).Write(t.Context(), usage)
	if err != nil || len(result.Rejected) > 0 {
		t.Fatalf("%v, rejected %v", err, result.Rejected)
	}
}

// send writes usage records, one JSON object a line.
func (s *server) send(t *testing.T, lines string) {
	t.Helper()
	result, err := (&ingest.Service{Store: s.db}).Ingest(t.Context(), strings.NewReader(lines), ingest.NDJSON)
	if err != nil || len(result.Rejected) > 0 {
		t.Fatalf("%v, rejected %v", err, result.Rejected)
	}
}

// key makes a key and returns its token.
func (s *server) key(t *testing.T, role costd.Role, client int64, projects ...int64) string {
	t.Helper()
	_, token, err := s.access.Create(t.Context(), role, client, projects)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A reply is an answer that was read to its end.
type reply struct {
	*http.Response
	body string
}

// call sends a request with the given key, "" for none.
func (s *server) call(t *testing.T, method, path, key, body string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "APIKey "+key)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp, string(text)}
}

// post sends a report request that must succeed, and returns the body.
func (s *server) post(t *testing.T, path, key, body string) string {
	t.Helper()
	r := s.call(t, "POST", path, key, body)
	if r.StatusCode != http.StatusOK {
		t.Fatalf("POST %s %s: %d %s", path, body, r.StatusCode, r.body)
	}
	return r.body
}

// A row is a row of any report; numbers keep their digits.
type row struct {
	Type              string
	BillingValue      json.Number `json:"billing_value"`
	Unit              string      `json:"billing_value_unit"`
	BillingMetricName string      `json:"billing_metric_name"`
	RegionID          int64       `json:"region_id"`
	ProjectID         int64       `json:"project_id"`
	UUID              string
	LastName          string `json:"last_name"`
	Flavor            string
	VolumeType        string       `json:"volume_type"`
	FileShareType     string       `json:"file_share_type"`
	InstanceType      string       `json:"instance_type"`
	FirstSeen         string       `json:"first_seen"`
	LastSeen          string       `json:"last_seen"`
	Feature           *string      `json:"billing_feature_name"`
	Cost              *json.Number `json:"cost"`
	Currency          *string
	Err               *string
}

// A table is an answer of any report.
type table struct {
	Count              int
	Results, Resources []row
	Totals             []row
	PriceStatus        string `json:"price_status"`
}

// report sends a report request that must succeed, and parses the answer.
func (s *server) report(t *testing.T, path, key, body string) table {
	t.Helper()
	var answer table
	parse(t, s.post(t, path, key, body), &answer)
	return answer
}

func parse(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}
