package crash

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/catalog"
	"costd.dev/costd/server"
	"costd.dev/costd/store/storetest"
)

// An oracle is a server that keeps nothing but maps of the records that were
// answered, and adds every report up from them anew.
type oracle struct {
	t       *testing.T
	usage   storetest.Memory
	catalog prices
	handler http.Handler
}

func newOracle(t *testing.T) *oracle {
	o := &oracle{t: t}
	static := map[string]access.Principal{}
	for _, id := range clients {
		name := strconv.FormatInt(id, 10)
		static[name] = access.Principal{KeyID: name, Role: costd.RoleAdministrator, ClientID: id}
	}
	o.handler = server.New(server.Config{Usage: &o.usage, Catalog: &o.catalog, Static: static, Logger: slog.New(slog.DiscardHandler)})
	return o
}

// apply puts a catalog in the place of the last.
func (o *oracle) apply(file []byte) {
	entries, err := catalog.Parse(file)
	if err != nil {
		o.t.Error(err)
	}
	o.catalog.mu.Lock()
	defer o.catalog.mu.Unlock()
	o.catalog.entries, o.catalog.version = entries, o.catalog.version+1
}

// prices is the catalog of the oracle. It has no keys.
type prices struct {
	costd.Catalog
	mu      sync.Mutex
	entries costd.Entries
	version int64
}

func (p *prices) Entries(context.Context) (costd.Entries, int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.entries, p.version, nil
}

func (p *prices) Version(context.Context) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.version, nil
}

func (p *prices) Key(context.Context, string) (costd.Key, error) {
	return costd.Key{}, costd.Errorf(costd.NotFound, "the oracle has no keys")
}

// reports are what is compared: every report, whole and filtered, in both months.
var reports = []struct{ path, body string }{
	{"/cloud/v1/reservation_cost_report/totals", `{"year_month": "2026-09"}`},
	{"/cloud/v1/reservation_cost_report/totals", `{"year_month": "2026-10"}`},
	{"/cloud/v1/reservation_cost_report/totals", `{"year_month": "2026-10", "rounding": false, "tags": {"conditions": [{"key": "team", "value": "team-1"}]}}`},
	{"/cloud/v1/reservation_cost_report/totals", `{"year_month": "2026-09", "schema_filter": {"type": "instance", "field": "flavor", "values": ["flavor-1"]}}`},
	{"/cloud/v1/reservation_cost_report/totals", `{"year_month": "2026-10", "response_format": "csv_totals"}`},
	{"/cloud/v1/cost_report/totals", `{"time_from": "2026-09-20", "time_to": "2026-10-20"}`},
	{"/cloud/v1/cost_report/resources", `{"time_from": "2026-09-20", "time_to": "2026-10-20", "limit": 1000, "order_by": ["billing_value.desc"]}`},
	{"/cloud/v1/usage_report", `{"time_from": "2026-09-28", "time_to": "2026-10-03", "limit": 1000}`},
}

// compare asks for every report of a client and wants the oracle's answer, byte by
// byte.
func (v *victim) compare(client int) {
	v.t.Helper()
	for _, report := range reports {
		got := v.ask(client, report.path, report.body)
		want := v.oracle.ask(client, report.path, report.body)
		if got != want {
			v.tell("client %d, %s %s:\n%s", clients[client], report.path, report.body, v.difference(got, want))
		}
	}
}

func (v *victim) compareAll() {
	v.t.Helper()
	for i := range clients {
		v.compare(i)
	}
}

// ask returns the status and the body of the server's answer.
func (v *victim) ask(client int, path, body string) string {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), "POST", v.server.URL+path, strings.NewReader(body))
	v.must(err)
	r.Header = header(v.keys[client])
	resp, err := http.DefaultClient.Do(r)
	v.must(err)
	defer resp.Body.Close()
	answer, err := readAll(resp.Body)
	v.must(err)
	return strconv.Itoa(resp.StatusCode) + " " + answer
}

func readAll(r io.Reader) (string, error) {
	all, err := io.ReadAll(r)
	return string(all), err
}

func header(key string) http.Header {
	return http.Header{"Authorization": {"APIKey " + key}, "Content-Type": {"application/json"}}
}

// ask returns the same of the oracle.
func (o *oracle) ask(client int, path, body string) string {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Header = header(strconv.FormatInt(clients[client], 10))
	o.handler.ServeHTTP(w, r)
	return strconv.Itoa(w.Code) + " " + w.Body.String()
}

// difference shows where two answers part, and keeps both, and the data, for whoever
// has to find out why.
func (v *victim) difference(got, want string) string {
	same := 0
	for same < min(len(got), len(want)) && got[same] == want[same] {
		same++
	}
	kept, err := os.MkdirTemp("", "costd-crash-")
	v.must(err)
	v.must(os.WriteFile(filepath.Join(kept, "server"), []byte(got), 0o600))
	v.must(os.WriteFile(filepath.Join(kept, "oracle"), []byte(want), 0o600))
	v.server.Kill()
	v.must(os.CopyFS(filepath.Join(kept, "data"), os.DirFS(v.data)))
	from := max(0, same-200)
	return "the server says ..." + clip(got[from:]) + "\nthe oracle says ..." + clip(want[from:]) + "\nboth, and the data, are in " + kept
}

func clip(s string) string { return s[:min(len(s), 500)] }
