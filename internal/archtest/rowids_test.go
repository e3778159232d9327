package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// rowIDExceptions are the files that may use the numbers of stored rows, as slash-separated
// ends of their names, and why.
var rowIDExceptions = map[string]string{
	"store/duckdb/find.go":      "deletes by them what the same transaction found, under the write token: no checkpoint can run in between",
	"store/duckdb/sql/find.sql": "finds what find.go deletes",
	"store/duckdb/migrations":   "a migration that was applied stays as it is; 0005 takes the numbers out of the view",
}

// TestNoRowIDs looks through all Go source but tests, and all SQL.
func TestNoRowIDs(t *testing.T) {
	used := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.ToSlash(path)
		if d.IsDir() && path != root && (d.Name()[0] == '.' || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || strings.HasSuffix(name, "_test.go") || !strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".sql") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		complaints, err := CheckRowIDs(name, source)
		for _, complaint := range complaints {
			if allowed, ok := rowIDException(name); ok {
				used[allowed] = true
				continue
			}
			t.Error(complaint)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for file := range rowIDExceptions {
		if !used[file] {
			t.Errorf("%s uses no row numbers any more; take it off the exceptions", file)
		}
	}
}

func rowIDException(name string) (string, bool) {
	for file := range rowIDExceptions {
		if strings.HasSuffix(name, file) || strings.Contains(name, file+"/") {
			return file, true
		}
	}
	return "", false
}

func TestRowIDRuleFires(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		want         int
	}{
		{"a.go", "package a\n\nconst q = \"SELECT p.rowid FROM part p\"", 1},
		{"a.go", "package a\n\nvar q = `SELECT\n\tRowID AS stored_row`", 1},
		{"a.go", "package a\n\n// rowid is not kept.\nconst q = `SELECT 1 -- no rowid`", 0},
		{"a.go", "package a\n\nvar rowid = \"browidth\"", 0},
		{"a.sql", "SELECT rowid\nFROM part", 1},
		{"a.sql", "-- no rowid here\nSELECT number FROM state", 0},
	} {
		complaints, err := CheckRowIDs(tt.name, []byte(tt.source))
		if err != nil || len(complaints) != tt.want {
			t.Errorf("%q: %q, %v; want %d", tt.source, complaints, err, tt.want)
		}
	}
}
