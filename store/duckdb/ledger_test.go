package duckdb_test

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/ledger"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
)

func read[T any](list []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range list {
			if !yield(item, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// ledgerFaults verifies the audit log of a store, as "altered 3" or, for a version, "altered v2".
func ledgerFaults(t *testing.T, db *embedded.Store) (found []string) {
	t.Helper()
	v, err := ledger.Verify(ledger.Log{
		Entries:  read(db.AuditEntries(t.Context(), costd.AuditQuery{After: -1, Limit: 1000})),
		Versions: read(db.Versions(t.Context(), -1, 1_000_000)),
		Head:     func() (costd.AuditHead, error) { return db.AuditHead(t.Context()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Faults {
		if f.Version > 0 {
			found = append(found, fmt.Sprintf("%s v%d", f.Kind, f.Version))
		} else {
			found = append(found, fmt.Sprintf("%s %d", f.Kind, f.Number))
		}
	}
	return found
}

// fillLedger makes six entries in the log of a folder.
func fillLedger(t *testing.T, folder string) {
	t.Helper()
	db := open(t, folder)
	applyRegions(t, db, map[int64]string{1: "a", 2: "b"})
	applyRegions(t, db, map[int64]string{1: "c", 2: ""})
	if err := db.CreateKey(t.Context(), costd.Key{ID: "k", Role: costd.RoleOperator, Created: time.Unix(1, 0)}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil { // the chain goes on after a start
		t.Fatal(err)
	}
	db = open(t, folder)
	applyRegions(t, db, map[int64]string{3: "d"})
	if err := db.DeleteKey(t.Context(), "k", nil); err != nil {
		t.Fatal(err)
	}
	if err := db.Record(t.Context(), costd.AuditBackup, "copy", ""); err != nil {
		t.Fatal(err)
	}
	if found := ledgerFaults(t, db); len(found) > 0 {
		t.Fatalf("a log as it was written: %q", found)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestLedgerTampered changes a row of the database behind the server's back, and wants it
// named.
func TestLedgerTampered(t *testing.T) {
	for statement, want := range map[string][]string{
		"UPDATE audit_entry SET actor = 'somebody' WHERE number = 3":                                                                         {"altered 3"},
		"UPDATE audit_entry SET time = time + 1 WHERE number = 1":                                                                            {"altered 1"},
		"UPDATE audit_entry SET details = replace(details, '\"created\":2', '\"created\":3') WHERE number = 1":                               {"altered 1"},
		"UPDATE audit_entry SET number = 9 WHERE number = 4":                                                                                 {"missing 4", "missing 7", "inserted 7"},
		"DELETE FROM audit_entry WHERE number = 3":                                                                                           {"missing 3"},
		"DELETE FROM audit_entry WHERE number >= 5":                                                                                          {"missing 5"},
		"INSERT INTO audit_entry SELECT number, time, 'other', request_id, action, subject, details, hash FROM audit_entry WHERE number = 3": {"inserted 3"},
		"INSERT INTO audit_entry SELECT 7, time, actor, request_id, action, subject, details, hash FROM audit_entry WHERE number = 6":        {"altered 7", "inserted 7"},
		"UPDATE catalog_change SET after = replace(after, 'c', 'x') WHERE version = 2 AND before != ''":                                      {"altered v2"},
		"DELETE FROM catalog_history WHERE version = 2":                                                                                      {"missing v2"},
		"INSERT INTO catalog_history SELECT 9, time, actor, request_id, 0 FROM catalog_history WHERE version = 2":                            {"inserted v9"},
	} {
		folder := t.TempDir()
		fillLedger(t, folder)
		execute(t, folder, statement)
		found := ledgerFaults(t, open(t, folder))
		if !slices.Equal(found, want) {
			t.Errorf("%s\nfound %q, want %q", statement, found, want)
		}
	}
}

// TestLedgerOfBackup takes the log along, and goes on with it.
func TestLedgerOfBackup(t *testing.T) {
	folder := t.TempDir()
	fillLedger(t, folder)
	var backup bytes.Buffer
	if err := open(t, folder).Backup(t.Context(), &backup); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := duckdb.Restore(t.Context(), &backup, other); err != nil {
		t.Fatal(err)
	}
	db := open(t, other)
	applyRegions(t, db, map[int64]string{4: "e"})
	head, err := db.AuditHead(t.Context())
	if found := ledgerFaults(t, db); len(found) > 0 || head.Number != 7 || err != nil {
		t.Errorf("found %q, head %+v, %v", found, head, err)
	}
}
