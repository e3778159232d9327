package server

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"costd.dev/costd"
	"costd.dev/costd/internal/web"
)

// metrics are the figures of the HTTP server. Labels never name a client: who may
// scrape metrics need not know the customers.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newMetrics(registry *prometheus.Registry) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "costd_http_requests_total",
			Help: "HTTP requests answered, by route and status.",
		}, []string{"route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "costd_http_request_seconds",
			Help:    "Time from the first byte of a request to the last of its answer, by route.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
	}
	registry.MustRegister(m.requests, m.duration,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// buildInfo is the figure that says which release runs: it is 1, and its labels tell.
func buildInfo(version string) prometheus.Collector {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "costd_build_info",
		Help:        "Always 1. The labels name the release of costd and the Go that built it.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	})
	info.Set(1)
	return info
}

// measure counts and times every request to next, by the pattern that matched
// it, so that the number of labels does not grow with the paths people try.
func (m *metrics) measure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		next.ServeHTTP(w, r)
		route := r.Pattern
		if route == "" {
			route = "other"
		}
		m.requests.WithLabelValues(route, strconv.Itoa(web.Status(w))).Inc()
		m.duration.WithLabelValues(route).Observe(time.Since(start).Seconds())
	})
}

// A storeWithStats is a store that can tell figures of itself.
type storeWithStats interface {
	Stats(ctx context.Context) (costd.StoreStats, error)
}

// statsTimeout is how long a scrape waits for the store.
const statsTimeout = 5 * time.Second

// storeMetrics collects the figures of a store when they are asked for.
type storeMetrics struct {
	store                                     storeWithStats
	logger                                    *slog.Logger
	parts, diskBytes, aggregateBytes, refresh *prometheus.Desc
}

func newStoreMetrics(store storeWithStats, logger *slog.Logger) *storeMetrics {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	return &storeMetrics{
		store: store, logger: logger,
		parts:          desc("costd_store_parts", "Parts of usage records kept: a record has one for each UTC day that it touches."),
		diskBytes:      desc("costd_store_disk_bytes", "Size of the store's files."),
		aggregateBytes: desc("costd_store_aggregate_bytes", "Memory of the sums by client and month that reports are answered from."),
		refresh:        desc("costd_store_refreshes_total", "Times that sums kept ready were made anew."),
	}
}

// Describe implements prometheus.Collector.
func (m *storeMetrics) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.parts, m.diskBytes, m.aggregateBytes, m.refresh} {
		descs <- d
	}
}

// Collect implements prometheus.Collector. A store that cannot tell now leaves its
// own figures out, not everybody's.
func (m *storeMetrics) Collect(figures chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), statsTimeout)
	defer cancel()
	stats, err := m.store.Stats(ctx)
	if err != nil {
		m.logger.WarnContext(ctx, "no figures of the store", "error", err)
		return
	}
	figures <- prometheus.MustNewConstMetric(m.parts, prometheus.GaugeValue, float64(stats.Parts))
	figures <- prometheus.MustNewConstMetric(m.diskBytes, prometheus.GaugeValue, float64(stats.DiskBytes))
	figures <- prometheus.MustNewConstMetric(m.aggregateBytes, prometheus.GaugeValue, float64(stats.AggregateBytes))
	figures <- prometheus.MustNewConstMetric(m.refresh, prometheus.CounterValue, float64(stats.Refreshes))
}
