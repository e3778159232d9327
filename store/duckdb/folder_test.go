package duckdb_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
)

// wantMoved wants the store to refuse all that would write or read, and Close to say so.
func wantMoved(t *testing.T, db *embedded.Store) {
	t.Helper()
	calls := map[string]error{"Check": db.Check(t.Context()), "Backup": db.Backup(t.Context(), io.Discard)}
	_, calls["Write"] = db.Write(t.Context(), fleet(2, 10, 2))
	month := costd.Query{ClientID: 1, Period: october}
	_, calls["Lines"] = db.Lines(t.Context(), month)
	_, _, calls["Resources"] = db.Resources(t.Context(), month, costd.Page{})
	_, _, calls["Entries"] = db.Entries(t.Context())
	_, calls["Version"] = db.Version(t.Context())
	_, calls["Apply"] = db.Apply(t.Context(), 0, costd.Entries{})
	calls["Close"] = db.Close()
	for name, err := range calls {
		if costd.ErrorCode(err) != costd.Unavailable {
			t.Errorf("%s in a folder that is gone: %v, want Unavailable", name, err)
		}
	}
}

// openAlone opens a store that the test closes by itself.
func openAlone(t *testing.T, folder string) *embedded.Store {
	t.Helper()
	db, err := embedded.Open(t.Context(), embedded.Options{Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Write(t.Context(), fleet(1, 10, 2)); err != nil {
		t.Fatal(err)
	}
	return db
}

// TestFolderMoved moves the folder under the store. What it answered is in the folder
// that was moved, and it answers nothing more.
func TestFolderMoved(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	db := openAlone(t, folder)
	if err := os.Rename(folder, folder+"-2"); err != nil {
		t.Fatal(err)
	}
	wantMoved(t, db)
	if _, err := os.Stat(folder); err == nil {
		t.Error("the store made a folder in the place of the one that was moved")
	}
	if got := hours(t, open(t, folder+"-2"), 1); got != 20 {
		t.Errorf("%d hours, want 20", got)
	}
}

// TestFolderMovedBack puts the folder back, and the store goes on.
func TestFolderMovedBack(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	db := openAlone(t, folder)
	for _, names := range [][2]string{{folder, folder + "-2"}, {folder + "-2", folder}} {
		if err := os.Rename(names[0], names[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := db.Write(t.Context(), fleet(2, 10, 2)); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// TestFolderReplaced puts a copy in the place of the folder. The store that still has
// the old one open must leave the copy, with its log, as it is.
func TestFolderReplaced(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	db := openAlone(t, folder)
	if err := os.CopyFS(folder+"-2", os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(folder+"-2", folder); err != nil {
		t.Fatal(err)
	}
	wantMoved(t, db)
	if got := hours(t, open(t, folder), 1); got != 20 {
		t.Errorf("the copy has %d hours, want 20", got)
	}
}

// TestFolderOfAnother has another process open the folder, as where folders and files
// cannot be locked, and leave its files as they were. The store that was there first must
// neither write over what the other one has written nor answer what is old.
func TestFolderOfAnother(t *testing.T) {
	folder := t.TempDir()
	db := openAlone(t, folder)
	if got := hours(t, db, 1); got != 20 {
		t.Errorf("%d hours, want 20", got)
	}
	if err := duckdb.MarkByAnother(folder); err != nil {
		t.Fatal(err)
	}
	wantMoved(t, db)
	if got := hours(t, open(t, folder), 1); got != 20 {
		t.Errorf("%d hours afterwards, want 20", got)
	}
}

// TestLockFileMoved takes the lock's file away. The folder stays locked.
func TestLockFileMoved(t *testing.T) {
	folder := t.TempDir()
	db := openAlone(t, folder)
	defer db.Close()
	if err := os.Remove(filepath.Join(folder, "costd.lock")); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, folder, costd.Unavailable, "in use", folder)
}

// TestFolderWithoutDatabase leaves a key or a log in a folder whose database is gone.
func TestFolderWithoutDatabase(t *testing.T) {
	for _, name := range []string{duckdb.OperatorKeyFile, duckdb.DatabaseFile + ".wal"} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, name), []byte("secret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		wantOpenError(t, folder, costd.Unavailable, folder, name, "restore a backup")
		if _, err := os.Stat(filepath.Join(folder, duckdb.DatabaseFile)); err == nil {
			t.Errorf("a database was made beside %s", name)
		}
	}
}

// TestFolderIsPrivate wants others to be kept out, also of a folder that was open to
// them.
func TestFolderIsPrivate(t *testing.T) {
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	db := openAlone(t, folder)
	defer db.Close()
	for name, want := range map[string]os.FileMode{"": 0o700, duckdb.DatabaseFile: 0o600} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q has mode %v, want %v; %v", name, info.Mode().Perm(), want, err)
		}
	}
}
