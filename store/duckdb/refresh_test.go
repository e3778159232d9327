package duckdb_test

import (
	"fmt"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/store/embedded"
)

// overMonthEnd returns n records of client 1 that lie half in September and half in October.
func overMonthEnd(first, n int) []costd.Record {
	records := make([]costd.Record, n)
	midnight := costd.NewDay(2026, time.October, 1).Time()
	hour, err := costd.NewQuantity(decimal.Fraction(60, 1))
	if err != nil {
		panic(err)
	}
	for i := range records {
		r := &records[i]
		r.Usage = costd.Usage{ClientID: 1, ProjectID: 1, RegionID: 1, Type: costd.Instance, ResourceID: fmt.Sprint("over ", first+i),
			Metric: "m", Flavor: "f", Start: midnight.Add(-time.Hour), End: midnight.Add(time.Hour)}
		r.Parts = []costd.Part{
			{Day: costd.NewDay(2026, time.September, 30), Start: r.Start, End: midnight, Quantity: hour},
			{Day: costd.NewDay(2026, time.October, 1), Start: midnight, End: r.End, Quantity: hour},
		}
	}
	return records
}

// correctedAndDeleted gives the records another name, and deletes the first two.
func correctedAndDeleted(records []costd.Record, round int) []costd.Record {
	for i := range records {
		records[i].Name = fmt.Sprint("round ", round)
		if i < 2 {
			records[i].Deleted, records[i].Parts = true, nil
		}
	}
	return records
}

var septemberAndOctober = costd.Period{From: costd.NewDay(2026, time.September, 1), To: costd.NewDay(2026, time.November, 1)}

// TestMonthsAreJoinedInOneState writes records that lie over the end of a month, adds some,
// corrects and deletes others, while two months are read: on both days, the same must be used.
func TestMonthsAreJoinedInOneState(t *testing.T) {
	db := open(t, t.TempDir())
	writeAll(t, db, overMonthEnd(0, 10))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range 60 {
			batch := overMonthEnd(n*400, 400) // so many that a write may come while they are added
			if n%3 == 0 {
				batch = correctedAndDeleted(overMonthEnd(n*5, 10), n)
			}
			if _, err := db.Write(t.Context(), batch); err != nil {
				t.Error(err)
			}
		}
	}()
	for reads := 0; ; reads++ {
		lines, err := db.Lines(t.Context(), costd.Query{ClientID: 1, Period: septemberAndOctober})
		if err != nil || len(lines) != 1 || len(lines[0].Days) != 2 {
			t.Fatalf("%v, %v; want one line of two days", lines, err)
		}
		if days := lines[0].Days; !days[0].Used.Equal(days[1].Used) {
			t.Errorf("read %d: %s was used before the end of the month, %s after it", reads, days[0].Used, days[1].Used)
			<-done
			return
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

// TestLongPeriodsAreKept reads 366 days twice: the second time from memory, and after a
// record of one month only that month is looked at again.
func TestLongPeriodsAreKept(t *testing.T) {
	db := open(t, t.TempDir())
	for month := range 13 {
		records := fleet(1, 3, 2)
		for i := range records {
			r := &records[i]
			r.Start, r.End = r.Start.AddDate(0, -month, 0), r.End.AddDate(0, -month, 0)
			r.Parts[0].Day, r.Parts[0].Start, r.Parts[0].End = costd.DayOf(r.Start), r.Start, r.End
		}
		writeAll(t, db, records)
	}
	year := costd.Period{From: costd.NewDay(2025, time.October, 1), To: costd.NewDay(2026, time.October, 2)}
	want := func(when string, hours, days int64) {
		t.Helper()
		before := daysRead(t, db)
		if got, err := hoursIn(t.Context(), db, 1, year); err != nil || got != hours {
			t.Errorf("%s: %d hours, %v; want %d", when, got, err, hours)
		}
		if n := daysRead(t, db) - before; n != days {
			t.Errorf("%s: %d days were read, want %d", when, n, days)
		}
	}
	want("at first", 13*6, 365+31)
	want("once more", 13*6, 0)
	late := fleet(1, 1, 1)
	late[0].ID, late[0].Name = "late", "late"
	writeAll(t, db, late)
	want("after a late record", 13*6+1, 0)
	late[0].Deleted, late[0].Parts = true, nil
	writeAll(t, db, late)
	want("after its deletion", 13*6, 1)
}

// TestLongPeriodsBeyondMemory reads two months that fit into memory one by one, or not at
// all, but not together. The figures must be those that the database has.
func TestLongPeriodsBeyondMemory(t *testing.T) {
	for _, cache := range []int64{16 << 10, 64 << 10, 128 << 10, 256 << 10, 1 << 20} {
		db, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), CacheBytes: cache})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		writeAll(t, db, fleet(1, 40, 3))
		writeAll(t, db, overMonthEnd(0, 50))
		for range 3 {
			if got, err := hoursIn(t.Context(), db, 1, septemberAndOctober); err != nil || got != 40*3+100 {
				t.Errorf("cache of %d bytes: %d hours, %v; want %d", cache, got, err, 40*3+100)
			}
		}
	}
}
