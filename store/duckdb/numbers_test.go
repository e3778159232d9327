package duckdb_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"

	driver "github.com/duckdb/duckdb-go/v2"
)

// logSize returns the size of the write-ahead log.
func logSize(t *testing.T, folder string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(folder, duckdb.DatabaseFile+".wal"))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestRepeatsWriteNothing sends again what is stored, in several ways: the log must
// not grow.
func TestRepeatsWriteNothing(t *testing.T) {
	folder := t.TempDir()
	db := open(t, folder)
	duckdb.ForgetNumbers(db.DB)
	records := fleet(1, 100, 30)
	if _, err := db.Write(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	size := logSize(t, folder)
	never := records[0]
	never.ID, never.ResourceID, never.Deleted, never.Parts = "", "never seen", true, nil
	for i, batch := range [][]costd.Record{records, slices.Concat(records, records[:50]), records[17:18], {never}, records, {never}} {
		if i == 4 {
			duckdb.LimitDigests(db.DB, -1)
		}
		outcomes, err := db.Write(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(outcomes, func(o costd.Outcome) bool { return o != costd.Unchanged }); i >= 0 {
			t.Errorf("record %d of %d: outcome %d, want unchanged", i, len(batch), outcomes[i])
		}
	}
	if got := logSize(t, folder); got != size {
		t.Errorf("the log grew from %d to %d bytes", size, got)
	}
}

// TestNumbersForgotten changes resources and states, back and forth, while numbers
// and digests are known all, or forgotten at once and across restarts: what is the same stays the same.
func TestNumbersForgotten(t *testing.T) {
	folder := t.TempDir()
	records := fleet(1, 50, 4)
	changed := slices.Clone(records)
	for i := range changed {
		changed[i].Name = fmt.Sprint("changed ", i%7)
		changed[i].ResourceID = fmt.Sprint("moved ", i%11)
	}
	for round := range 5 {
		db := open(t, folder)
		for !duckdb.NumbersKnown(db.DB) { // they are read in advance
			time.Sleep(time.Millisecond)
		}
		switch round {
		case 0, 2:
			duckdb.ForgetNumbers(db.DB)
		case 3:
			if n, err := duckdb.LimitNumbers(t.Context(), db.DB, 30<<10); err != nil || n == 0 || n > 60 {
				t.Fatalf("%d resources are remembered in 30 KiB, %v", n, err)
			}
		}
		duckdb.LimitDigests(db.DB, int64(round-1)*1000)
		for _, step := range []struct {
			batch []costd.Record
			want  costd.Outcome
		}{{records, costd.Replaced}, {records, costd.Unchanged}, {changed, costd.Replaced}, {changed, costd.Unchanged}} {
			outcomes, err := db.Write(t.Context(), step.batch)
			if err != nil {
				t.Fatal(err)
			}
			want := step.want
			if outcomes[0] == costd.Accepted && round == 0 {
				want = costd.Accepted
			}
			if i := slices.IndexFunc(outcomes, func(o costd.Outcome) bool { return o != want }); i >= 0 {
				t.Fatalf("round %d, record %d: outcome %d, want %d", round, i, outcomes[i], want)
			}
		}
		if got := hours(t, db, 1); got != 200 {
			t.Errorf("%d hours, want 200", got)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for table, want := range map[string]int{"resource": 50 + 20*11, "state": 0} {
		var all, different int
		query(t, folder, fmt.Sprintf("SELECT (SELECT count(*) FROM %[1]s), (SELECT count(*) FROM (SELECT DISTINCT * EXCLUDE (number) FROM %[1]s))", table), &all, &different)
		if all != different || want != 0 && all > want {
			t.Errorf("%s has %d rows, %d of them different; want at most %d", table, all, different, want)
		}
	}
}

// query reads the one row of a query on the closed database of a folder.
func query(t *testing.T, folder, query string, values ...any) {
	t.Helper()
	connector, err := driver.NewConnector(filepath.Join(folder, duckdb.DatabaseFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	if err := db.QueryRow(query).Scan(values...); err != nil {
		t.Fatal(err)
	}
}
