package duckdb_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
)

// applyRegions applies regions that are named, or removed where the name is "".
func applyRegions(t *testing.T, db *embedded.Store, names map[int64]string) int64 {
	t.Helper()
	_, version, err := db.Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var change costd.Entries
	var gone costd.Removal
	for id, name := range names {
		if name == "" {
			gone.Regions = append(gone.Regions, id)
		} else {
			change.Regions = append(change.Regions, costd.Region{ID: id, Name: name})
		}
	}
	if version, err = db.Apply(t.Context(), version, change, gone); err != nil {
		t.Fatal(err)
	}
	return version
}

// regionsAt returns the regions of a version as text.
func regionsAt(t *testing.T, db *embedded.Store, version int64) string {
	t.Helper()
	entries, err := db.EntriesAt(t.Context(), version)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(entries.Regions)
}

// TestHistoryStays closes a store, and restores it from a backup: its history is there,
// and goes on.
func TestHistoryStays(t *testing.T) {
	folder := t.TempDir()
	db := open(t, folder)
	want := map[int64]string{}
	note := func(version int64) { want[version] = regionsAt(t, db, version) }
	note(applyRegions(t, db, map[int64]string{1: "a", 2: "b"}))
	note(applyRegions(t, db, map[int64]string{1: "c", 2: ""}))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, folder)
	note(applyRegions(t, db, map[int64]string{2: "back", 3: "d"}))
	var backup bytes.Buffer
	if err := db.Backup(t.Context(), &backup); err != nil {
		t.Fatal(err)
	}
	if len(want) != 3 || want[1] != "[{1 a } {2 b }]" || want[2] != "[{1 c }]" || want[3] != "[{1 c } {2 back } {3 d }]" {
		t.Fatalf("history %v", want)
	}
	other := t.TempDir()
	if err := duckdb.Restore(t.Context(), &backup, other); err != nil {
		t.Fatal(err)
	}
	for _, db := range []*embedded.Store{db, open(t, other)} {
		for version, regions := range want {
			if got := regionsAt(t, db, version); got != regions {
				t.Errorf("version %d: %s, want %s", version, got, regions)
			}
		}
		if versions, err := db.Versions(t.Context(), 0, 100); err != nil || len(versions) != 3 || versions[0].Name != costd.ActorLocal {
			t.Errorf("versions %+v, %v", versions, err)
		}
	}
}

// TestHistoryOfOlderStore opens a store that has a catalog and no history: that begins
// with the version it has, and says so when an earlier one is asked for.
func TestHistoryOfOlderStore(t *testing.T) {
	folder := t.TempDir()
	makeFirst(t, folder, nil)
	execute(t, folder, "UPDATE catalog_version SET version = 17",
		`INSERT INTO catalog_entry VALUES ('region', '8000000000000004', '{"id":4,"name":"old"}')`)
	before := time.Now().Add(-time.Minute)
	db := open(t, folder)
	if got := regionsAt(t, db, 17); got != "[{4 old }]" {
		t.Errorf("version 17 has the regions %s", got)
	}
	applyRegions(t, db, map[int64]string{4: "new"})
	if got := regionsAt(t, db, 17); got != "[{4 old }]" {
		t.Errorf("after a change version 17 has the regions %s", got)
	}
	_, err := db.EntriesAt(t.Context(), 16)
	_, errAt := db.VersionAt(t.Context(), before)
	for _, err := range []error{err, errAt} {
		if costd.ErrorCode(err) != costd.NotFound || !strings.Contains(err.Error(), "begins with version 17") {
			t.Errorf("before the history: %v", err)
		}
	}
	versions, err := db.Versions(t.Context(), 0, 100)
	if err != nil || len(versions) != 2 || !versions[0].Changes.None() || versions[0].Number != 17 || versions[1].Number != 18 {
		t.Errorf("versions %+v, %v", versions, err)
	}
}

// TestRemovedWhileRead removes an entry and brings it back while a reader has the state
// from before, which must not keep its key taken.
func TestRemovedWhileRead(t *testing.T) {
	db := open(t, t.TempDir())
	records := append(fleet(1, 1, 1), fleet(1, 1, 1)...)
	records[1].ID = "overlaps"
	if _, err := db.Write(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	applyRegions(t, db, map[int64]string{1: "a"})
	found := 0
	if _, err := db.Audit(t.Context(), func(costd.Finding) error { // which has one snapshot all the time
		found++
		applyRegions(t, db, map[int64]string{1: ""})
		applyRegions(t, db, map[int64]string{1: "again"})
		return nil
	}); err != nil || found != 1 {
		t.Fatalf("%d findings, %v", found, err)
	}
	if got := regionsAt(t, db, 3); got != "[{1 again }]" {
		t.Errorf("regions %s", got)
	}
}
