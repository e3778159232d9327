package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/server"
	"costd.dev/costd/store/embedded"
)

// A journal is a throw-away store that costs what any durable one must: it looks
// every record up and syncs a file once for each write.
type journal struct {
	costd.UsageStore
	mu    sync.Mutex
	known map[string]struct{}
	file  *os.File
}

func (j *journal) Write(_ context.Context, records []costd.Record) ([]costd.Outcome, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	outcomes := make([]costd.Outcome, len(records))
	for i := range records {
		if _, known := j.known[records[i].ID]; known {
			outcomes[i] = costd.Unchanged
		}
		j.known[records[i].ID] = struct{}{}
	}
	if _, err := fmt.Fprintln(j.file, len(records)); err != nil {
		return nil, err
	}
	return outcomes, j.file.Sync()
}

// BenchmarkIngest sends usage over real connections, key, access log and all, and
// reports the records answered in a second, and what each took of the processors,
// senders included: they share the machine.
//
//	go test -run '^$' -bench Ingest -benchtime 3s ./server
func BenchmarkIngest(b *testing.B) {
	for _, store := range []string{"journal", "duckdb"} {
		for _, load := range []struct{ senders, batch int }{{4, 5000}, {64, 1}} {
			b.Run(fmt.Sprintf("%s/%dx%d", store, load.senders, load.batch), func(b *testing.B) {
				benchmarkIngest(b, store, load.senders, load.batch)
			})
		}
	}
}

func benchmarkIngest(b *testing.B, store string, senders, batch int) {
	db, err := embedded.Open(b.Context(), embedded.Options{Path: b.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	usage := costd.UsageStore(db)
	if store == "journal" {
		file, err := os.Create(b.TempDir() + "/journal")
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
		usage = &journal{UsageStore: db, known: map[string]struct{}{}, file: file}
	}
	_, token, err := (&access.Service{Catalog: db}).Create(b.Context(), costd.RoleIngest, 0, nil)
	if err != nil {
		b.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	served := make(chan error, 1)
	s := server.New(server.Config{Usage: usage, Catalog: db, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	go func() { served <- s.Serve(ctx, listener) }()
	send(b, "http://"+listener.Addr().String()+"/api/v1/usage", token, senders, batch)
	stop()
	if err := <-served; err != nil {
		b.Fatal(err)
	}
}

// send sends b.N batches, each sender one after the other.
func send(b *testing.B, url, token string, senders, batch int) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var group sync.WaitGroup
	b.ReportAllocs()
	before := processorTime(b)
	b.ResetTimer()
	for range senders {
		group.Go(func() {
			var body []byte
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				body = appendLines(body[:0], int(n), batch)
				r, err := http.NewRequest("POST", url, bytes.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				r.Header.Set("Authorization", "APIKey "+token)
				r.Header.Set("Content-Type", "application/x-ndjson")
				resp, err := client.Do(r)
				if err != nil {
					b.Error(err)
					return
				}
				answer, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if want := fmt.Appendf(nil, `{"accepted":%d,`, batch); err != nil || !bytes.HasPrefix(answer, want) {
					b.Errorf("%d %s %v", resp.StatusCode, answer, err)
					return
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
	records := int64(b.N) * int64(batch)
	b.ReportMetric(float64((processorTime(b)-before).Nanoseconds()/records), "cpu-ns/record")
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

// processorTime returns what this process has taken of the processors. Unlike the
// clock it does not count what others take meanwhile.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// appendLines writes the n-th batch: an hour of so many servers, as senders write it.
func appendLines(body []byte, n, batch int) []byte {
	for i := range batch {
		hour := n % 720
		body = fmt.Appendf(body, `{"id":"evt-%d-%d","client_id":1001,"project_id":501,"region_id":76,"type":"ai_cluster",`+
			`"resource_id":"7f3c1a52-9d0e-4b6f-8a11-%012d","metric":"bm3-ai-1xlarge-h100-80-8_min","start":"2026-10-%02dT%02d:00:00Z",`+
			`"end":"2026-10-%02dT%02d:59:00Z","flavor":"bm3-ai-1xlarge-h100-80-8","name":"train-%d","tags":{"team":"vision"}}`+"\n",
			n, i, i, 1+hour/24, hour%24, 1+hour/24, hour%24, i)
	}
	return body
}
