package api_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/report"
	"costd.dev/costd/store/embedded"
)

// A frail is a store that does, when it is looked after, what a test tells it to:
// such as to fail in the middle, which a healthy one cannot be brought to.
type frail struct {
	backup          func(io.Writer) error
	audit           func(yield func(costd.Finding) error) (costd.Audited, error)
	months          []costd.ClientMonth
	*embedded.Store // does the rest
}

func (f *frail) Backup(_ context.Context, w io.Writer) error { return f.backup(w) }

func (f *frail) Audit(_ context.Context, yield func(costd.Finding) error) (costd.Audited, error) {
	return f.audit(yield)
}

func (f *frail) Months(context.Context) ([]costd.ClientMonth, error) { return f.months, nil }

// tended returns a site whose handler looks after the frail store.
func tended(t *testing.T, f *frail) *site {
	t.Helper()
	s := newSite(t)
	f.Store = s.store
	s.handler.Store = f
	s.handler.Reports = &report.Service{Usage: s.store, Catalog: s.store}
	return s
}

func TestBackup(t *testing.T) {
	copied := bytes.Repeat([]byte("costd"), 1<<20)
	s := tended(t, &frail{backup: func(w io.Writer) error {
		for chunk := range bytes.Lines(bytes.ReplaceAll(copied, []byte("d"), []byte("d\n"))) {
			if _, err := w.Write(chunk[:5]); err != nil {
				return err
			}
		}
		return nil
	}})
	a := s.call(costd.RoleOperator, "POST", "/api/v1/backup", "")
	if a.status != http.StatusOK || a.body != string(copied) {
		t.Fatalf("%d, %d bytes; want %d", a.status, len(a.body), len(copied))
	}
	if name := a.header.Get("Content-Disposition"); !strings.Contains(name, `filename="costd-2`) || !strings.Contains(name, `.costd"`) {
		t.Errorf("Content-Disposition: %s", name)
	}
	for _, role := range []costd.Role{"", costd.RoleIngest, costd.RoleAdministrator, costd.RoleProject} {
		for _, path := range []string{"/api/v1/backup", "/api/v1/check"} {
			if a := s.call(role, "POST", path, ""); a.status != http.StatusForbidden && (a.status != http.StatusUnauthorized || role != "") {
				t.Errorf("%s by %q: %d", path, role, a.status)
			}
		}
	}
}

// TestBackupFails has the copy fail before its first byte, and after it.
func TestBackupFails(t *testing.T) {
	full := costd.Errorf(costd.Unavailable, "no space for a copy")
	f := &frail{backup: func(io.Writer) error { return full }}
	s := tended(t, f)
	a := s.call(costd.RoleOperator, "POST", "/api/v1/backup", "")
	if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, full.Message) || a.header.Get("Content-Disposition") != "" {
		t.Errorf("a copy that does not begin: %d %s %v", a.status, a.body, a.header)
	}
	f.backup = func(w io.Writer) error {
		_, err := w.Write(make([]byte, 1<<20))
		return errors.Join(err, full)
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/api/v1/backup", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "APIKey "+s.tokens[costd.RoleOperator])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a copy ends after %d bytes by %v", n, err)
	}
}

func TestOneAtATime(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	s := tended(t, &frail{backup: func(w io.Writer) error {
		close(begun)
		<-end
		return nil
	}})
	first := make(chan answer)
	go func() { first <- s.call(costd.RoleOperator, "POST", "/api/v1/backup", "") }()
	<-begun
	for _, path := range []string{"/api/v1/backup", "/api/v1/check"} {
		if a := s.call(costd.RoleOperator, "POST", path, ""); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "under way") {
			t.Errorf("%s amid a backup: %d %s", path, a.status, a.body)
		}
	}
	close(end)
	if a := <-first; a.status != http.StatusOK {
		t.Errorf("the first: %d %s", a.status, a.body)
	}
}

