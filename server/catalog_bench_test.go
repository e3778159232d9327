package server_test

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/catalog"
	"costd.dev/costd/decimal"
	"costd.dev/costd/ingest"
	"costd.dev/costd/server"
	"costd.dev/costd/store/embedded"
)

// largeCatalog returns so many prices: half of them for everyone, half for one of a
// thousand clients each; and a commitment of a client for every tenth price.
func largeCatalog(prices int) costd.Entries {
	var e costd.Entries
	for id := range int64(1000) {
		e.Clients = append(e.Clients, costd.Client{ID: id + 1, Name: fmt.Sprint("Client ", id+1), Currency: "EUR", ShowPrices: true})
		e.Projects = append(e.Projects, costd.Project{ID: id + 1, ClientID: id + 1, Name: fmt.Sprint("Project ", id+1)})
	}
	for id := range int64(10) {
		e.Regions = append(e.Regions, costd.Region{ID: id + 1, Name: fmt.Sprint("Region ", id+1)})
	}
	from := costd.NewDay(2026, time.January, 1)
	for i := range int64(prices) {
		p := costd.Price{Type: costd.Instance, Metric: fmt.Sprintf("instance-g%d-standard-%d-%d_min", i%7, i%64, i/2000), RegionID: 1 + i/2%10,
			Currency: "EUR", Feature: fmt.Sprintf("Instance g%d standard in {region}", i), Unit: "H", UnitSize: decimal.FromInt(60),
			UnitPrice: decimal.MustParse(fmt.Sprintf("0.%04d", 1+i%9999)), EffectiveFrom: from}
		if i%2 == 1 {
			p.ClientID = 1 + i/2%1000
		} else {
			p.Metric = fmt.Sprintf("%s-%d", p.Metric, i/20)
		}
		e.Prices = append(e.Prices, p)
	}
	for i := range prices / 10 {
		p := e.Prices[2*i]
		e.Commitments = append(e.Commitments, costd.Commitment{ID: fmt.Sprintf("commitment-%05d", i), ClientID: 1 + int64(i%1000), Type: p.Type, Metric: p.Metric,
			RegionID: p.RegionID, Dimension: "g1", Count: 2, Unit: "H", UnitSize: p.UnitSize, UnitSizeMonth: decimal.FromInt(744), UnitPrice: p.UnitPrice, ActiveFrom: from})
	}
	return e
}

// A shop is a server with a catalog, in this process, and the tokens to ask it.
type shop struct {
	*server.Server
	operator string
	client   [2]string // administrators of the clients 1 and 2
}

