package duckdb_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
)

// manyMonths makes the store ask the database: it is longer than the months in memory that
// are joined.
var manyMonths = costd.Period{From: costd.NewDay(2025, time.September, 20), To: costd.NewDay(2026, time.October, 20)}

// wantFullWidth wants more reads at once than the pool has connections to succeed, and
// then a write and a backup.
func wantFullWidth(t *testing.T, db *embedded.Store) {
	t.Helper()
	var reads sync.WaitGroup
	failures := make(chan error, 160)
	for range cap(failures) {
		reads.Go(func() {
			if _, err := db.Lines(t.Context(), costd.Query{ClientID: 1, Period: manyMonths}); err != nil {
				failures <- err
			}
		})
	}
	reads.Wait()
	if n := len(failures); n > 0 {
		t.Fatalf("%d of %d reads fail after the fault: %v", n, cap(failures), <-failures)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("the check after the fault: %v", err)
	}
	if _, err := db.Write(t.Context(), fleet(7, 1, 5)); err != nil {
		t.Errorf("a write after the fault: %v", err)
	}
	if err := db.Backup(t.Context(), discard{}); err != nil {
		t.Errorf("a backup after the fault: %v", err)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// TestCallersHangUp ends the contexts of reads at any moment. DuckDB may have begun a
// transaction when its driver reports the end; the pool must not keep that connection.
func TestCallersHangUp(t *testing.T) {
	db := open(t, t.TempDir())
	if _, err := db.Write(t.Context(), fleet(1, 10, 5)); err != nil {
		t.Fatal(err)
	}
	var callers sync.WaitGroup
	for range 16 {
		callers.Go(func() {
			for range 200 {
				ctx, cancel := context.WithTimeout(t.Context(), rand.N(time.Millisecond))
				db.Check(ctx)
				db.Lines(ctx, costd.Query{ClientID: 1, Period: manyMonths})
				cancel()
			}
		})
	}
	callers.Wait()
	wantFullWidth(t, db)
}

// TestRollbackFails makes rollbacks of reads and writes fail for a while, as DuckDB
// does when it lacks memory.
func TestRollbackFails(t *testing.T) {
	db := open(t, t.TempDir())
	if _, err := db.Write(t.Context(), fleet(1, 10, 5)); err != nil {
		t.Fatal(err)
	}
	restore := duckdb.FailRollbacks(db.DB, errors.New("out of memory"))
	for range 40 {
		if _, err := db.Lines(t.Context(), costd.Query{ClientID: 1, Period: manyMonths}); err != nil {
			t.Fatalf("a read fails although only rollbacks do: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), rand.N(3*time.Millisecond))
		db.Write(ctx, fleet(2, 50, 5))
		cancel()
	}
	restore()
	wantFullWidth(t, db)
	if got := hours(t, db, 1); got != 50 {
		t.Errorf("client 1 has %d hours, want the 50 that were acknowledged", got)
	}
}

// TestWritesBesideReads has readers hold every connection that they can get. The
// store's own work, on connections opened at that moment, must not wait for them.
func TestWritesBesideReads(t *testing.T) {
	db, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), CheckpointBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	release, err := duckdb.HoldReads(t.Context(), db.DB)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	patience, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for client := range int64(3) {
		duckdb.DropWriter(db.DB)
		if _, err := db.Write(patience, fleet(client, 2, 5)); err != nil {
			t.Fatalf("a write while all connections read: %v", err)
		}
	}
	finish, err := duckdb.BeginFill(db.DB)
	if err != nil {
		t.Fatal(err)
	}
	finish()
	duckdb.DropWriter(db.DB)
	if err := db.Close(); err != nil {
		t.Errorf("Close while all connections read: %v", err)
	}
}

// TestCheckpointAfterReads has a read hold a checkpoint up. When it has ended the log is
// moved, although nothing more is written.
func TestCheckpointAfterReads(t *testing.T) {
	said := &failureLog{}
	folder := t.TempDir()
	const logBytes = 20_000
	db, err := embedded.Open(t.Context(), embedded.Options{Path: folder, CheckpointBytes: logBytes, Logger: slog.New(slog.NewTextHandler(said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	records := fleet(1, 100, 10)
	write := func() {
		if _, err := db.Write(t.Context(), records); err != nil {
			t.Fatal(err)
		}
	}
	write()
	write() // waits for the checkpoint of the first
	release, err := duckdb.HoldSnapshot(t.Context(), db.DB)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for i := range records {
		records[i].Name = "another"
	}
	write()
	until(t, "the checkpoint is held up", func() bool { return said.has("reads are under way") })
	release()
	until(t, "the log is moved", func() bool {
		log, err := os.Stat(filepath.Join(folder, duckdb.DatabaseFile+".wal"))
		return errors.Is(err, os.ErrNotExist) || err == nil && log.Size() < logBytes
	})
}

// until waits for what happens soon.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !happened(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never happened that %s", what)
		}
	}
}

// TestCheckBesideReads has readers hold every connection that they can get, of which a
// small memory limit leaves two. The store is well, and says so at once: a server that
// has many reports to answer must not count as one that cannot work.
func TestCheckBesideReads(t *testing.T) {
	db, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), MemoryLimit: "32MB", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	release, err := duckdb.HoldReads(t.Context(), db.DB)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	patience, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := db.Write(patience, fleet(1, 2, 5)); err != nil {
		t.Fatalf("a write while all connections read: %v", err)
	}
	for range 3 {
		if err := db.Check(patience); err != nil {
			t.Fatalf("Check while all connections read: %v", err)
		}
	}
	release()
	wantFullWidth(t, db)
}

// TestMemoryShortage lets large writes, year-long reads and backups run together in
// less memory than they need. Some fail then, and say that memory is short. Afterwards
// all that was acknowledged is there, and everything works in the same memory.
func TestMemoryShortage(t *testing.T) {
	db, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), MemoryLimit: "64MB", Threads: 1, CacheBytes: -1, CheckpointBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Write(t.Context(), fleet(1, 10, 5)); err != nil {
		t.Fatal(err)
	}
	const large, resources = 10, 40_000
	acknowledged := int64(0)
	for hours := range 2 {
		failures := make(chan error, 20)
		var calls sync.WaitGroup
		for range 8 {
			calls.Go(func() { failures <- readYear(t.Context(), db, large) })
		}
		calls.Go(func() { failures <- db.Backup(t.Context(), discard{}) })
		_, err := db.Write(t.Context(), fleet(large, resources, hours+1))
		if err == nil {
			acknowledged = resources * int64(hours+1)
		}
		failures <- err
		calls.Wait()
		close(failures)
		for err := range failures {
			if err != nil && costd.ErrorCode(err) != costd.Unavailable {
				t.Errorf("when memory is short: %v, want Unavailable", err)
			}
		}
	}
	wantFullWidth(t, db)
	if got := hours(t, db, large); got != acknowledged {
		t.Errorf("the large client has %d hours, want the %d that were acknowledged", got, acknowledged)
	}
}

// TestCommitInDoubt says of a commit that it failed, although it took effect. What the
// store remembers from before must not make the same records new a second time.
func TestCommitInDoubt(t *testing.T) {
	db := open(t, t.TempDir())
	if _, err := db.Write(t.Context(), fleet(1, 10, 5)); err != nil {
		t.Fatal(err)
	}
	before, err := db.Revision(t.Context(), 1, october)
	if err != nil {
		t.Fatal(err)
	}
	restore := duckdb.DenyCommit(db.DB, errors.New("a commit that failed"))
	if _, err := db.Write(t.Context(), fleet(1, 20, 6)); err == nil {
		t.Error("a write succeeds although its commit is said to have failed")
	}
	restore()
	if after, err := db.Revision(t.Context(), 1, october); err != nil || after == before {
		t.Errorf("revision %d, %v, as before the commit that took effect: remembered answers would stay", after, err)
	}
	outcomes, err := db.Write(t.Context(), fleet(1, 20, 6))
	if err != nil {
		t.Fatal(err)
	}
	for i, outcome := range outcomes {
		if outcome != costd.Unchanged {
			t.Fatalf("record %d, which is stored: outcome %d, want unchanged", i, outcome)
		}
	}
	if got := hours(t, db, 1); got != 120 {
		t.Errorf("%d hours, want 120", got)
	}
	if n, err := duckdb.Count(t.Context(), db.DB, "resource"); err != nil || n != 20 {
		t.Errorf("%d resources have a number, %v; want 20", n, err)
	}
}

// TestRevisionAfterReopening wants answers that were remembered before the database was
// opened again to be worked out afresh: what was committed last may not be known.
func TestRevisionAfterReopening(t *testing.T) {
	db := open(t, t.TempDir())
	before, err := db.Revision(t.Context(), 1, october)
	if err != nil {
		t.Fatal(err)
	}
	duckdb.LoseEngine(db.DB)
	if err := db.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after, err := db.Revision(t.Context(), 1, october); err != nil || after == before {
		t.Errorf("revision %d after reopening, %v; it was %d before", after, err, before)
	}
}

// readYear reads all rows of the client in a year.
func readYear(ctx context.Context, db *embedded.Store, client int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	year := costd.Period{From: costd.NewDay(2026, time.January, 1), To: costd.NewDay(2027, time.January, 1)}
	_, rows, err := db.Resources(ctx, costd.Query{ClientID: client, Period: year}, costd.Page{})
	if err != nil {
		return err
	}
	for _, err := range rows {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestFillWithoutDatabase lets the read in advance run when the database is lost. It
// once waited for the write token that it held itself, and every write and Close hung.
func TestFillWithoutDatabase(t *testing.T) {
	db := open(t, t.TempDir())
	duckdb.LoseEngine(db.DB)
	duckdb.Fill(db.DB)
	wantFullWidth(t, db)
}

// TestWriteDuringFill stores resources while the dictionary is read in advance, and
// wants every one of them known afterwards: one that is taken for new gets two numbers
// and shows as two rows.
func TestWriteDuringFill(t *testing.T) {
	db := open(t, t.TempDir())
	write := func(client int64, hours int) {
		t.Helper()
		if _, err := db.Write(t.Context(), fleet(client, 20, hours)); err != nil {
			t.Fatal(err)
		}
	}
	write(1, 1)
	finish, err := duckdb.BeginFill(db.DB)
	if err != nil {
		t.Fatal(err)
	}
	write(2, 1)
	finish()
	if !duckdb.NumbersKnown(db.DB) {
		t.Error("the resources are not known after the fill")
	}
	for client := range int64(3) {
		write(client+1, 2)
	}
	db.Forget()
	if n, err := duckdb.Count(t.Context(), db.DB, "resource"); err != nil || n != 60 {
		t.Errorf("%d resources have a number, %v; want 60", n, err)
	}
}
