package gcore_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/gcore"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/report"
)

// A counted store counts how often lines or resources are read.
type counted struct {
	costd.UsageStore
	reads atomic.Int64
}

func (c *counted) Lines(ctx context.Context, q costd.Query) ([]costd.LineUsage, error) {
	c.reads.Add(1)
	return c.UsageStore.Lines(ctx, q)
}

func (c *counted) Resources(ctx context.Context, q costd.Query, p costd.Page) (int, iter.Seq2[costd.ResourceUsage, error], error) {
	c.reads.Add(1)
	return c.UsageStore.Resources(ctx, q, p)
}

func (c *counted) LinesAndResources(ctx context.Context, q costd.Query, p costd.Page) ([]costd.LineUsage, int, iter.Seq2[costd.ResourceUsage, error], error) {
	c.reads.Add(1)
	return c.UsageStore.LinesAndResources(ctx, q, p)
}

// count makes the server count what its reports read.
func (s *server) count() *counted {
	store := &counted{UsageStore: s.db}
	handler := &gcore.Handler{
		Reports: &report.Service{Usage: store, Catalog: s.db, Now: func() time.Time { return s.now }}, Access: s.access,
	}
	s.Config.Handler = web.Middleware(slog.New(slog.DiscardHandler), nil)(handler)
	return store
}

// A report of many rows is remembered like a short one, though it is sent in parts.
func TestLongAnswersAreRemembered(t *testing.T) {
	s := newServer(t)
	store := s.count()
	s.apply(t, hugeCatalog)
	var usage strings.Builder
	for i := range 600 {
		usage.WriteString(hours(1001, 1, fmt.Sprint("resource-", i), 1))
	}
	s.send(t, usage.String())
	key := s.key(t, costd.RoleAdministrator, 1001)
	for _, format := range []string{"json", "csv_records"} {
		question := `{` + period + `,"limit":1000,"response_format":"` + format + `"}`
		start := store.reads.Load()
		first := s.call(t, "POST", resourcesPath, key, question)
		if len(first.body) < 100_000 || strings.Count(first.body, "resource-") < 2*600 {
			t.Fatalf("%s: %d bytes", format, len(first.body))
		}
		before := store.reads.Load()
		if before == start {
			t.Fatalf("%s: the first answer counts as one that needed no usage", format)
		}
		for range 2 {
			again := s.call(t, "POST", resourcesPath, key, question)
			if again.body != first.body || again.StatusCode != 200 {
				t.Errorf("%s: the answer differs: %d, %d bytes after %d", format, again.StatusCode, len(again.body), len(first.body))
			}
			for _, header := range []string{"Content-Type", "Content-Disposition"} {
				if again.Header.Get(header) != first.Header.Get(header) {
					t.Errorf("%s: %s: first %q, then %q", format, header, first.Header.Get(header), again.Header.Get(header))
				}
			}
		}
		if n := store.reads.Load() - before; n > 0 {
			t.Errorf("%s: usage was read %d times for an answer given before", format, n)
		}
		s.send(t, hours(1001, 1, "resource-new-"+format, 1))
		if text := s.post(t, resourcesPath, key, question); !strings.Contains(text, "resource-new-"+format) {
			t.Errorf("%s: an earlier answer was sent after new usage", format)
		}
	}
}