func openShop(b *testing.B, entries costd.Entries) *shop {
	b.Helper()
	db, err := embedded.Open(b.Context(), embedded.Options{Path: b.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if _, err := (&catalog.Service{Store: db}).Apply(b.Context(), entries); err != nil {
		b.Fatal(err)
	}
	var usage []costd.Usage
	for i := range int64(300) { // lines of client 1 and of client 2, all with a price for everyone
		u := instance(1+i%2, 1+i%2, fmt.Sprint("vm-", i), fmt.Sprint("flavor-", i))
		u.RegionID, u.Metric = entries.Prices[2*i].RegionID, entries.Prices[2*i].Metric
		usage = append(usage, u)
	}
	if result, err := (&ingest.Service{Store: db}).Write(b.Context(), usage); err != nil || len(result.Rejected) > 0 {
		b.Fatal(result, err)
	}
	s := &shop{Server: server.New(server.Config{Usage: db, Catalog: db, Logger: slog.New(slog.DiscardHandler), Now: october})}
	keys := &access.Service{Catalog: db}
	if _, s.operator, err = keys.Create(b.Context(), costd.RoleOperator, 0, nil); err != nil {
		b.Fatal(err)
	}
	for i := range s.client {
		if _, s.client[i], err = keys.Create(b.Context(), costd.RoleAdministrator, int64(i+1), nil); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// ask returns how long the answer to a request took. Any status but 200 fails.
func (s *shop) ask(b *testing.B, method, path, token, body string) time.Duration {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "APIKey "+token)
	if method == http.MethodPut || strings.HasPrefix(path, "/cloud") {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	begin := time.Now()
	s.ServeHTTP(w, r)
	took := time.Since(begin)
	if w.Code != http.StatusOK {
		b.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return took
}

// BenchmarkPriceChange changes one of the prices that client 2 alone has, and then asks
// for the report of client 1, which it does not concern, for that of client 2, and for
// that of client 1 once more. It reports the median of each.
//
//	go test -run '^$' -bench PriceChange -benchtime 20x ./server
func BenchmarkPriceChange(b *testing.B) {
	const totals = "/cloud/v1/reservation_cost_report/totals"
	for _, prices := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("prices=%d", prices), func(b *testing.B) {
			entries := largeCatalog(prices)
			s := openShop(b, entries)
			changed := entries.Prices[3] // of client 2
			for _, token := range s.client {
				s.ask(b, "POST", totals, token, "{}")
			}
			var put, other, own, again []time.Duration
			var processors time.Duration // all that the changes took of them
			for i := 0; b.Loop(); i++ {
				changed.UnitPrice = decimal.FromInt(int64(i + 1))
				file, err := catalog.Marshal(costd.Entries{Prices: []costd.Price{changed}}, catalog.JSON)
				if err != nil {
					b.Fatal(err)
				}
				for _, question := range []struct {
					times                     *[]time.Duration
					method, path, token, body string
				}{
					{&put, "PUT", "/api/v1/catalog", s.operator, string(file)},
					{&other, "POST", totals, s.client[0], "{}"},
					{&own, "POST", totals, s.client[1], "{}"},
					{&again, "POST", totals, s.client[0], "{}"},
				} {
					before := processorTime(b)
					took := s.ask(b, question.method, question.path, question.token, question.body)
					if *question.times = append(*question.times, took); question.times == &put {
						processors += processorTime(b) - before
					}
				}
			}
			for name, times := range map[string][]time.Duration{"put": put, "next": other, "own": own, "warm": again} {
				slices.Sort(times)
				b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, name+"-ms")
			}
			b.ReportMetric(float64(processors.Microseconds())/1000/float64(len(put)), "put-cpu-ms")
			b.ReportMetric(float64(heapInUse())/(1<<20), "heap-MiB")
		})
	}
}

// heapInUse returns the bytes that are in use once all garbage is gone.
func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkCatalogFile reads a catalog of 110,000 entries, beside clients and projects, as
// a file, and reports how much larger the heap becomes, garbage included.
//
//	go test -run '^$' -bench CatalogFile -benchtime 5x ./server
func BenchmarkCatalogFile(b *testing.B) {
	s := openShop(b, largeCatalog(100_000))
	for _, format := range []string{"application/yaml", "application/json"} {
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			peak := startPeak()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/api/v1/catalog", nil)
				r.Header.Set("Authorization", "APIKey "+s.operator)
				r.Header.Set("Accept", format)
				w := &sink{header: http.Header{}}
				if s.ServeHTTP(w, r); w.status != http.StatusOK {
					b.Fatal(w.status)
				}
				b.SetBytes(w.bytes)
			}
			b.ReportMetric(float64(peak())/(1<<20), "peak-MiB")
		})
	}
}

// A sink counts an answer and forgets it.
type sink struct {
	header http.Header
	status int
	bytes  int64
}

func (s *sink) Header() http.Header { return s.header }

func (s *sink) WriteHeader(status int) { s.status = status }

func (s *sink) Write(p []byte) (int, error) {
	s.status = cmp.Or(s.status, http.StatusOK)
	s.bytes += int64(len(p))
	return len(p), nil
}

// startPeak looks at the heap every millisecond. The function that it returns ends that,
// and returns the largest size of the heap above that at the start.
func startPeak() func() uint64 {
	begun, stop, peak := heapInUse(), make(chan struct{}), make(chan uint64)
	go func() {
		largest, metric := begun, []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for {
			select {
			case <-stop:
				peak <- largest - begun
				return
			case <-time.After(time.Millisecond):
				metrics.Read(metric)
				largest = max(largest, metric[0].Value.Uint64())
			}
		}
	}()
	return func() uint64 { close(stop); return <-peak }
}
