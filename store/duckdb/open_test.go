package duckdb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"

	driver "github.com/duckdb/duckdb-go/v2"
)

var october = costd.NewMonth(2026, time.October).Period()

var finestHour = new(big.Int).Mul(costd.GridFinest.Denominator(), big.NewInt(60))

// hours returns the whole hours of each line and day that the client used in October.
func hours(t testing.TB, db *embedded.Store, client int64) int64 {
	t.Helper()
	n, err := hoursIn(t.Context(), db, client, october)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// hoursIn is hours for a period.
func hoursIn(ctx context.Context, db *embedded.Store, client int64, p costd.Period) (hours int64, err error) {
	lines, err := db.Lines(ctx, costd.Query{ClientID: client, Period: p})
	if err != nil {
		return 0, err
	}
	for _, line := range lines {
		for _, day := range line.Days {
			units, exact := day.Used.Scaled(costd.GridFinest.Denominator())
			if !exact {
				return 0, fmt.Errorf("%v minutes stand on no grid", day.Used)
			}
			hours += new(big.Int).Quo(units, finestHour).Int64()
		}
	}
	return hours, nil
}

// wantOpenError wants Open to fail with the code and all of the words.
func wantOpenError(t *testing.T, folder string, code costd.Code, words ...string) {
	t.Helper()
	db, err := embedded.Open(t.Context(), embedded.Options{Path: folder})
	if err == nil {
		db.Close()
	}
	if costd.ErrorCode(err) != code {
		t.Fatalf("Open: %v, want %s", err, code)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("Open: %v does not say %q", err, word)
		}
	}
}

func TestReopen(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a new", "folder's name")
	db := open(t, folder)
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
	records := fleet(1, 10, 24)
	if _, err := db.Write(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	change := costd.Entries{Clients: []costd.Client{{ID: 7, Name: "Acme", Currency: "EUR"}}}
	if _, err := db.Apply(t.Context(), 0, change); err != nil {
		t.Fatal(err)
	}
	key := costd.Key{ID: "k", Role: costd.RoleProject, Projects: []int64{1, 2}, Hash: [32]byte{1}, Created: time.Unix(0, 1).UTC()}
	if err := db.CreateKey(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	db = open(t, folder)
	if got := hours(t, db, 1); got != 240 {
		t.Errorf("%d hours, want 240", got)
	}
	outcomes, err := db.Write(t.Context(), records)
	for _, outcome := range outcomes {
		if outcome != costd.Unchanged {
			t.Fatalf("the same again: %v", outcome)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	entries, version, err := db.Entries(t.Context())
	if err != nil || version != 1 || !reflect.DeepEqual(entries, change) {
		t.Errorf("catalog: %+v, version %d, %v", entries, version, err)
	}
	if got, err := db.Key(t.Context(), "k"); err != nil || !reflect.DeepEqual(got, key) {
		t.Errorf("key: %+v, %v; want %+v", got, err, key)
	}
}

func TestFolderInUse(t *testing.T) {
	folder := t.TempDir()
	open(t, folder)
	wantOpenError(t, folder, costd.Unavailable, folder, "in use")
}

// TestDatabaseInUse has another program, which knows nothing of our lock, open the
// database.
func TestDatabaseInUse(t *testing.T) {
	folder := t.TempDir()
	open(t, folder).Close()
	child := startChild(t, "hold", folder)
	child.readLine()
	wantOpenError(t, folder, costd.Unavailable)
	child.kill()
	open(t, folder)
}

func TestFolderRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, "", costd.Invalid, "data")
	wantOpenError(t, file, costd.Unavailable, "folder")
	wantOpenError(t, "/tmp/what?", costd.Invalid, "?")
}

func TestForeignFile(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, duckdb.DatabaseFile), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, folder, costd.Unavailable)
}

// execute runs statements on the closed database of a folder.
func execute(t *testing.T, folder string, statements ...string) {
	t.Helper()
	connector, err := driver.NewConnector(filepath.Join(folder, duckdb.DatabaseFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNewerSchema(t *testing.T) {
	folder := t.TempDir()
	open(t, folder).Close()
	execute(t, folder, "UPDATE schema_version SET version = 99")
	wantOpenError(t, folder, costd.Invalid, folder, "99", "up to 9")
	execute(t, folder, "UPDATE schema_version SET version = -1")
	wantOpenError(t, folder, costd.Invalid, "schema version -1", "restore a backup")
	execute(t, folder, "UPDATE schema_version SET version = 3")
	open(t, folder)
}

// TestFailedMigration lets the first migration fail: it must leave nothing behind.
func TestFailedMigration(t *testing.T) {
	folder := t.TempDir()
	execute(t, folder, "CREATE TABLE catalog_entry (i INTEGER)")
	if _, err := embedded.Open(t.Context(), embedded.Options{Path: folder}); err == nil {
		t.Fatal("Open succeeded over a table of the same name")
	}
	execute(t, folder, "DROP TABLE catalog_entry", "CREATE TABLE usage (i INTEGER)", "DROP TABLE usage")
	if got := hours(t, open(t, folder), 1); got != 0 {
		t.Errorf("%d hours in a new store", got)
	}
}

func TestClosed(t *testing.T) {
	db := open(t, t.TempDir())
	if _, err := db.Write(t.Context(), fleet(1, 1500, 1)); err != nil {
		t.Fatal(err)
	}
	query := costd.Query{ClientID: 1, Period: october}
	_, rows, err := db.Resources(t.Context(), query, costd.Page{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, err := range rows {
		if count++; err != nil {
			t.Errorf("row %d, which was read before Close: %v", count, err)
		}
	}
	if count != 1500 {
		t.Errorf("%d rows are left of Resources after Close, want 1500", count)
	}
	calls := map[string]error{"Check": db.Check(t.Context()), "CreateKey": db.CreateKey(t.Context(), costd.Key{}), "DeleteKey": db.DeleteKey(t.Context(), "", nil)}
	_, calls["Write"] = db.Write(t.Context(), nil)
	_, calls["Lines"] = db.Lines(t.Context(), query)
	_, _, calls["Resources"] = db.Resources(t.Context(), query, costd.Page{})
	_, calls["Revision"] = db.Revision(t.Context(), 1, october)
	_, _, calls["Entries"] = db.Entries(t.Context())
	_, calls["Version"] = db.Version(t.Context())
	_, calls["Apply"] = db.Apply(t.Context(), 0, costd.Entries{})
	_, calls["Key"] = db.Key(t.Context(), "")
	_, calls["Keys"] = db.Keys(t.Context())
	for name, err := range calls {
		if costd.ErrorCode(err) != costd.Unavailable {
			t.Errorf("%s after Close: %v, want Unavailable", name, err)
		}
	}
}

// TestSmallMemory reads and writes far more than the memory that is allowed.
func TestSmallMemory(t *testing.T) {
	db, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), MemoryLimit: "100MB", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	records := fleet(1, 20_000, 6)
	for len(records) > 0 {
		n := min(len(records), 20_000)
		if _, err := db.Write(t.Context(), records[:n]); err != nil {
			t.Fatal(err)
		}
		records = records[n:]
	}
	count, rows, err := db.Resources(t.Context(), costd.Query{ClientID: 1, Period: october}, costd.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		count--
	}
	if count != 0 {
		t.Errorf("%d rows too few", count)
	}
}

func TestMemoryLimitRefused(t *testing.T) {
	_, err := embedded.Open(context.Background(), embedded.Options{Path: t.TempDir(), MemoryLimit: "a lot'"})
	if err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("Open with a memory limit that is none: %v", err)
	}
}
