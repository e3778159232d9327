package duckdb_test

import (
	"reflect"
	"testing"
	"time"

	"costd.dev/costd"
)

// TestUses adds up what is stored, by project and line, and forgets what was deleted.
func TestUses(t *testing.T) {
	db := open(t, t.TempDir())
	records := fleet(1, 1, 3) // hours of one resource
	for i := range records {
		records[i].ID = string(rune('a' + i))
	}
	records[2].ProjectID++
	if _, err := db.Write(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	first := records[0]
	info, _ := first.Type.Info()
	line := costd.Line{Type: first.Type, RegionID: first.RegionID, Dimension: first.Dimension(info.Dimension), Metric: first.Metric}
	day := costd.DayOf(first.Start)
	use := costd.Use{ClientID: 1, ProjectID: first.ProjectID, Line: line, First: day, ResourceID: first.ResourceID}
	other := use
	other.ProjectID++
	beyond := other
	beyond.Beyond = &day
	uses := func(horizon time.Time, want ...costd.Use) {
		t.Helper()
		if got, err := db.Uses(t.Context(), horizon); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("uses %+v, %v; want %+v", got, err, want)
		}
	}
	uses(records[2].Start, use, other)
	uses(records[2].Start.Add(-1), use, beyond)
	known := func(metric string, want ...costd.Line) {
		t.Helper()
		if got, err := db.Used(t.Context(), []string{metric, "another"}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is used by %+v, %v; want %+v", metric, got, err, want)
		}
	}
	line.RegionID = 0
	known(line.Metric, line)
	known("nobody's")
	for i := range records {
		records[i].Deleted, records[i].Parts = true, nil
	}
	if _, err := db.Write(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	uses(records[0].Start)
	known(line.Metric, line)
}
