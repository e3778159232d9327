//go:build linux

package duckdb_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
)

// apart runs the test in a process of its own, and reports whether it did: a limit on the
// size of files holds for all of a process, and go test has files there too.
func apart(t *testing.T) bool {
	t.Helper()
	const variable = "COSTD_TEST_APART"
	if os.Getenv(variable) != "" {
		return false
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), variable+"=1")
	if said, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(said, []byte("--- PASS: "+t.Name())) {
		t.Errorf("%v\n%s", err, said)
	}
	return true
}

// limitFiles makes every write beyond the size fail, as a full disk would, until
// the returned function is called.
func limitFiles(t *testing.T, size int64) (restore func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // so that it is an error and not our end
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limit := before
	limit.Cur = uint64(size)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	restore = func() { syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before) }
	t.Cleanup(restore)
	return restore
}

// bulky returns hundred hours of a client, each record of them 32 kB of noise.
func bulky(client int64) []costd.Record {
	records := fleet(client, 1, 100)
	for i := range records {
		noise := make([]byte, 16<<10)
		rand.Read(noise)
		records[i].Name = hex.EncodeToString(noise)
	}
	return records
}

// fill writes clients from first on until a write fails, and returns the client of
// that write.
func fill(t *testing.T, db *embedded.Store, first int64) (failed int64) {
	t.Helper()
	for client := first; client < first+100; client++ {
		outcomes, err := db.Write(t.Context(), bulky(client))
		if err == nil {
			continue
		}
		if costd.ErrorCode(err) != costd.Unavailable || outcomes != nil {
			t.Errorf("a write to a full disk: %v, %v; want Unavailable", outcomes, err)
		}
		return client
	}
	t.Fatal("no write failed")
	return 0
}

// wantClients wants the clients to have their hundred hours, except one.
func wantClients(t *testing.T, db *embedded.Store, end, except int64) {
	t.Helper()
	for client := range end {
		want := int64(100)
		if client == except {
			want = 0
		}
		if got := hours(t, db, client); got != want {
			t.Errorf("client %d has %d hours, want %d", client, got, want)
		}
	}
}

// TestFullDisk has the disk full when a write is committed to the log.
func TestFullDisk(t *testing.T) {
	if apart(t) {
		return
	}
	folder := t.TempDir()
	db := open(t, folder)
	restore := limitFiles(t, 10<<20)
	failed := fill(t, db, 0)
	if err := db.Check(t.Context()); failed == 0 || costd.ErrorCode(err) != costd.Unavailable && err != nil {
		t.Errorf("Check: %v", err)
	}
	wantClients(t, db, failed+1, failed)
	restore()
	wantToGoOn(t, db, folder, failed)
}

// TestFullDiskAtCheckpoint has the disk full when the log is moved into the
// database, after which DuckDB does nothing more until it is opened anew. Writing
// goes on all the same until the log is full too.
func TestFullDiskAtCheckpoint(t *testing.T) {
	if apart(t) {
		return
	}
	folder := t.TempDir()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	db, err := embedded.Open(t.Context(), embedded.Options{Path: folder, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	const filled = 15
	for client := range int64(filled) {
		if _, err := db.Write(t.Context(), bulky(client)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = embedded.Open(t.Context(), embedded.Options{Path: folder, Logger: logger}); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	info, err := os.Stat(filepath.Join(folder, duckdb.DatabaseFile))
	if err != nil || info.Size() < 40<<20 {
		t.Fatalf("the database has %d bytes, too few for the log to come first, %v", info.Size(), err)
	}
	restore := limitFiles(t, info.Size())
	failed := fill(t, db, filled)
	wantClients(t, db, failed+1, failed)
	if again := fill(t, db, failed); again != failed {
		t.Errorf("on a full disk client %d was written", failed)
	}
	restore()
	wantToGoOn(t, db, folder, failed) // and closes it
	for _, words := range []string{"could not be moved", "opening it anew", "open again"} {
		if !strings.Contains(log.String(), words) {
			t.Errorf("the log does not say %q:\n%s", words, log.String())
		}
	}
}

// wantToGoOn wants the store to work again, and all to be there after a restart.
func wantToGoOn(t *testing.T, db *embedded.Store, folder string, failed int64) {
	t.Helper()
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("Check when there is space again: %v", err)
	}
	wantClients(t, db, failed+1, failed)
	if _, err := db.Write(t.Context(), bulky(failed+1)); err != nil {
		t.Fatal(fmt.Errorf("a write when there is space again: %w", err))
	}
	wantClients(t, db, failed+2, failed)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wantClients(t, open(t, folder), failed+2, failed)
}
