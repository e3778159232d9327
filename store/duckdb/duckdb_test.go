package duckdb_test

import (
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

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Stores {
		db := open(t, t.TempDir())
		return storetest.Stores{Usage: db, Catalog: db}
	})
}
