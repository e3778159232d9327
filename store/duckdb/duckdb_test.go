package duckdb_test

import (
	"context"
	"log/slog"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
	"costd.dev/costd/store/storetest"
	"costd.dev/costd/usage"
)

// open opens a store in the folder and closes it when the test ends.
func open(t testing.TB, folder string) *embedded.Store {
	t.Helper()
	db, err := embedded.Open(t.Context(), embedded.Options{Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// TestConformance holds the store to the contract in each of its ways to answer: from
// aggregates; from aggregates made anew of roll-ups each time; folded from a scan of small
// parts, as is done for client-months too large for an aggregate; in turning from the one to
// the other, again and again; and by two engines in turn, of which one alone writes. What is
// stored already is known by digests; by digests made anew each time; by the database alone,
// numbers too; and by few digests.
func TestConformance(t *testing.T) {
	differ := []string{"Write", "Content", "Repeats", "Length", "Overflow", "Times", "Zero", "LastSize", "Concurrency", "Cancellation", "Model"}
	for _, way := range []struct {
		name    string
		cache   int64 // bytes for aggregates
		digests int64 // bytes
		only    []string
		usage   func(*embedded.Store) costd.UsageStore
	}{
		{"Aggregates", 0, 1 << 20, nil, alone},
		{"Scans", -1, -1, append([]string{"Identity", "Refused", "Digits", "LargeFractions", "OldAndNew", "Order", "ManyRows", "Snapshot", "OneState", "Break"}, differ...), alone},
		{"FewAggregates", 40_000, 500, differ, alone},
		{"RollUps", 0, 1 << 20, differ, func(db *embedded.Store) costd.UsageStore { return rolledUp{db} }},
		{"TwoEngines", 0, 1 << 20, []string{"Write", "Repeats", "Revision", "OneState", "Snapshot", "Concurrency", "Model"}, func(db *embedded.Store) costd.UsageStore {
			return &storetest.InTurn{UsageStore: db, Other: usage.New(db.DB, usage.Options{})}
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Stores {
				db, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), CacheBytes: way.cache, Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := db.Close(); err != nil {
						t.Error(err)
					}
				})
				duckdb.LimitDigests(db.DB, way.digests)
				duckdb.LimitScan(db.DB, 50)
				if way.digests < 0 {
					duckdb.ForgetNumbers(db.DB)
				}
				return storetest.Stores{Usage: way.usage(db), Catalog: db}
			}, way.only...)
		})
	}
}

func alone(db *embedded.Store) costd.UsageStore { return db }

// A rolledUp is a store that rolls up what was written at once and forgets the rest.
type rolledUp struct{ *embedded.Store }

func (r rolledUp) Write(ctx context.Context, records []costd.Record) ([]costd.Outcome, error) {
	outcomes, err := r.DB.Write(ctx, records)
	if err == nil {
		_, err = r.RollUp(context.WithoutCancel(ctx), 0)
		r.Forget()
		duckdb.LimitDigests(r.DB, 1<<20)
	}
	return outcomes, err
}
