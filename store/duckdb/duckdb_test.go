package duckdb_test

import (
	"log/slog"
	"testing"

	"costd/store/duckdb"
	"costd/store/storetest"
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

// TestConformance holds the store to the contract in both of its ways to answer:
// from images, and by asking the database, as is done for client-months too large
// for one; and in turning from the one to the other, again and again.
func TestConformance(t *testing.T) {
	for name, bytes := range map[string]int64{"Images": 0, "FewImages": 30_000, "Database": -1} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Stores {
				db, err := duckdb.Open(t.Context(), duckdb.Options{Path: t.TempDir(), CacheBytes: bytes, Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := db.Close(); err != nil {
						t.Error(err)
					}
				})
				return storetest.Stores{Usage: db, Catalog: db}
			})
		})
	}
}
