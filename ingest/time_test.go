package ingest_test

import (
	"strings"
	"testing"
	"time"

	"costd.dev/costd/ingest"
)

func TestDecodeTimes(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2026-10-01T00:00:00Z":                time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC),
		"2026-10-01T00:00:00.5Z":              time.Date(2026, 10, 1, 0, 0, 0, 500_000_000, time.UTC),
		"2026-09-30T23:59:59.999999999-00:01": time.Date(2026, 10, 1, 0, 0, 59, 999_999_999, time.UTC),
		"2026-10-01T05:45:00.10+05:45":        time.Date(2026, 10, 1, 0, 0, 0, 100_000_000, time.UTC),
		"2024-02-29T23:59:59+23:59":           time.Date(2024, 2, 29, 0, 0, 59, 0, time.UTC),
	} {
		item := decodeOne(t, `{"start":"`+text+`"}`, ingest.NDJSON)
		if item.Err != nil || item.Start != want {
			t.Errorf("%s: %v, %v; want %v", text, item.Start, item.Err, want)
		}
	}
	for _, text := range []string{
		"", "Z", "2026-10-01", "2026-10-01 00:00:00Z", "2026-10-01T00:00:00", "2026-10-01T0:00:00Z", "2026-10-01T00:00:00,5Z",
		"2026-10-01T00:00:00.Z", "2026-10-01T00:00:00.5", "2026-10-01T00:00:00+0200", "2026-10-01T00:00:00+24:00", "2026-10-01T00:00:00+00:60",
		"2026-10-01T00:00:00Z ", "2026-10-01T24:00:00Z", "2026-10-01T00:00:60Z", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z",
		"2026-10-01T00:00:00.0000000000Z", "2026-10-01t00:00:00z", "+2026-10-01T00:00:00Z",
	} {
		item := decodeOne(t, `{"start":"`+text+`"}`, ingest.NDJSON)
		if item.Err == nil || !strings.Contains(item.Err.Error(), "start: ") {
			t.Errorf("%q: taken for %v", text, item.Start)
		}
	}
}