// TestAnswersAreRememberedUntilSomethingChanges asks the same again and again.
func TestAnswersAreRememberedUntilSomethingChanges(t *testing.T) {
	s := newServer(t)
	store := s.count()
	s.apply(t, `
clients: [{id: 1001, name: Acme, currency: EUR}, {id: 2002, name: Other, currency: EUR}]
projects: [{id: 501, client_id: 1001, name: one}, {id: 502, client_id: 1001, name: two}]`)
	send := func(client int64, id, month string, minutes int) {
		s.send(t, fmt.Sprintf(`{"client_id":%d,"project_id":501,"region_id":76,"type":"instance","id":%q,"resource_id":"a","metric":"m",`+
			`"start":"%s-10T00:00:00Z","end":"%s-10T01:00:00Z","quantity":%d}`, client, id, month, month, minutes))
	}
	send(1001, "a", "2026-10", 60)
	admin := s.key(t, costd.RoleAdministrator, 1001)

	question := `{"year_month":"2026-10"}`
	ask := func(name string, wantRead bool, want string) {
		t.Helper()
		before := store.reads.Load()
		body := s.post(t, monthlyPath, admin, question)
		if read := store.reads.Load() > before; read != wantRead {
			t.Errorf("%s: usage was read: %v, want %v", name, read, wantRead)
		}
		if !strings.Contains(body, want) {
			t.Errorf("%s: %s, want %s", name, body, want)
		}
	}
	ask("first", true, `"billing_value":60,`)
	ask("again", false, `"billing_value":60,`)
	send(1001, "a", "2026-10", 60)
	ask("after the same record again", false, `"billing_value":60,`)
	send(2002, "b", "2026-10", 5)
	ask("after usage of another client", false, `"billing_value":60,`)
	send(1001, "b", "2026-11", 5)
	ask("after usage of another month", false, `"billing_value":60,`)
	send(1001, "b", "2026-10", 5)
	ask("after new usage", true, `"billing_value":65,`)
	send(1001, "b", "2026-10", 6)
	ask("after corrected usage", true, `"billing_value":66,`)
	s.apply(t, `prices: [{type: instance, metric: m, currency: EUR, feature: F, unit: H, unit_size: 60, unit_price: "60", effective_from: 2026-01-01}]`)
	ask("after a price", true, `"cost":66,`)
	ask("again", false, `"cost":66,`)
	const reserved = `id: C%d, client_id: %d, type: instance, metric: n, region_id: 76, dimension: f, count: 1, unit: H, unit_size: 60, unit_size_month: 720, unit_price: "1", active_from: 2026-01-01`
	for _, change := range []struct {
		name, yaml, want string
		reads            bool
	}{
		{"a region", `regions: [{id: 76, name: Luxembourg}]`, `"cost":66,`, true},
		{"a price of another client", `prices: [{type: instance, metric: m, currency: EUR, client_id: 2002, feature: F, unit: H, unit_size: 60, unit_price: "1", effective_from: 2026-01-01}]`, `"cost":66,`, false},
		{"a price in another currency", `prices: [{type: instance, metric: m, currency: USD, feature: F, unit: H, unit_size: 60, unit_price: "1", effective_from: 2026-01-01}]`, `"cost":66,`, false},
		{"a commitment of another client", `commitments: [{` + fmt.Sprintf(reserved, 2, 2002) + `}]`, `"cost":66,`, false},
		{"another client", `clients: [{id: 3003, name: Third, currency: EUR}]`, `"cost":66,`, false},
		{"another currency of another client", `clients: [{id: 3003, name: Third, currency: USD}]`, `"cost":66,`, false},
		{"a price of its own", `prices: [{type: instance, metric: m, currency: EUR, client_id: 1001, feature: F, unit: H, unit_size: 60, unit_price: "120", effective_from: 2026-01-01}]`, `"cost":132,`, true},
		{"another price for everyone", `prices: [{type: volume, metric: v, currency: EUR, feature: V, unit: H, unit_size: 60, unit_price: "1", effective_from: 2026-01-01}]`, `"cost":132,`, true},
		{"a project of another client", `projects: [{id: 601, client_id: 2002, name: theirs}]`, `"cost":132,`, true},
		{"its name", `clients: [{id: 1001, name: Acme Inc., currency: EUR}]`, `"cost":132,`, true},
		{"a commitment of its own", `commitments: [{` + fmt.Sprintf(reserved, 1, 1001) + `}]`, `"cost":720,`, true},
		{"another fee of it", `commitments: [{` + strings.Replace(fmt.Sprintf(reserved, 1, 1001), `"1"`, `"2"`, 1) + `}]`, `"cost":1440,`, true},
	} {
		s.apply(t, change.yaml)
		ask("after "+change.name, change.reads, change.want)
		ask("again after "+change.name, false, change.want)
	}

	question = `{"year_month":"2026-10","response_format":"csv_totals"}`
	ask("another question", true, "\ninstance,F,")
	first := s.call(t, "POST", monthlyPath, admin, question)
	ask("the same", false, "\ninstance,F,")
	second := s.call(t, "POST", monthlyPath, admin, question)
	for _, header := range []string{"Content-Type", "Content-Disposition", "Content-Length"} {
		if first.Header.Get(header) == "" || first.Header.Get(header) != second.Header.Get(header) {
			t.Errorf("%s: first %q, then %q", header, first.Header.Get(header), second.Header.Get(header))
		}
	}

	member := s.key(t, costd.RoleProject, 1001, 502)
	period := `{"time_from":"2026-10-01","time_to":"2026-11-01"}`
	if all := s.post(t, totalsPath, admin, period); !strings.Contains(all, `"billing_value":66,`) {
		t.Errorf("the administrator sees %s", all)
	}
	if mine := s.post(t, totalsPath, member, period); !strings.Contains(mine, `"count":0,`) {
		t.Errorf("a member of an idle project sees %s", mine)
	}
}

// What "now" means is part of a question: in the next month, the call without arguments
// answers with that month, though nothing was written and nothing changed in the catalog.
func TestRememberedAnswersEndWithTheDay(t *testing.T) {
	s := newServer(t)
	s.apply(t, workedCatalog)
	s.send(t, workedUsage())
	key := s.key(t, costd.RoleAdministrator, 1001)
	for _, tt := range []struct{ now, want string }{
		{"2026-10-31T23:59:59Z", "Commit 89280 18600, Overcommit 15450 5124.25"},
		{"2026-11-01T00:00:00Z", "Commit 43200 18600"},
	} {
		var err error
		if s.now, err = time.Parse(time.RFC3339, tt.now); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := summary(s.report(t, monthlyPath, key, "").Results); got != tt.want {
				t.Errorf("at %s:\n got %s\nwant %s", tt.now, got, tt.want)
			}
		}
	}
}
