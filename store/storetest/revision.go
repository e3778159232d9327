package storetest

import (
	"testing"
	"time"

	"costd.dev/costd"
)

// testRevision holds revisions to what caches rely on: they grow with every change
// in the period, before the write returns.
func testRevision(t *testing.T, s Stores) {
	november := costd.NewMonth(2026, time.November).Period()
	revision := func(p costd.Period) int64 {
		t.Helper()
		r, err := s.Usage.Revision(t.Context(), all.ClientID, p)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	const day = 24
	long, short := newRecord("a", "vm-1", 10*day, 15*day), newRecord("a", "vm-1", 10*day, 1)
	foreign := newRecord("a", "vm-1", 10*day, 15*day, func(r *costd.Record) { r.ClientID++ })
	for _, step := range []struct {
		name     string
		record   costd.Record
		outcome  costd.Outcome
		october  bool // whether its revision grows
		november bool
	}{
		{"a new record", long, costd.Accepted, true, true},
		{"the same again", long, costd.Unchanged, false, false},
		{"shortened", short, costd.Replaced, true, true},
		{"another day", newRecord("b", "vm-1", 0, 1), costd.Accepted, true, false},
		{"deleted", deletion(short), costd.Deleted, true, true},
		{"of another client", foreign, costd.Accepted, false, false},
	} {
		before := [2]int64{revision(october), revision(november)}
		write(t, s, []costd.Record{step.record}, step.outcome)
		for i, p := range []costd.Period{october, november} {
			after, grows := revision(p), []bool{step.october, step.november}[i]
			// What may have changed may count as changed, but not without end: a
			// shortened record is all that a store need not look into.
			if (after > before[i]) != grows && !(step.outcome == costd.Deleted && i == 1) || after < before[i] {
				t.Errorf("%s: the revision of %s went from %d to %d", step.name, p, before[i], after)
			}
		}
	}
}
