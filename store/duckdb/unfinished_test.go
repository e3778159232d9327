package duckdb_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
)

// TestUnfinishedDatabase has what a loss of power leaves of a database that the first start
// was making: headers, whole or never written. The next start makes it anew, but not if
// something else says that there was more, nor where a header is no header.
func TestUnfinishedDatabase(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole")
	db, err := duckdb.Open(t.Context(), duckdb.Options{Path: whole, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	made, err := os.ReadFile(filepath.Join(whole, duckdb.DatabaseFile))
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	blank := make([]byte, page)
	torn := append(bytes.Clone(made[:10]), blank[10:]...)
	for _, tt := range []struct {
		name   string
		text   []byte
		beside string // a file that has something
		starts bool
	}{
		{"nothing", nil, "", true},
		{"the first header", made[:page], "", true},
		{"two headers", made[:2*page], "", true},
		{"the second header never written", append(append(bytes.Clone(made[:page]), blank...), made[2*page:3*page]...), "", true},
		{"a key beside it", made[:page], duckdb.OperatorKeyFile, false},
		{"a log beside it", made[:page], duckdb.DatabaseFile + ".wal", false},
		{"a torn header", torn, "", false},
		{"another file", []byte("a text of somebody"), "", false},
		{"a block behind a blank header", append(append(bytes.Clone(made[:page]), blank...), made[2*page:]...), "", false},
	} {
		folder := t.TempDir()
		write := func(name string, text []byte) {
			if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(duckdb.DatabaseFile, tt.text)
		if tt.beside != "" {
			write(tt.beside, []byte("something"))
		}
		db, err := duckdb.Open(t.Context(), duckdb.Options{Path: folder, Logger: slog.New(slog.DiscardHandler)})
		if err == nil {
			err = db.Close()
		}
		if tt.starts != (err == nil) || err != nil && costd.ErrorCode(err) != costd.Unavailable {
			t.Errorf("%s: %v; want that it starts: %v", tt.name, err, tt.starts)
		}
		if left, err := os.ReadFile(filepath.Join(folder, duckdb.DatabaseFile)); !tt.starts && (err != nil || !bytes.Equal(left, tt.text)) {
			t.Errorf("%s: what was refused was altered, %v", tt.name, err)
		}
	}
}
