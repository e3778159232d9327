package ingest_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/ingest"
	"costd.dev/costd/store/embedded"
)

func openStore(t *testing.T) *embedded.Store {
	t.Helper()
	db, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// line writes an hour of an instance as NDJSON, with further fields.
func line(id, further string) string {
	return fmt.Sprintf(`{"id":%q,"client_id":1,"project_id":2,"region_id":3,"type":"instance","resource_id":"r","metric":"m",`+
		`"start":"2026-10-01T00:00:00Z","end":"2026-10-01T01:00:00Z"%s}`, id, further) + "\n"
}

// minutes returns what client 1 used in October 2026.
func minutes(t *testing.T, store costd.UsageStore) string {
	t.Helper()
	lines, err := store.Lines(t.Context(), costd.Query{ClientID: 1, Period: costd.NewMonth(2026, 10).Period()})
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, l := range lines {
		for _, d := range l.Days {
			text = append(text, fmt.Sprintf("%s %s %v", l.Line.Metric, d.Day, d.Used))
		}
	}
	return strings.Join(text, ", ")
}

func TestIngest(t *testing.T) {
	store := openStore(t)
	service := &ingest.Service{Store: store}
	for _, tt := range []struct {
		name, body string
		want       costd.IngestResult
		used       string
	}{
		{"nothing", "", costd.IngestResult{}, ""},
		{"only mistakes", "{}", costd.IngestResult{Rejected: []costd.Rejection{{Index: 0,
			Error: "client_id: is required; resource_id: is required; metric: is required; start: is required, like 2026-10-01T00:00:00Z; " +
				"project_id: is required; and 3 more"}}}, ""},
		{"two and a mistake", line("a", "") + line("b", `,"quantity":-1`) + line("c", ""), costd.IngestResult{Accepted: 2,
			Rejected: []costd.Rejection{{Index: 1, ID: "b", Error: "quantity: must not be negative"}}}, "m 2026-10-01 120"},
		{"the same and another", line("a", "") + line("c", `,"count":3`), costd.IngestResult{Unchanged: 1, Replaced: 1}, "m 2026-10-01 240"},
		{"twice in one body", line("d", "") + line("d", `,"quantity":5`), costd.IngestResult{Accepted: 1, Replaced: 1}, "m 2026-10-01 245"},
		{"deletions", `{"id":"c","client_id":1,"start":"2026-10-01T23:00:00Z","deleted":true}` + "\n" + line("x", `,"deleted":true`),
			costd.IngestResult{Deleted: 1, Unchanged: 1}, "m 2026-10-01 65"},
	} {
		got, err := service.Ingest(t.Context(), strings.NewReader(tt.body), ingest.NDJSON)
		if tt.want.Rejected == nil {
			tt.want.Rejected = []costd.Rejection{}
		}
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", tt.name, err, got, tt.want)
		}
		if used := minutes(t, store); used != tt.used {
			t.Errorf("%s: used %s, want %s", tt.name, used, tt.used)
		}
	}
}

// A request that is refused whole leaves nothing behind.
func TestIngestRefusesWhole(t *testing.T) {
	store := openStore(t)
	service := &ingest.Service{Store: store}
	if _, err := service.Ingest(t.Context(), strings.NewReader("["+line("a", "")+","), ingest.JSON); costd.ErrorCode(err) != costd.Invalid {
		t.Errorf("a broken array: %v", err)
	}
	if _, err := service.Write(t.Context(), make([]costd.Usage, costd.MaxBatch+1)); costd.ErrorCode(err) != costd.TooLarge {
		t.Errorf("too many records: %v", err)
	}
	if used := minutes(t, store); used != "" {
		t.Errorf("used %s", used)
	}
}

// Records of a month are short texts and many parts.
func TestIngestBoundsParts(t *testing.T) {
	const perRecord = 32 // from noon to noon
	long := strings.Replace(line("", `,"count":1`), `T01:00:00Z"`, `T12:00:00Z"`, 1)
	long = strings.Replace(strings.Replace(long, `T00:00:00Z"`, `T12:00:00Z"`, 1), `"end":"2026-10-01`, `"end":"2026-11-01`, 1)
	l := &ledger{}
	service := &ingest.Service{Store: l}
	got, err := service.Ingest(t.Context(), strings.NewReader(strings.Repeat(long, ingest.MaxParts/perRecord)), ingest.NDJSON)
	if err != nil || got.Accepted+got.Unchanged != ingest.MaxParts/perRecord {
		t.Fatalf("at the limit: %v, %d accepted, %d unchanged, %.3v", err, got.Accepted, got.Unchanged, got.Rejected)
	}
	before := len(l.writes)
	_, err = service.Ingest(t.Context(), strings.NewReader(strings.Repeat(long, ingest.MaxParts/perRecord+1)), ingest.NDJSON)
	if costd.ErrorCode(err) != costd.TooLarge || !strings.Contains(err.Error(), "send fewer records at once") || len(l.writes) != before {
		t.Errorf("over the limit: %v", err)
	}
}

