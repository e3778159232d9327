package duckdb_test

import (
	"context"
	"log/slog"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/storetest"
)

// open opens a store in the folder and closes it when the test ends.
func open(t testing.TB, folder string) *duckdb.DB {
	t.Helper()
	db, err := duckdb.Open(t.Context(), duckdb.Options{Path: folder})
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

// TestConformance holds the store to the contract in each of its ways to answer:
// from aggregates; from aggregates made anew of roll-ups each time; by asking the database,
// as is done for client-months too large for an aggregate; and in turning from the one
// to the other, again and again. What is stored already is known by digests; by
// digests made anew each time; by the database alone, numbers too; and by few digests.
func TestConformance(t *testing.T) {
	differ := []string{"Write", "Content", "Repeats", "Length", "Overflow", "Times", "Zero", "LastSize", "Concurrency", "Cancellation", "Model"}
	for _, way := range []struct {
		name  string
		bytes int64 // for images
		only  []string
		// The bytes for digests.
		digests int64
	}{{"Images", 0, nil, 1 << 20}, {"Database", -1, nil, -1}, {"FewImages", 40_000, differ, 500}, {"RollUps", 0, differ, 1 << 20}} {
		t.Run(way.name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Stores {
				db, err := duckdb.Open(t.Context(), duckdb.Options{Path: t.TempDir(), CacheBytes: way.bytes, Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := db.Close(); err != nil {
						t.Error(err)
					}
				})
				duckdb.LimitDigests(db, way.digests)
				if way.digests < 0 {
					duckdb.ForgetNumbers(db)
				}
				if way.name == "RollUps" {
					return storetest.Stores{Usage: rolledUp{db}, Catalog: db}
				}
				return storetest.Stores{Usage: db, Catalog: db}
			}, way.only...)
		})
	}
}

// A rolledUp is a store that rolls up what was written at once and forgets the rest.
type rolledUp struct{ *duckdb.DB }

func (r rolledUp) Write(ctx context.Context, records []costd.Record) ([]costd.Outcome, error) {
	outcomes, err := r.DB.Write(ctx, records)
	if err == nil {
		_, err = r.RollUp(context.WithoutCancel(ctx), 0)
		duckdb.ForgetAggregates(r.DB)
		duckdb.LimitDigests(r.DB, 1<<20)
	}
	return outcomes, err
}
