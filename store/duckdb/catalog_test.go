package duckdb_test

import (
	"errors"
	"reflect"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
)

// TestCatalogAfterALostCommit changes the catalog by a commit that takes effect although
// it is said to have failed. Readers see what a restart would find, at once or, if that
// cannot be read then, from the next change on; and no change after it is lost.
func TestCatalogAfterALostCommit(t *testing.T) {
	for name, deny := range map[string]func(*duckdb.DB, error) func(){"Found": duckdb.DenyCommit, "Unknown": duckdb.LoseCommit} {
		t.Run(name, func(t *testing.T) {
			db := open(t, t.TempDir())
			region := func(id int64) costd.Entries { return costd.Entries{Regions: []costd.Region{{ID: id, Name: "r"}}} }
			if _, err := db.Apply(t.Context(), 0, region(1)); err != nil {
				t.Fatal(err)
			}
			restore := deny(db.DB, errors.New("a commit that failed"))
			if _, err := db.Apply(t.Context(), 1, region(2)); err == nil {
				t.Error("a change succeeds although its commit is said to have failed")
			}
			if name == "Found" {
				wantRegions(t, db, 1, 2)
			}
			restore()
			version, err := db.Version(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err = db.Apply(t.Context(), version, region(3)); costd.ErrorCode(err) == costd.Unavailable { // the version moved
				if version, err = db.Version(t.Context()); err == nil {
					_, err = db.Apply(t.Context(), version, region(3))
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			wantRegions(t, db, 1, 2, 3)
		})
	}
}

func wantRegions(t *testing.T, db *embedded.Store, want ...int64) {
	t.Helper()
	entries, _, err := db.Entries(t.Context())
	var got []int64
	for _, r := range entries.Regions {
		got = append(got, r.ID)
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("regions %v, %v; want %v", got, err, want)
	}
}
