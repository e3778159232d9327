package usage_test

import (
	"fmt"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/store/storetest"
	"costd.dev/costd/usage"
)

// ofQueries are the tests of the conformance suite that are about queries.
var ofQueries = []string{"Write", "Identity", "Repeats", "Overflow", "LargeFractions", "Times", "OldAndNew", "Zero", "Lists", "ManyValues", "Fields",
	"Selected", "Tags", "LastSize", "Sizes", "Rows", "Order", "Concurrency", "Snapshot", "OneState", "Break", "Model"}

// TestConformance holds the engine to the contract of stores, over a driver in memory: from
// aggregates that are added to, from aggregates of which whole days are replaced, from scans
// in parts of one resource or of many, in turning from the one to the other, and by two
// engines over one driver.
func TestConformance(t *testing.T) {
	over := func(states int, onlyDays bool, cache int64) func() costd.UsageStore {
		return func() costd.UsageStore {
			return usage.New(newMemory(states, onlyDays), usage.Options{CacheBytes: cache})
		}
	}
	ofChanges := []string{"Write", "Repeats", "Concurrency", "Snapshot", "OneState", "Model"}
	for _, way := range []struct {
		name string
		open func() costd.UsageStore
		only []string
	}{
		{"Added", over(3, false, 0), ofQueries},
		{"Replaced", over(3, true, 0), ofChanges},
		{"Resources", over(1, false, -1), ofQueries},
		{"Scans", over(40, false, -1), ofChanges},
		{"Both", over(3, false, 20_000), ofChanges},
		{"TwoEngines", func() costd.UsageStore {
			db := newMemory(3, false)
			return &storetest.InTurn{UsageStore: usage.New(db, usage.Options{}), Other: usage.New(db, usage.Options{})}
		}, ofChanges},
	} {
		t.Run(way.name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Stores { return storetest.Stores{Usage: way.open()} }, way.only...)
		})
	}
}

// TestCacheStaysWithinItsBytes reads the months of more clients than the cache has room for,
// and the first client's between any two. That month must stay, and the others leave.
func TestCacheStaysWithinItsBytes(t *testing.T) {
	const budget, clients = 100_000, 40
	db := newMemory(3, false)
	october := months[1].Period()
	for client := range int64(clients) {
		if _, err := db.Write(t.Context(), hours(client+1, 10)); err != nil {
			t.Fatal(err)
		}
	}
	e := usage.New(db, usage.Options{CacheBytes: budget})
	read := func(client int64) {
		t.Helper()
		lines, err := e.Lines(t.Context(), costd.Query{ClientID: client, Period: october})
		if err != nil || len(lines) != 1 {
			t.Fatalf("client %d: %v, %v; want one line", client, lines, err)
		}
		if n := e.CacheBytes(); n <= 0 || n > budget {
			t.Errorf("the cache has %d bytes after client %d, want at most %d", n, client, budget)
		}
	}
	for client := range int64(clients) {
		read(client + 1)
		read(1)
	}
	if db.first != clients {
		t.Errorf("%d months were read anew, want each of %d once", db.first, clients)
	}
	if n := e.CacheBytes(); n < budget/2 {
		t.Errorf("the cache has %d bytes, want it full", n)
	}
	read(2)
	if db.first != clients+1 {
		t.Errorf("the month that was read longest ago is still in the cache")
	}
	e.Forget()
	if n := e.CacheBytes(); n != 0 {
		t.Errorf("the cache has %d bytes after Forget", n)
	}
}

// TestTooLargeForTheCache reads a month that is larger than the cache has room for: it must
// not push out those that fit, and is not tried again at every read.
func TestTooLargeForTheCache(t *testing.T) {
	db := newMemory(3, false)
	for client, n := range map[int64]int{1: 5, 2: 400} {
		if _, err := db.Write(t.Context(), hours(client, n)); err != nil {
			t.Fatal(err)
		}
	}
	e := usage.New(db, usage.Options{CacheBytes: 60_000})
	for _, client := range []int64{1, 2, 2, 2, 1} {
		lines, err := e.Lines(t.Context(), costd.Query{ClientID: client, Period: months[1].Period()})
		if err != nil || len(lines) != 1 {
			t.Fatalf("client %d: %v, %v; want one line", client, lines, err)
		}
	}
	if db.first != 2 {
		t.Errorf("%d months were read anew, want 2", db.first)
	}
	if n := e.CacheBytes(); n > 30_000 {
		t.Errorf("the cache has %d bytes with a month of 5 hours", n)
	}
}

// hours returns records of one hour of October each, of n resources.
func hours(client int64, n int) []costd.Record {
	records := make([]costd.Record, n)
	hour, err := costd.NewQuantity(decimal.Fraction(60, 1))
	if err != nil {
		panic(err)
	}
	for i := range records {
		start := months[1].Period().From.Time().Add(time.Duration(i) * time.Hour)
		r := &records[i]
		r.Usage = costd.Usage{ClientID: client, Type: costd.Instance, ResourceID: fmt.Sprint("resource ", i), Metric: "m", Start: start, End: start.Add(time.Hour)}
		r.Parts = []costd.Part{{Day: costd.DayOf(start), Start: start, End: r.End, Quantity: hour}}
	}
	return records
}
