package client_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/api"
	"costd.dev/costd/catalog"
	"costd.dev/costd/client"
	"costd.dev/costd/decimal"
	"costd.dev/costd/ingest"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/store/embedded"
)

const file = `
clients:  [{id: 1001, name: Acme, currency: EUR}]
regions:  [{id: 76, name: Luxembourg-2}]
projects: [{id: 501, client_id: 1001, name: training}]
`

// newServer starts costd's own API on a real store, behind the given middleware,
// and returns its address, an operator's token and the store.
func newServer(t *testing.T, around func(http.Handler) http.Handler) (url, token string, store *embedded.Store) {
	t.Helper()
	store, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	handler := &api.Handler{
		Usage:   &ingest.Service{Store: store},
		Catalog: &catalog.Service{Store: store},
		Access:  &access.Service{Catalog: store},
	}
	if _, token, err = handler.Access.Create(t.Context(), costd.RoleOperator, 0, nil); err != nil {
		t.Fatal(err)
	}
	onPanic := func(w http.ResponseWriter, r *http.Request) { api.WriteError(w, r, io.ErrUnexpectedEOF) }
	server := httptest.NewServer(web.Middleware(slog.New(slog.DiscardHandler), onPanic)(around(handler)))
	t.Cleanup(func() {
		server.Close()
		store.Close()
	})
	return server.URL, token, store
}

func direct(h http.Handler) http.Handler { return h }

// hour returns an hour of an instance of client 1001.
func hour(resource string) costd.Usage {
	start := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	return costd.Usage{ClientID: 1001, ProjectID: 501, RegionID: 76, Type: costd.Instance, ResourceID: resource, Metric: "m",
		Start: start, End: start.Add(time.Hour)}
}

// used returns what client 1001 used in October 2026, in minutes.
func used(t *testing.T, store costd.UsageStore) string {
	t.Helper()
	lines, err := store.Lines(t.Context(), costd.Query{ClientID: 1001, Period: costd.NewMonth(2026, 10).Period()})
	if err != nil {
		t.Fatal(err)
	}
	var total decimal.Rational
	for _, l := range lines {
		for _, d := range l.Days {
			total = total.Add(d.Used)
		}
	}
	return total.String()
}

func TestSendUsage(t *testing.T) {
	for _, compress := range []bool{false, true} {
		url, token, store := newServer(t, direct)
		c := client.New(url+"/", token+"\n", client.WithCompression(compress))
		records := make([]costd.Usage, 10_003) // more than one request
		for i := range records {
			records[i] = hour(fmt.Sprint("r", i))
		}
		quantity := decimal.MustParse("12345678901234567890.123456789")
		records[1].Quantity = &quantity
		records[10_001].Metric, records[10_001].ID = "", "bad"
		result, err := c.SendUsage(t.Context(), records)
		if err != nil {
			t.Fatal(err)
		}
		if result.Accepted != 10_002 || len(result.Rejected) != 1 || result.Rejected[0] != (costd.Rejection{Index: 10_001, ID: "bad", Error: "metric: is required"}) {
			t.Errorf("compressed %v: %+v", compress, result)
		}
		if got, want := used(t, store), "12345678901235167950123456789/1000000000"; got != want {
			t.Errorf("compressed %v: used %s, want %s", compress, got, want)
		}
		again, err := c.SendUsage(t.Context(), records)
		if err != nil || again.Unchanged != 10_002 || again.Accepted != 0 {
			t.Errorf("again: %+v, %v", again, err)
		}
	}
}

func TestOperating(t *testing.T) {
	url, token, _ := newServer(t, direct)
	c := client.New(url, token)
	applied, err := c.ApplyCatalog(t.Context(), []byte(file))
	if err != nil || applied.Total() != (costd.Counts{Created: 3}) {
		t.Fatalf("%+v, %v", applied, err)
	}
	entries, err := c.Catalog(t.Context())
	if want := (costd.Client{ID: 1001, Name: "Acme", Currency: "EUR", ShowPrices: true}); err != nil || len(entries.Clients) != 1 || entries.Clients[0] != want {
		t.Errorf("%+v, %v", entries, err)
	}
	written, err := c.CatalogFile(t.Context())
	if err != nil || !strings.Contains(string(written), "name: Acme") {
		t.Errorf("%v\n%s", err, written)
	}
	if again, err := c.ApplyCatalog(t.Context(), written); err != nil || again.Total() != (costd.Counts{Unchanged: 3}) || again.Version != applied.Version {
		t.Errorf("again: %+v, %v", again, err)
	}
	id, secret, err := c.CreateKey(t.Context(), costd.RoleProject, 1001, []int64{501})
	if err != nil || !strings.HasPrefix(secret, id+"$") {
		t.Fatalf("key %q with token %q, %v", id, secret, err)
	}
	keys, err := c.Keys(t.Context())
	if err != nil || len(keys) != 2 {
		t.Fatalf("%+v, %v", keys, err)
	}
	for _, k := range keys {
		if k.ID == id && (k.Role != costd.RoleProject || k.ClientID != 1001 || len(k.Projects) != 1 || k.Created.IsZero()) {
			t.Errorf("key %+v", k)
		}
	}
	if k, err := c.Key(t.Context(), id); err != nil || !slices.ContainsFunc(keys, func(listed client.Key) bool { return reflect.DeepEqual(listed, k) }) {
		t.Errorf("key %+v, %v", k, err)
	}
	if err := c.DeleteKey(t.Context(), id); err != nil {
		t.Error(err)
	}
	_, err = c.Key(t.Context(), id)
	wantError(t, err, 404, "not_found")
	wantError(t, c.DeleteKey(t.Context(), id), 404, "not_found")
}

func wantError(t *testing.T, err error, status int, code string) *client.Error {
	t.Helper()
	e, ok := errors.AsType[*client.Error](err)
	if !ok {
		t.Fatalf("%v, want an error of the server", err)
	}
	if e.StatusCode != status || e.ExceptionClass != code || e.Message == "" || e.RequestID == "" || !strings.Contains(err.Error(), e.RequestID) {
		t.Errorf("%+v, want %d %s", e, status, code)
	}
	return e
}

func TestErrors(t *testing.T) {
	url, token, _ := newServer(t, direct)
	c := client.New(url, token)
	_, err := c.ApplyCatalog(t.Context(), []byte("regions: [{id: 1}, {name: x}]"))
	e := wantError(t, err, 400, "invalid")
	if len(e.InvalidFields) != 2 || len(e.InvalidFields["regions[0] (1).name"]) != 1 {
		t.Errorf("fields %q", e.InvalidFields)
	}
	_, err = client.New(url, "wrong").Keys(t.Context())
	wantError(t, err, 401, "unauthenticated")
	_, err = c.MonthlyTotals(t.Context(), client.MonthlyTotalsRequest{})
	wantError(t, err, 404, "not_found") // this server has no reports
	_, err = client.New("localhost:1", token).Keys(t.Context())
	if err == nil || !strings.Contains(err.Error(), "must begin with http://") {
		t.Errorf("an address without a scheme: %v", err)
	}
}