func TestWrite(t *testing.T) {
	store := openStore(t)
	service := &ingest.Service{Store: store}
	good := usage(costd.Instance, "2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z")
	good.ClientID = 1
	bad := good
	bad.ID, bad.Type = "bad", "vm"
	got, err := service.Write(t.Context(), []costd.Usage{bad, good})
	want := costd.IngestResult{Accepted: 1, Rejected: []costd.Rejection{{Index: 0, ID: "bad", Error: "type: vm is not one of the 25 types"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
	if used := minutes(t, store); used != "m 2026-10-01 60" {
		t.Errorf("used %s", used)
	}
}

// An audience notes what a Service tells.
type audience struct {
	mu      sync.Mutex
	results []costd.IngestResult
	refused int
	written []ingest.Written
}

func (a *audience) Ingested(r costd.IngestResult) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.results = append(a.results, r)
}

func (a *audience) Refused() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused++
}

func (a *audience) Written(w ingest.Written) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.written = append(a.written, w)
}

// ingested begins an Ingest and returns when it waits or is done. It must be
// called within a synctest bubble.
func ingested(ctx context.Context, s *ingest.Service, body io.Reader) *attempt {
	a := &attempt{}
	go func() {
		_, a.err = s.Ingest(ctx, body, ingest.NDJSON)
		a.done.Store(true)
	}()
	synctest.Wait()
	return a
}

func TestServiceTellsItsObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{gate: make(chan struct{})}
		heard := &audience{}
		service := &ingest.Service{Store: l, Limits: ingest.Limits{QueueRecords: 1}, Observer: heard}
		ctx := t.Context()
		first := ingested(ctx, service, strings.NewReader(line("a", "")+line("b", `,"quantity":-1`)))
		ingested(ctx, service, strings.NewReader(line("c", "")))
		unread := strings.NewReader(line("d", ""))
		over := ingested(ctx, service, unread)
		if over.done.Load() {
			t.Errorf("a full queue: %v without patience", over.err)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if costd.ErrorCode(over.err) != costd.Unavailable || unread.Len() != len(line("d", "")) {
			t.Errorf("a full queue: %v, %d bytes left unread", over.err, unread.Len())
		}
		if q := service.Queue(); q.Records != 1 || service.BodyBytes() == 0 {
			t.Errorf("waiting: %+v, bodies of %d bytes", q, service.BodyBytes())
		}
		close(l.gate)
		synctest.Wait()
		accepted, rejected := 0, 0
		for _, r := range heard.results {
			accepted, rejected = accepted+r.Accepted, rejected+len(r.Rejected)
		}
		if !first.done.Load() || len(heard.results) != 2 || accepted != 2 || rejected != 1 ||
			heard.refused != 1 || len(heard.written) != 2 {
			t.Errorf("heard %+v", heard)
		}
		if service.BodyBytes() != 0 {
			t.Errorf("bodies of %d bytes are left", service.BodyBytes())
		}
		if err := service.Close(ctx); err != nil {
			t.Error(err)
		}
		if late := ingested(ctx, service, strings.NewReader(line("e", ""))); costd.ErrorCode(late.err) != costd.Unavailable || heard.refused != 1 {
			t.Errorf("after Close: %v", late.err)
		}
	})
}

// A rejection repeats no id that is itself too long.
func TestRejectionsRepeatNoLongID(t *testing.T) {
	for length, shown := range map[int]bool{256: true, 257: false} {
		id := strings.Repeat("x", length)
		got, err := (&ingest.Service{Store: &ledger{}}).Ingest(t.Context(), strings.NewReader(line(id, `,"region_id":-1`)+line(id, `,"name":7`)), ingest.NDJSON)
		if err != nil || len(got.Rejected) != 2 {
			t.Fatal(got, err)
		}
		for _, r := range got.Rejected {
			if want := strings.Repeat(id, map[bool]int{true: 1}[shown]); r.ID != want {
				t.Errorf("an id of %d bytes is shown with %d", length, len(r.ID))
			}
		}
	}
}
