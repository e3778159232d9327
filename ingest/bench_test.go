package ingest_test

import (
	"context"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/ingest"
)

// nowhere is a store that keeps nothing.
type nowhere struct{}

func (nowhere) Write(_ context.Context, records []costd.Record) ([]costd.Outcome, error) {
	return make([]costd.Outcome, len(records)), nil
}

// The work of ingestion apart from the store: records of some 330 bytes, decoded,
// judged and split.
func BenchmarkIngest(b *testing.B) {
	const line = `{"id":"evt-000000001234","client_id":1001,"project_id":501,"region_id":76,"type":"ai_cluster",` +
		`"resource_id":"7f3c1a52-9d0e-4b6f-8a11-0c2d3e4f5a6b","metric":"bm3-ai-1xlarge-h100-80-8_min","start":"2026-10-01T00:00:00Z",` +
		`"end":"2026-10-01T01:00:00Z","flavor":"bm3-ai-1xlarge-h100-80-8","name":"train-17","tags":{"team":"vision"}}`
	const records = 5000
	event := `{"specversion":"1.0","id":"1","source":"urn:meter","type":"usage","data":` + strings.Replace(line, `"id":"evt-000000001234",`, "", 1) + "}"
	for _, bb := range []struct {
		format ingest.Format
		body   string
	}{
		{ingest.NDJSON, strings.Repeat(line+"\n", records)},
		{ingest.JSON, "[" + strings.Repeat(line+",", records-1) + line + "]"},
		{ingest.CloudEvents, "[" + strings.Repeat(event+",", records-1) + event + "]"},
	} {
		b.Run(string(bb.format), func(b *testing.B) {
			service := &ingest.Service{Store: nowhere{}}
			b.SetBytes(int64(len(bb.body)))
			b.ReportAllocs()
			for b.Loop() {
				result, err := service.Ingest(b.Context(), strings.NewReader(bb.body), bb.format)
				if err != nil || result.Accepted != records {
					b.Fatal(result, err)
				}
			}
			b.ReportMetric(float64(b.N)*records/b.Elapsed().Seconds(), "records/s")
		})
	}
}
