package duckdb_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
)

const (
	databaseFile = duckdb.DatabaseFile
	logFile      = duckdb.DatabaseFile + ".wal"
	markFile     = "costd.mark"
)

// crashed returns a folder as a kill leaves it: the log has the given number of commits,
// of 20 hours of one client each, after others that are in the database.
func crashed(t *testing.T, commits int) (folder string) {
	t.Helper()
	live, folder := filepath.Join(t.TempDir(), "live"), filepath.Join(t.TempDir(), "crashed")
	openAlone(t, live).Close()
	db := openAlone(t, live) // writes nothing: it is all there
	defer db.Close()
	for client := range commits {
		if _, err := db.Write(t.Context(), fleet(int64(client+2), 10, 2)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(folder, os.DirFS(live)); err != nil {
		t.Fatal(err)
	}
	return folder
}

// damage returns a copy of the folder in which one file was changed.
func damage(t *testing.T, folder, name string, change func([]byte) []byte) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "damaged")
	if err := os.CopyFS(copied, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(copied, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

// wantWhole wants the store to open with all that was answered, and to go on. It
// returns what was logged.
func wantWhole(t *testing.T, folder string, commits int) string {
	t.Helper()
	var log bytes.Buffer
	db, err := embedded.Open(t.Context(), embedded.Options{Path: folder, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for client := range commits + 1 {
		if got := hours(t, db, int64(client+1)); got != 20 {
			t.Errorf("client %d has %d hours, want 20", client+1, got)
		}
	}
	if _, err := db.Write(t.Context(), fleet(99, 10, 2)); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if got := hours(t, open(t, folder), 99); got != 20 {
		t.Errorf("%d hours written after the damage, want 20", got)
	}
	return log.String()
}

func flip(at int) func([]byte) []byte {
	return func(data []byte) []byte {
		data[at/8] ^= 1 << (at % 8)
		return data
	}
}

func cut(n int) func([]byte) []byte {
	return func(data []byte) []byte { return data[:n] }
}

func join(more []byte) func([]byte) []byte {
	return func(data []byte) []byte { return append(data, more...) }
}

// TestLogWhole has the log of a crash: all of its frames are whole. It fails when a new
// DuckDB writes its log in another way, which the store would refuse.
func TestLogWhole(t *testing.T) {
	if log := wantWhole(t, crashed(t, 3), 3); log != "" {
		t.Errorf("the store says of a whole log: %s", log)
	}
}

// TestLogFlipped flips bits all over the log, one at a time: what was answered is there
// or the store does not open, and says where the log is damaged.
func TestLogFlipped(t *testing.T) {
	folder := crashed(t, 3)
	info, err := os.Stat(filepath.Join(folder, logFile))
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < int(info.Size())*8; at += 1499 { // all of the bits of a byte, by turns
		wantOpenError(t, damage(t, folder, logFile, flip(at)), costd.Unavailable, logFile, "damaged at byte", "restore a backup")
	}
}

// TestLogFlippedWithoutMark has no mark, as a folder that an older costd left: whole
// frames after a broken one tell.
func TestLogFlippedWithoutMark(t *testing.T) {
	folder := crashed(t, 3)
	if err := os.Remove(filepath.Join(folder, markFile)); err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 64, 70, 64 * 3, 64 * 9, 64 * 100} {
		wantOpenError(t, damage(t, folder, logFile, flip(at)), costd.Unavailable, logFile, "damaged at byte", "restore a backup")
	}
}

// TestLogTorn has the end of the log as a loss of power leaves it: zeros, or a part of
// what nobody was told of. It is cut off, and the log of the server says so.
func TestLogTorn(t *testing.T) {
	folder := crashed(t, 3)
	data, err := os.ReadFile(filepath.Join(folder, logFile))
	if err != nil {
		t.Fatal(err)
	}
	for name, tail := range map[string][]byte{
		"zeros": make([]byte, 4096), "one zero": {0}, "half a frame": data[8:40], "noise": bytes.Repeat([]byte{0xa5}, 777),
		// Pages of one write may reach the disk in any order.
		"frames after a hole": append(make([]byte, 500), data[8:]...),
	} {
		for _, marked := range []bool{true, name == "frames after a hole"} {
			torn := damage(t, folder, logFile, join(tail))
			if !marked {
				if err := os.Remove(filepath.Join(torn, markFile)); err != nil {
					t.Fatal(err)
				}
			}
			if log := wantWhole(t, torn, 3); !strings.Contains(log, "cut off") || !strings.Contains(log, logFile) || !strings.Contains(log, "offset=") {
				t.Errorf("%s: the log does not tell: %s", name, log)
			}
		}
	}
}

// TestLogCutShort cuts the log at places where it looks whole, and at others, and
// removes it: the mark tells that more was answered.
func TestLogCutShort(t *testing.T) {
	folder := crashed(t, 3)
	data, err := os.ReadFile(filepath.Join(folder, logFile))
	if err != nil {
		t.Fatal(err)
	}
	end := []byte{5, 0, 0, 0, 0, 0, 0, 0} // the length of the frame that ends a transaction
	first := bytes.Index(data, end) + 16 + 5
	for _, size := range []int{0, 3, 8, 100, first, first + 43, len(data) - 21, len(data) - 1} {
		wantOpenError(t, damage(t, folder, logFile, cut(size)), costd.Unavailable, logFile, "byte", "restore a backup")
	}
	if err := os.Remove(filepath.Join(folder, logFile)); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, folder, costd.Unavailable, logFile, "missing", "restore a backup")
}

// TestLogOfAnother has a log in the place of the log that is whole and as long, but says
// something else, here and there: another store may write the like.
func TestLogOfAnother(t *testing.T) {
	folder := crashed(t, 20)
	log, err := os.ReadFile(filepath.Join(folder, logFile))
	if err != nil {
		t.Fatal(err)
	}
	begins := framesWith(log, "resource number")
	for _, n := range []int{0, len(begins) / 2, len(begins) - 1} {
		another := damage(t, folder, logFile, func(log []byte) []byte {
			return rename(log, begins[n], "resource number", "resource nummer")
		})
		wantOpenError(t, another, costd.Unavailable, logFile, "another one", "restore a backup")
	}
}

// framesWith returns where the frames of a log begin that have a text.
func framesWith(log []byte, text string) (begins []int) {
	for at := 8; at < len(log); {
		next := at + 16 + int(binary.LittleEndian.Uint64(log[at:]))
		if bytes.Contains(log[at:next], []byte(text)) {
			begins = append(begins, at)
		}
		at = next
	}
	return begins
}

// rename puts a text of the same length into the frame that begins there, and the sum
// that the frame has then.
func rename(log []byte, begin int, from, to string) []byte {
	data := log[begin+16:][:binary.LittleEndian.Uint64(log[begin:])]
	copy(data[bytes.Index(data, []byte(from)):], to)
	binary.LittleEndian.PutUint64(log[begin+8:], duckdb.Checksum(data))
	return log
}

// TestRefusalKeepsFiles refuses to start, and must leave every file as it is for
// the operator to look at.
func TestRefusalKeepsFiles(t *testing.T) {
	folder := damage(t, crashed(t, 3), logFile, flip(64*30))
	before, err := os.ReadFile(filepath.Join(folder, logFile))
	if err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, folder, costd.Unavailable, logFile)
	after, err := os.ReadFile(filepath.Join(folder, logFile))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("a refusal to start changed the log: %d bytes, were %d; %v", len(after), len(before), err)
	}
}

// TestMarkDamaged damages what tells how far the log reaches. The log itself is whole,
// so that nothing is lost.
func TestMarkDamaged(t *testing.T) {
	folder := crashed(t, 3)
	wantWhole(t, damage(t, folder, markFile, flip(20*8)), 3)
	wantWhole(t, damage(t, folder, markFile, flip(532*8)), 3)
	both := damage(t, folder, markFile, func(data []byte) []byte { return make([]byte, len(data)) })
	if log := wantWhole(t, both, 3); !strings.Contains(log, markFile) {
		t.Errorf("the log does not tell of a damaged mark: %s", log)
	}
	for _, size := range []int{30, 51, 52, 436, 511, 530, 1000} {
		wantWhole(t, damage(t, folder, markFile, func(data []byte) []byte { return data[:size] }), 3)
	}
}

// TestMarkDamagedAfterFirstCommit damages the mark that tells of the first commit of a log.
// The one before it says that nothing of the log was answered for, and must not be believed.
func TestMarkDamagedAfterFirstCommit(t *testing.T) {
	folder := crashed(t, 1)
	for _, size := range []int{0, 51, 511, 512, 535, 563} {
		wantWhole(t, damage(t, folder, markFile, func(data []byte) []byte { return data[:size] }), 1)
	}
	for _, byteInSlot := range []int{20, 532} {
		wantWhole(t, damage(t, folder, markFile, flip(byteInSlot*8)), 1)
	}
}

// TestOldDatabase puts an older database in the place of a newer one, or its log.
func TestOldDatabase(t *testing.T) {
	live := filepath.Join(t.TempDir(), "live")
	openAlone(t, live).Close()
	old := filepath.Join(t.TempDir(), "old")
	if err := os.CopyFS(old, os.DirFS(live)); err != nil {
		t.Fatal(err)
	}
	db := openAlone(t, live)
	if _, err := db.Write(t.Context(), fleet(2, 10, 2)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(old, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	mixed := damage(t, live, databaseFile, func([]byte) []byte { return data })
	wantOpenError(t, mixed, costd.Unavailable, databaseFile, "byte 4096", markFile, "put the newer database back")
	if err := os.Remove(filepath.Join(mixed, markFile)); err != nil {
		t.Fatal(err)
	}
	if got := hours(t, open(t, mixed), 1); got != 20 { // as the operator meant it
		t.Errorf("%d hours, want 20", got)
	}
}

// TestDatabaseDamaged flips bits in the headers of the database, and cuts it there.
func TestDatabaseDamaged(t *testing.T) {
	folder := crashed(t, 1)
	changes := []func([]byte) []byte{cut(0), cut(1000), cut(9000)}
	for at := 0; at < 3*4096*8; at += 4999 {
		changes = append(changes, flip(at))
	}
	for _, change := range changes {
		wantOpenError(t, damage(t, folder, databaseFile, change), costd.Unavailable, databaseFile, "damaged at byte", "restore a backup")
	}
}

// TestRestoreOverMark restores into a folder from which the operator took a damaged
// store, but not its mark.
func TestRestoreOverMark(t *testing.T) {
	folder := crashed(t, 3)
	db := open(t, folder)
	var backup bytes.Buffer
	if err := db.Backup(t.Context(), &backup); err != nil {
		t.Fatal(err)
	}
	target := t.TempDir()
	mark, err := os.ReadFile(filepath.Join(folder, markFile))
	if err = errors.Join(err, os.WriteFile(filepath.Join(target, markFile), mark, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := duckdb.Restore(t.Context(), &backup, target); err != nil {
		t.Fatal(err)
	}
	wantWhole(t, target, 3)
}
