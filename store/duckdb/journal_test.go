package duckdb_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
)

// wantHours wants as many hours of client 1 from the month in memory and from the database.
func wantHours(t *testing.T, db *embedded.Store, when string, want int64) {
	t.Helper()
	patience, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, p := range []costd.Period{october, manyMonths} {
		if got, err := hoursIn(patience, db, 1, p); err != nil || got != want {
			t.Errorf("%s: %d hours in %v, %v; want %d", when, got, p, err, want)
		}
	}
}

// writeAll writes records.
func writeAll(t *testing.T, db *embedded.Store, records []costd.Record) {
	t.Helper()
	if _, err := db.Write(t.Context(), records); err != nil {
		t.Fatal(err)
	}
}

// rowsIn returns the resource rows of client 1 in a period.
func rowsIn(t *testing.T, db *embedded.Store, p costd.Period) (rows []costd.ResourceUsage) {
	t.Helper()
	_, all, err := db.Resources(t.Context(), costd.Query{ClientID: 1, Period: p}, costd.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// TestFirstSeenOfLateRecord writes the fifth hour of a resource, has the month read into
// memory, and then writes the second hour and, of another name, the first: they arrive late.
func TestFirstSeenOfLateRecord(t *testing.T) {
	db := open(t, t.TempDir())
	records := fleet(1, 1, 5)
	records[0].Name = "another name"
	writeAll(t, db, records[4:])
	wantHours(t, db, "at first", 1)
	for late := 1; late >= 0; late-- {
		writeAll(t, db, records[late:late+1])
		for _, p := range []costd.Period{october, manyMonths} {
			rows := rowsIn(t, db, p)
			if len(rows) != 1 || !rows[0].FirstSeen.Equal(records[late].Start) || !rows[0].LastSeen.Equal(records[4].End) {
				t.Errorf("rows in %v: %+v, want one seen from %v to %v", p, rows, records[late].Start, records[4].End)
			}
		}
	}
}

// TestKnownResourceInMemory starts a store, which reads what it knows of resources, has a
// month without usage read into memory, and then adds usage of resources that had some the
// month before. It must show as theirs, with their metric, from memory as from the database.
func TestKnownResourceInMemory(t *testing.T) {
	folder := t.TempDir()
	records := fleet(1, 2, 3)
	db := open(t, folder)
	for i := range records[:4] {
		r := &records[i]
		r.Start, r.End = r.Start.AddDate(0, -1, 0), r.End.AddDate(0, -1, 0)
		r.Parts[0].Day, r.Parts[0].Start, r.Parts[0].End = costd.DayOf(r.Start), r.Start, r.End
	}
	writeAll(t, db, records[:4])
	db.Close()
	db = open(t, folder)
	if n, err := duckdb.LimitNumbers(t.Context(), db.DB, 1<<20); n != 2 || err != nil {
		t.Fatalf("%d resources are remembered, %v; want 2", n, err)
	}
	if rows := rowsIn(t, db, october); len(rows) > 0 {
		t.Fatalf("there are %+v before there is usage", rows)
	}
	writeAll(t, db, records[4:])
	rows := rowsIn(t, db, october)
	if len(rows) != 2 {
		t.Fatalf("there are %+v, want two rows", rows)
	}
	for i, r := range rows {
		if r.ResourceID != records[i].ResourceID || r.Line.Metric != records[i].Metric {
			t.Errorf("row %d is of %q, metric %q; want %q, %q", i, r.ResourceID, r.Line.Metric, records[i].ResourceID, records[i].Metric)
		}
	}
}

// TestManyAddedParts deletes records of a month in memory and then adds, to other days,
// more parts than the journal keeps. The month must show both.
func TestManyAddedParts(t *testing.T) {
	db := open(t, t.TempDir())
	duckdb.LimitAdded(db.DB, 100)
	records := fleet(1, 10, 72)
	writeAll(t, db, records[:50])
	wantHours(t, db, "at first", 50)
	deleted := slices.Clone(records[:20])
	for i := range deleted {
		deleted[i].Deleted, deleted[i].Parts = true, nil
	}
	writeAll(t, db, deleted)
	writeAll(t, db, records[240:480])
	writeAll(t, db, records[480:])
	wantHours(t, db, "after more parts than the journal keeps", 50-20+240+240)
}

// daysRead returns how many days were read into memory since the store was opened.
func daysRead(t *testing.T, db *embedded.Store) int64 {
	t.Helper()
	stats, err := db.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return stats.Refreshes
}

// TestMonthsAfterCommitInDoubt has a month in memory when a commit is said to have failed
// that took effect. Neither the store nor the caller knows how far it got; what is read
// then must be what is stored.
func TestMonthsAfterCommitInDoubt(t *testing.T) {
	for name, deny := range map[string]func(*duckdb.DB, error) func(){"Found": duckdb.DenyCommit, "Unknown": duckdb.LoseCommit} {
		t.Run(name, func(t *testing.T) {
			db := open(t, t.TempDir())
			writeAll(t, db, fleet(1, 10, 5))
			wantHours(t, db, "at first", 50)
			restore := deny(db.DB, errors.New("a commit that failed"))
			if _, err := db.Write(t.Context(), fleet(1, 10, 6)); err == nil {
				t.Error("a write succeeds although its commit is said to have failed")
			}
			wantHours(t, db, "in doubt", 60)
			restore()
			writeAll(t, db, fleet(1, 10, 7))
			wantHours(t, db, "after the next write", 70)
		})
	}
}

// TestSumsNeverGoBack reads at the moment when a commit is in the database and not yet in
// the month in memory. An answer of the database has to wait then: the next one, from
// memory, would show less. A read that waits is ended after a second.
func TestSumsNeverGoBack(t *testing.T) {
	db := open(t, t.TempDir())
	writeAll(t, db, fleet(1, 10, 5))
	wantHours(t, db, "at first", 50)
	restore := duckdb.AfterCommit(db.DB, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		first, err := hoursIn(ctx, db, 1, manyMonths)
		if err != nil {
			return nil
		}
		if second, err := hoursIn(t.Context(), db, 1, october); err != nil || second < first {
			t.Errorf("a read shows %d hours, the next one %d, %v", first, second, err)
		}
		return nil
	})
	writeAll(t, db, fleet(1, 10, 6))
	restore()
	wantHours(t, db, "after the write", 60)
}

// TestNumbersAfterCommitInDoubt writes resources in a commit that is said to have failed,
// and then others. No two of them may have one number, or else one shows as the other.
func TestNumbersAfterCommitInDoubt(t *testing.T) {
	db := open(t, t.TempDir())
	writeAll(t, db, fleet(1, 10, 1))
	restore := duckdb.DenyCommit(db.DB, errors.New("a commit that failed"))
	if _, err := db.Write(t.Context(), fleet(1, 20, 1)); err == nil {
		t.Error("a write succeeds although its commit is said to have failed")
	}
	restore()
	others := fleet(1, 10, 1)
	for i := range others {
		others[i].ID, others[i].ResourceID = "other-"+others[i].ID, fmt.Sprint("other ", i)
	}
	writeAll(t, db, others)
	names := map[string]bool{}
	for _, row := range rowsIn(t, db, manyMonths) {
		if row.LastSeen.Sub(row.FirstSeen) != time.Hour || names[row.ResourceID] {
			t.Errorf("the row of %s is seen from %v to %v, or stands twice", row.ResourceID, row.FirstSeen, row.LastSeen)
		}
		names[row.ResourceID] = true
	}
	if len(names) != 30 {
		t.Errorf("%d resources, want 30", len(names))
	}
	wantHours(t, db, "after the next write", 30)
}
