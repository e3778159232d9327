package server_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/ingest"
	"costd.dev/costd/server"
)

// figures returns the lines of /metrics whose names begin with prefix.
func (s *site) figures(t *testing.T, prefix string) string {
	t.Helper()
	status, body := s.call(t, "GET", "/metrics", "", "")
	if status != http.StatusOK {
		t.Fatalf("/metrics: %d %s", status, body)
	}
	var lines []string
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, prefix) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func TestIngestMetrics(t *testing.T) {
	s := open(t)
	if got := s.figures(t, "costd_ingest_records_total"); strings.Count(got, "} 0\n") != 5 {
		t.Errorf("at the start:\n%s", got)
	}
	const record = `{"id":"a","client_id":1001,"project_id":501,"region_id":76,"type":"instance","resource_id":"r","metric":"m",` +
		`"start":"2026-10-01T00:00:00Z","end":"2026-10-01T01:00:00Z"}`
	changed := strings.Replace(record, `"r"`, `"r2"`, 1)
	for _, body := range []string{
		"[" + record + "," + strings.Replace(record, `"a"`, `"b"`, 1) + ",{}]", // 2 new, 1 wrong
		"[" + record + "," + changed + "]",
		"[" + strings.Replace(changed, "{", `{"deleted":true,`, 1) + "]",
		"[]",
	} {
		if status, answer := s.call(t, "POST", "/api/v1/usage", s.tokens["ingest"], body); status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
	}
	got := s.figures(t, "costd_ingest_")
	for _, want := range []string{
		`costd_ingest_records_total{outcome="accepted"} 2`, `costd_ingest_records_total{outcome="replaced"} 1`,
		`costd_ingest_records_total{outcome="unchanged"} 1`, `costd_ingest_records_total{outcome="deleted"} 1`,
		`costd_ingest_records_total{outcome="rejected"} 1`, `costd_ingest_batch_records_sum 5`, `costd_ingest_batch_records_count 3`,
		`costd_ingest_commit_seconds_count 3`, `costd_ingest_commit_failures_total 0`, `costd_ingest_refused_total 0`,
		`costd_ingest_queue_requests 0`, `costd_ingest_queue_records 0`, `costd_ingest_queue_bytes 0`, `costd_ingest_body_bytes 0`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("metrics lack %s:\n%s", want, got)
		}
	}
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	s.call(t, "POST", "/api/v1/usage", s.tokens["ingest"], "["+record+"]") // fails before it: the catalog is closed too
	if got := s.figures(t, "costd_http_requests_total"); !strings.Contains(got, `{route="POST /api/v1/usage",status="503"} 1`) {
		t.Errorf("no figure of the failure:\n%s", got)
	}
}

func TestBuildInfo(t *testing.T) {
	s := open(t)
	for version, want := range map[string]string{"": `version="unknown"`, "1.2.3-4-gabc": `version="1.2.3-4-gabc"`} {
		s.Config.Handler = server.New(server.Config{Usage: s.store, Catalog: s.store, Logger: slog.New(slog.DiscardHandler), Version: version})
		if got := s.figures(t, "costd_build_info"); !strings.Contains(got, want) || !strings.Contains(got, `goversion="go1`) || !strings.HasSuffix(got, "} 1\n") {
			t.Errorf("version %q: %s", version, got)
		}
	}
}

// A counted store tells figures, or why it does not.
type counted struct {
	costd.UsageStore
	err error
}

func (c counted) Stats(context.Context) (costd.StoreStats, error) {
	return costd.StoreStats{Parts: 1, DiskBytes: 2, AggregateBytes: 3, Refreshes: 4}, c.err
}

func TestStoreMetrics(t *testing.T) {
	s := open(t)
	serve := func(store costd.UsageStore) {
		s.Config.Handler = server.New(server.Config{Usage: store, Catalog: s.store, Logger: slog.New(slog.DiscardHandler), Now: october})
	}
	serve(counted{UsageStore: s.store})
	want := "costd_store_aggregate_bytes 3\ncostd_store_disk_bytes 2\ncostd_store_parts 1\ncostd_store_refreshes_total 4\n"
	if got := s.figures(t, "costd_store_"); got != want {
		t.Errorf("figures of the store:\n%s", got)
	}
	serve(counted{s.store, errors.New("busy")})
	if got := s.figures(t, "costd_"); strings.Contains(got, "costd_store_") || !strings.Contains(got, "costd_ingest_") {
		t.Errorf("figures of a store that cannot tell:\n%s", got)
	}
}

// A gated store says when a write has come, and writes when it is let.
type gated struct {
	costd.UsageStore
	came, gate chan struct{}
	written    *atomic.Int32
}

func (g gated) Write(ctx context.Context, records []costd.Record) ([]costd.Outcome, error) {
	g.came <- struct{}{}
	<-g.gate
	outcomes, err := g.UsageStore.Write(ctx, records)
	g.written.Add(1)
	return outcomes, err
}

// TestIngestPushesBackAndDrains fills the queue of a server, then stops it while
// the sender of what is being written is gone.
func TestIngestPushesBackAndDrains(t *testing.T) {
	s := open(t)
	store := gated{s.store, make(chan struct{}, 9), make(chan struct{}), new(atomic.Int32)}
	handler := server.New(server.Config{Usage: store, Catalog: s.store, Logger: slog.New(slog.DiscardHandler), Now: october,
		Ingest: ingest.Limits{QueueRecords: 1, Patience: time.Millisecond}})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- handler.Serve(ctx, listener) }()
	s.Config.Handler, s.URL = handler, "http://"+listener.Addr().String()

	send := func(ctx context.Context, id string) chan int {
		status := make(chan int, 1)
		body := strings.NewReader(`{"id":"` + id + `","client_id":1001,"start":"2026-10-01T00:00:00Z","deleted":true}`)
		r, err := http.NewRequestWithContext(ctx, "POST", s.URL+"/api/v1/usage", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "APIKey "+s.tokens["ingest"])
		go func() {
			resp, err := s.Client().Do(r)
			if err != nil {
				status <- 0
				return
			}
			resp.Body.Close()
			status <- resp.StatusCode
		}()
		return status
	}
	first := send(context.Background(), "a")
	<-store.came
	sender, leave := context.WithCancel(context.Background())
	second := send(sender, "b")
	for !strings.Contains(s.figures(t, "costd_ingest_queue_records"), " 1\n") {
	}
	if status := <-send(context.Background(), "c"); status != http.StatusServiceUnavailable {
		t.Errorf("over the limit: %d", status)
	}
	if got := s.figures(t, "costd_ingest_refused_total"); got != "costd_ingest_refused_total 1\n" {
		t.Errorf("refused: %s", got)
	}
	store.gate <- struct{}{}
	if status := <-first; status != http.StatusOK {
		t.Errorf("the first: %d", status)
	}
	<-store.came
	leave()
	if status := <-second; status != 0 {
		t.Errorf("the sender that left was answered %d", status)
	}
	stop()
	time.AfterFunc(50*time.Millisecond, func() { close(store.gate) }) // while nothing but the write is under way
	if err := <-served; err != nil || store.written.Load() != 2 {
		t.Errorf("Serve: %v, after %d writes", err, store.written.Load())
	}
}