func TestCheck(t *testing.T) {
	overlap := costd.Finding{Kind: costd.FindingOverlap, ClientID: 1001, Day: costd.NewDay(2026, 10, 1), ResourceID: "r", Message: "two records"}
	f := &frail{
		audit: func(yield func(costd.Finding) error) (costd.Audited, error) {
			return costd.Audited{Records: 7, Rollups: 3}, yield(overlap)
		},
		months: []costd.ClientMonth{{ClientID: 1001, Month: costd.NewMonth(2026, 10)}, {ClientID: 7, Month: costd.NewMonth(2026, 9)}},
	}
	s := tended(t, f)
	const usage = `{"client_id":1001,"project_id":501,"region_id":76,"type":"instance","resource_id":"a","metric":"m","flavor":"f","start":"2026-10-01T00:00:00Z","end":"2026-10-01T01:00:00Z"}
		{"client_id":1001,"project_id":501,"region_id":76,"type":"instance","resource_id":"a","metric":"n","flavor":"f","start":"2026-10-05T00:00:00Z","end":"2026-10-05T01:00:00Z"}
		{"client_id":7,"project_id":501,"region_id":76,"type":"instance","resource_id":"a","metric":"m","flavor":"f","start":"2026-09-05T00:00:00Z","end":"2026-09-05T01:00:00Z"}`
	if a := s.call(costd.RoleOperator, "POST", "/api/v1/usage", usage, "Content-Type: application/x-ndjson"); !strings.Contains(a.body, `"accepted":3`) {
		t.Fatal(a.body)
	}
	const (
		two     = `{"finding":{"kind":"overlap","client_id":1001,"day":"2026-10-01","resource_id":"r","message":"two records"}}` + "\n"
		noPrice = `{"finding":{"kind":"price","client_id":1001,"day":"2026-10-05","type":"instance","region_id":76,"metric":"n","message":"no price for n in region 76 in EUR on 2026-10-05"}}` + "\n" +
			`{"finding":{"kind":"price","client_id":7,"day":"2026-09-01","message":"the catalog has no client 7; add it, or nobody can see its usage"}}` + "\n"
		foreign = `{"finding":{"kind":"foreign_project","client_id":7,"day":"2026-09-05","resource_id":"a","message":"project 501 is that of client 1001, and client 7 pays for its records; correct one of them"}}` + "\n"
	)
	for query, want := range map[string]string{
		"":                          two + noPrice + foreign + `{"checked":{"records":7,"rollups":3,"months":2,"findings":4}}` + "\n",
		"?kind=price":               noPrice + `{"checked":{"records":0,"rollups":0,"months":2,"findings":2}}` + "\n",
		"?kind=rollup":              `{"checked":{"records":7,"rollups":3,"months":0,"findings":0}}` + "\n",
		"?kind=rollup&kind=overlap": two + `{"checked":{"records":7,"rollups":3,"months":0,"findings":1}}` + "\n",
	} {
		if a := s.call(costd.RoleOperator, "POST", "/api/v1/check"+query, ""); a.status != http.StatusOK || a.body != want {
			t.Errorf("%q: %d\n%s\nwant\n%s", query, a.status, a.body, want)
		}
	}
	if a := s.call(costd.RoleOperator, "POST", "/api/v1/check?kind=ghosts", ""); a.status != http.StatusBadRequest || !strings.Contains(a.body, "kind") {
		t.Errorf("a kind that is none: %d %s", a.status, a.body)
	}
	f.audit = func(func(costd.Finding) error) (costd.Audited, error) {
		return costd.Audited{}, costd.Errorf(costd.Unavailable, "the store is closed")
	}
	if a := s.call(costd.RoleOperator, "POST", "/api/v1/check", ""); !strings.HasPrefix(a.body, `{"error":{"code":"unavailable","message":"the store is closed"`) {
		t.Errorf("a check that fails: %s", a.body)
	}
}

func TestNothingToTend(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/api/v1/backup", "/api/v1/check"} {
		if a := s.call(costd.RoleOperator, "POST", path, ""); a.status != http.StatusServiceUnavailable {
			t.Errorf("%s of a store that cannot be looked after: %d %s", path, a.status, a.body)
		}
	}
}
