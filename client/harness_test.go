package client_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/catalog"
	"costd.dev/costd/client"
	"costd.dev/costd/ingest"
	"costd.dev/costd/server"
	"costd.dev/costd/store/embedded"
)

// The fleet of the client 1001 has every type of resource in October 2026, in the
// projects 501 and 502; that of 7001 is the worked month of docs/semantics.md.
const (
	fleetKey = "fleet"
	acmeKey  = "My API Key" // as in the API reference
)

var october = costd.NewMonth(2026, time.October)

var principals = map[string]access.Principal{
	"operator": {KeyID: "1", Role: costd.RoleOperator},
	fleetKey:   {KeyID: "2", Role: costd.RoleAdministrator, ClientID: 1001},
	"project":  {KeyID: "3", Role: costd.RoleProject, ClientID: 1001, Projects: []int64{501}},
	"hidden":   {KeyID: "4", Role: costd.RoleAdministrator, ClientID: 1002},
	acmeKey:    {KeyID: "5", Role: costd.RoleAdministrator, ClientID: 7001},
	"exact":    {KeyID: "6", Role: costd.RoleAdministrator, ClientID: 7002},
}

// A realServer is the whole server on a store with the fleets.
type realServer struct {
	*server.Server
	url    string
	config server.Config
}

var (
	shared = sync.OnceValues(startServer)
	stop   = func() error { return nil } // what shared has started
)

// TestMain stops the shared server.
func TestMain(m *testing.M) {
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// site returns the server that all tests share, to be read only.
func site(t *testing.T) *realServer {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func startServer() (*realServer, error) {
	folder, err := os.MkdirTemp("", "costd-client-")
	if err != nil {
		return nil, err
	}
	logger := slog.New(slog.DiscardHandler)
	store, err := embedded.Open(context.Background(), embedded.Options{Path: folder, Logger: logger})
	if err != nil {
		return nil, err
	}
	if err := fill(store); err != nil {
		return nil, err
	}
	config := server.Config{
		Usage: store, Catalog: store, Logger: logger, Static: principals,
		Now: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) },
	}
	s := server.New(config)
	h := httptest.NewServer(s)
	stop = func() error {
		h.Close()
		return errors.Join(store.Close(), os.RemoveAll(folder))
	}
	return &realServer{Server: s, url: h.URL, config: config}, nil
}

// fill stores the catalogs and the usage.
func fill(store *embedded.Store) error {
	ctx := context.Background()
	for _, name := range []string{"../gcore/testdata/fleet", "testdata/acme", "testdata/exact"} {
		file, err := os.ReadFile(name + ".yaml")
		if err != nil {
			return err
		}
		entries, err := catalog.Parse(file)
		if err != nil {
			return err
		}
		if _, err := (&catalog.Service{Store: store}).Apply(ctx, entries); err != nil {
			return err
		}
		usage, err := os.Open(name + ".ndjson")
		if err != nil {
			return err
		}
		result, err := (&ingest.Service{Store: store}).Ingest(ctx, usage, ingest.NDJSON)
		if err = errors.Join(err, usage.Close()); err != nil {
			return err
		}
		if len(result.Rejected) > 0 {
			return errors.New(name + ": " + result.Rejected[0].Error)
		}
	}
	return nil
}

// client returns a client of the server.
func (s *realServer) client(key string, options ...client.Option) *client.Client {
	return client.New(s.url, key, options...)
}

// through returns a client that calls the server through a proxy of the test's own.
func (s *realServer) through(t *testing.T, around func(http.Handler) http.Handler, key string, options ...client.Option) *client.Client {
	t.Helper()
	proxy := httptest.NewServer(around(s))
	t.Cleanup(proxy.Close)
	return client.New(proxy.URL, key, options...)
}

// limited returns a client, without retries, of a server that allows one request.
func limited(t *testing.T) *client.Client {
	t.Helper()
	config := site(t).config
	config.RateLimit, config.RateBurst = 1, 1
	h := httptest.NewServer(server.New(config))
	t.Cleanup(h.Close)
	c := client.New(h.URL, fleetKey, client.WithMaxRetries(0))
	if _, err := c.Account(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// day returns the beginning of a day of October 2026; the 32nd is November 1.
func day(n int) time.Time { return time.Date(2026, 10, n, 0, 0, 0, 0, time.UTC) }
