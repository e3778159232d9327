package duckdb_test

import (
	"log/slog"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
	"costd.dev/costd/usage"
)

// openFaulty opens a store on whose database faults can happen; none does so far.
func openFaulty(t *testing.T) (*embedded.Store, *faults) {
	t.Helper()
	f := newFaults(1, [faultKinds]int{})
	own, err := duckdb.Open(t.Context(), duckdb.Wrapped(duckdb.Options{Path: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}, f.wrap))
	if err != nil {
		t.Fatal(err)
	}
	db := embedded.Over(own, usage.Options{})
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, f
}

// during makes the fault happen at every call of f's, and wants f to fail of it.
func (f *faults) during(t *testing.T, kind fault, call func() error) {
	t.Helper()
	f.rates[kind] = faultScale
	f.on.Store(true)
	err := call()
	f.on.Store(false)
	f.rates[kind] = 0
	if costd.ErrorCode(err) != costd.Unavailable {
		t.Fatalf("%s: %v, want Unavailable", faultNames[kind], err)
	}
}

// TestNumbersAfterLostCommit makes the write after a lost commit fail when it looks for
// the greatest number that was given. The write after that must not give it again.
func TestNumbersAfterLostCommit(t *testing.T) {
	db, f := openFaulty(t)
	write := func(resources int) func() error {
		return func() error {
			_, err := db.Write(t.Context(), fleet(1, resources, 5))
			return err
		}
	}
	if err := write(10)(); err != nil {
		t.Fatal(err)
	}
	f.during(t, commitLies, write(20))
	f.during(t, noMemory, write(20))
	if err := write(30)(); err != nil {
		t.Fatal(err)
	}
	if got := hours(t, db, 1); got != 150 {
		t.Errorf("%d hours, want 150", got)
	}
	if n, err := duckdb.Count(t.Context(), db.DB, "(SELECT DISTINCT number FROM resource)"); err != nil || n != 30 {
		t.Errorf("30 resources have %d numbers, %v", n, err)
	}
}

// TestCatalogAfterLostCommit changes the catalog by commits that take effect although
// they are said to have failed. The catalog must have what the database has, at once.
func TestCatalogAfterLostCommit(t *testing.T) {
	db, f := openFaulty(t)
	key := costd.Key{ID: "k", Role: costd.RoleIngest, Created: time.Unix(1, 0)}
	create := func() error { return db.CreateKey(t.Context(), key) }
	f.during(t, commitLies, create)
	if err := create(); costd.ErrorCode(err) != costd.Invalid {
		t.Errorf("making the same key again: %v, want Invalid, as it exists", err)
	}
	f.during(t, commitLies, func() error { return db.DeleteKey(t.Context(), "k", nil) })
	if _, err := db.Key(t.Context(), "k"); costd.ErrorCode(err) != costd.NotFound {
		t.Errorf("a key that was deleted: %v, want NotFound", err)
	}
	f.during(t, commitLies, func() error {
		_, err := db.Apply(t.Context(), 0, costd.Entries{Regions: []costd.Region{{ID: 1, Name: "a"}}})
		return err
	})
	entries, version, err := db.Entries(t.Context())
	if err != nil || version != 1 || len(entries.Regions) != 1 {
		t.Errorf("the catalog has %v at version %d, %v; want the region at version 1", entries.Regions, version, err)
	}
}

// TestCatalogUnknown loses a commit and then cannot read what took effect. Until that can
// be read there is no catalog: a key that may have been deleted must not be accepted.
func TestCatalogUnknown(t *testing.T) {
	db, f := openFaulty(t)
	key := costd.Key{ID: "k", Role: costd.RoleIngest, Created: time.Unix(1, 0)}
	if err := db.CreateKey(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	f.rates[noMemoryRows] = faultScale
	f.during(t, commitLies, func() error { return db.DeleteKey(t.Context(), "k", nil) })
	f.during(t, noMemoryRows, func() error {
		_, err := db.Key(t.Context(), "k")
		return err
	})
	if _, err := db.Key(t.Context(), "k"); costd.ErrorCode(err) != costd.NotFound {
		t.Errorf("a key that was deleted: %v, want NotFound", err)
	}
}

// TestReopeningFails opens the database again, and lets that fail at its commit. The store
// once crashed, because it asked the database that it did not have for its last commit.
func TestReopeningFails(t *testing.T) {
	db, f := openFaulty(t)
	write := func() error {
		_, err := db.Write(t.Context(), fleet(1, 10, 5))
		return err
	}
	if err := write(); err != nil {
		t.Fatal(err)
	}
	duckdb.LoseEngine(db.DB)
	f.during(t, commitFails, write)
	wantFullWidth(t, db)
	if got := hours(t, db, 1); got != 50 {
		t.Errorf("%d hours, want the 50 that were acknowledged", got)
	}
}
