package usage_test

import (
	"context"
	"iter"
	"sync/atomic"
	"testing"

	"costd.dev/costd"
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
			return &engines{Engine: usage.New(db, usage.Options{}), other: usage.New(db, usage.Options{})}
		}, ofChanges},
	} {
		t.Run(way.name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Stores { return storetest.Stores{Usage: way.open()} }, way.only...)
		})
	}
}

// engines are two over one database: one writes, and both are asked in turn.
type engines struct {
	*usage.Engine
	other *usage.Engine
	turn  atomic.Int64
}

func (s *engines) reader() *usage.Engine {
	if s.turn.Add(1)%2 == 0 {
		return s.other
	}
	return s.Engine
}

func (s *engines) Lines(ctx context.Context, q costd.Query) ([]costd.LineUsage, error) {
	return s.reader().Lines(ctx, q)
}

func (s *engines) Resources(ctx context.Context, q costd.Query, p costd.Page) (int, iter.Seq2[costd.ResourceUsage, error], error) {
	return s.reader().Resources(ctx, q, p)
}

func (s *engines) LinesAndResources(ctx context.Context, q costd.Query, p costd.Page) ([]costd.LineUsage, int, iter.Seq2[costd.ResourceUsage, error], error) {
	return s.reader().LinesAndResources(ctx, q, p)
}
