package openapi_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/catalog"
	"costd.dev/costd/demo"
	"costd.dev/costd/ingest"
	"costd.dev/costd/internal/openapitest"
	"costd.dev/costd/server"
	"costd.dev/costd/store/embedded"
)

// now is what the clock says.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// A site is a real server, called through a transport that holds every answer
// against the document, and a note of what has been seen.
type site struct {
	later atomic.Int64 // by how much the clock is ahead of now, in nanoseconds
	*httptest.Server
	t      *testing.T
	store  *embedded.Store
	tokens map[string]string // by role, and "client N" for administrators
	byID   map[string]operation
	seen   map[string]bool // "operation status", and "type column" of rows
}

func open(t *testing.T) *site {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	store, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, store: store, tokens: map[string]string{"stranger": "stranger"}, byID: map[string]operation{}, seen: map[string]bool{}}
	for _, o := range operations(t) {
		s.byID[o.OperationID] = o
	}
	s.Server = httptest.NewServer(server.New(server.Config{
		Usage: store, Catalog: store, Logger: logger, Now: func() time.Time { return now.Add(time.Duration(s.later.Load())) },
		Static: map[string]access.Principal{"stranger": {Role: costd.RoleAdministrator, ClientID: 404}}, // in no catalog
	}))
	s.Client().Transport = openapitest.Transport(t, s.Client().Transport)
	t.Cleanup(func() {
		s.Close()
		store.Close()
	})
	s.fill(t)
	return s
}

// wait lets a minute pass, after which callers without a key are answered again.
func (s *site) wait() { s.later.Add(int64(time.Minute)) }

// fill puts the demo's fleet in, and makes a key of each kind.
func (s *site) fill(t *testing.T) {
	t.Helper()
	if _, err := (&catalog.Service{Store: s.store}).Apply(t.Context(), demo.Entries(now)); err != nil {
		t.Fatal(err)
	}
	result, err := (&ingest.Service{Store: s.store}).Write(t.Context(), slices.Collect(demo.Usage(now)))
	if err != nil || len(result.Rejected) > 0 {
		t.Fatalf("%v, rejected %v", err, result.Rejected)
	}
	key := func(name string, role costd.Role, client int64, projects ...int64) {
		_, token, err := (&access.Service{Catalog: s.store}).Create(t.Context(), role, client, projects)
		if err != nil {
			t.Fatal(err)
		}
		s.tokens[name] = token
	}
	key("operator", costd.RoleOperator, 0)
	key("ingest", costd.RoleIngest, 0)
	key("administrator", costd.RoleAdministrator, demo.ClientID)
	for _, client := range demo.Entries(now).Clients {
		key(fmt.Sprint("client ", client.ID), costd.RoleAdministrator, client.ID)
	}
	key("project", costd.RoleProject, demo.ClientID, 501)
}

// A call is one request, for an operation of the document.
type call struct {
	id     string
	key    string // "": none
	more   string // of the path: an id, or a query
	body   string
	header string // "Name: value", separated by commas
	method string // in place of the operation's own
	status int
}

func (s *site) call(c call) string {
	s.t.Helper()
	o, ok := s.byID[c.id]
	if !ok {
		s.t.Fatalf("no operation %s", c.id)
	}
	method := o.method
	if c.method != "" {
		method = c.method
	}
	path, _, needsID := strings.Cut(o.path, "{")
	if needsID && c.more == "" {
		c.more = "nobody"
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path+c.more, strings.NewReader(c.body))
	if err != nil {
		s.t.Fatal(err)
	}
	if c.key != "" {
		token, known := s.tokens[c.key]
		if !known {
			token = c.key
		}
		req.Header.Set("Authorization", "APIKey "+token)
	}
	for header := range strings.SplitSeq(c.header, ", ") {
		if name, value, ok := strings.Cut(header, ": "); ok {
			req.Header.Set(name, value)
		}
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != c.status {
		s.t.Errorf("%s %s %.200s as %q: %d %.300s %v, want %d", c.id, c.more, c.body, c.key, resp.StatusCode, body, err, c.status)
	}
	s.seen[c.id+" "+strconv.Itoa(resp.StatusCode)] = true
	return string(body)
}

// maintained reports whether the store can be backed up and checked.
func (s *site) maintained() bool {
	_, ok := any(s.store).(costd.Maintainer)
	return ok
}

func between(s, begin, end string) string {
	_, rest, _ := strings.Cut(s, begin)
	inside, _, _ := strings.Cut(rest, end)
	return inside
}
