package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"costd.dev/costd"
	"costd.dev/costd/ingest"
)

// ingestMetrics are the figures of usage coming in. It is an ingest.Observer.
type ingestMetrics struct {
	records         *prometheus.CounterVec
	refused, failed prometheus.Counter
	batch, commit   prometheus.Histogram
}

// The outcomes of records, as labels.
const (
	accepted  = "accepted"
	replaced  = "replaced"
	unchanged = "unchanged"
	deleted   = "deleted"
	rejected  = "rejected"
)

func newIngestMetrics(registry *prometheus.Registry) *ingestMetrics {
	m := &ingestMetrics{
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "costd_ingest_records_total",
			Help: "Usage records answered, by what became of them.",
		}, []string{"outcome"}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "costd_ingest_refused_total",
			Help: "Requests with usage refused with 503 because too much waited or was under way.",
		}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "costd_ingest_commit_failures_total",
			Help: "Writes of usage to the store that failed.",
		}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "costd_ingest_batch_records",
			Help:    "Records in one write to the store.",
			Buckets: []float64{1, 4, 16, 64, 256, 1024, 4096, 16384, 65536},
		}),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "costd_ingest_commit_seconds",
			Help:    "Time of one write to the store, until it was durable or failed.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
	}
	registry.MustRegister(m.records, m.refused, m.failed, m.batch, m.commit)
	m.Ingested(costd.IngestResult{}) // so that every outcome shows from the start
	return m
}

// Ingested implements ingest.Observer.
func (m *ingestMetrics) Ingested(r costd.IngestResult) {
	m.records.WithLabelValues(accepted).Add(float64(r.Accepted))
	m.records.WithLabelValues(replaced).Add(float64(r.Replaced))
	m.records.WithLabelValues(unchanged).Add(float64(r.Unchanged))
	m.records.WithLabelValues(deleted).Add(float64(r.Deleted))
	m.records.WithLabelValues(rejected).Add(float64(len(r.Rejected)))
}

// Refused implements ingest.Observer.
func (m *ingestMetrics) Refused() { m.refused.Inc() }

// Written implements ingest.Observer.
func (m *ingestMetrics) Written(w ingest.Written) {
	m.batch.Observe(float64(w.Records))
	m.commit.Observe(w.Took.Seconds())
	if w.Err != nil {
		m.failed.Inc()
	}
}

// gaugeIngest shows how much usage is under way.
func gaugeIngest(registry *prometheus.Registry, service *ingest.Service) {
	gauge := func(name, help string, value func() int64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return float64(value()) }))
	}
	gauge("costd_ingest_queue_requests", "Requests whose records wait to be written.",
		func() int64 { return int64(service.Queue().Requests) })
	gauge("costd_ingest_queue_records", "Records that wait to be written.",
		func() int64 { return int64(service.Queue().Records) })
	gauge("costd_ingest_queue_bytes", "Memory of the records that wait to be written, roughly.",
		func() int64 { return service.Queue().Bytes })
	gauge("costd_ingest_body_bytes", "Memory of the bodies of usage under way.", service.BodyBytes)
}
