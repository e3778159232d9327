package duckdb_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/store/embedded"
)

// emptied returns the log of a folder as a crash leaves it, and moves the log into the
// database.
func emptied(t *testing.T, folder string) (log []byte) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(folder, logFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := openAlone(t, folder).Close(); err != nil {
		t.Fatal(err)
	}
	return log
}

// TestOlderLog puts a log back that was moved into the database. DuckDB takes it for a
// new one and would add its usage a second time.
func TestOlderLog(t *testing.T) {
	folder := crashed(t, 3)
	log := emptied(t, folder)
	if err := os.WriteFile(filepath.Join(folder, logFile), log, 0o600); err != nil {
		t.Fatal(err)
	}
	if said := wantWhole(t, folder, 3); !strings.Contains(said, "set aside") || !strings.Contains(said, logFile) {
		t.Errorf("the log does not tell of the log that was set aside: %s", said)
	}
	aside, err := os.ReadFile(filepath.Join(folder, logFile+".unanswered"))
	if err != nil || string(aside) != string(log) {
		t.Errorf("the log that was set aside has %d bytes, %v; want %d", len(aside), err, len(log))
	}
}

// TestLogMovedUnmarked has the mark of a power loss right after a checkpoint, before the
// mark told of it, and a log that does not say that it was moved into the database.
func TestLogMovedUnmarked(t *testing.T) {
	folder := crashed(t, 3)
	mark, err := os.ReadFile(filepath.Join(folder, markFile))
	if err != nil {
		t.Fatal(err)
	}
	log := emptied(t, folder)
	if err := os.WriteFile(filepath.Join(folder, markFile), mark, 0o600); err != nil {
		t.Fatal(err)
	}
	wantWhole(t, damage(t, folder, databaseFile, func(data []byte) []byte { return data }), 3)
	if err := os.WriteFile(filepath.Join(folder, logFile), log, 0o600); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, folder, costd.Unavailable, logFile, "damaged at byte", "restore a backup")
}

// TestBlocksDamaged flips a bit in every block of the database, and cuts it short. What
// the store needs to open has its place named; the rest shows when it is read.
func TestBlocksDamaged(t *testing.T) {
	folder := crashed(t, 1)
	info, err := os.Stat(filepath.Join(folder, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for at := int64(12288 + 100); at < info.Size(); at += 262144 {
		damaged := damage(t, folder, databaseFile, flip(int(at)*8))
		db, err := embedded.Open(t.Context(), embedded.Options{Path: damaged})
		if err == nil {
			db.Close()
			continue
		}
		refused++
		wantOpenError(t, damaged, costd.Unavailable, databaseFile, "damaged at byte", "restore a backup")
	}
	if refused == 0 {
		t.Error("no damage of a block is noticed when the store opens")
	}
}
