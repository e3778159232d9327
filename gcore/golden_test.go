package gcore_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"costd.dev/costd"
)

var update = flag.Bool("update", false, "write what the server answers into testdata/golden")

// The answers about a fleet of all 25 types, byte by byte but for the line breaks
// of JSON. Read the diff of an update with care: it is what clients will see.
func TestGolden(t *testing.T) {
	s := newFleet(t)
	key := s.key(t, costd.RoleAdministrator, 1001)
	const october = `"time_from":"2026-10-01","time_to":"2026-11-01"`
	for _, tt := range []struct{ file, method, path, body string }{
		{"monthly.json", "POST", monthlyPath, `{"year_month":"2026-10"}`},
		{"monthly.csv", "POST", monthlyPath, `{"year_month":"2026-10","response_format":"csv_totals"}`},
		{"monthly-unrounded.json", "POST", monthlyPath, `{"year_month":"2026-10","rounding":false,"types":["ai_cluster","instance"]}`},
		{"totals.json", "POST", totalsPath, `{` + october + `}`},
		{"totals.csv", "POST", totalsPath, `{` + october + `,"response_format":"csv_totals"}`},
		{"resources.json", "POST", resourcesPath, `{` + october + `,"limit":1000}`},
		{"records.csv", "POST", resourcesPath, `{` + october + `,"response_format":"csv_records","limit":1}`},
		{"usage.json", "POST", usagePath, `{` + october + `,"limit":1000}`},
		{"reservations.json", "GET", reservationsPath, ""},
		{"reservations-october.json", "GET", reservationsPath + "?time_from=2026-10-01&time_to=2026-11-01&order_by=active_to.asc", ""},
		{"projects.json", "GET", projectsPath, ""},
		{"regions.json", "GET", regionsPath, ""},
		{"me.json", "GET", mePath, ""},
	} {
		r := s.call(t, tt.method, tt.path, key, tt.body)
		if r.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", tt.file, r.StatusCode, r.body)
		}
		compare(t, tt.file, r.body)
	}
}

// compare holds an answer against its golden file.
func compare(t *testing.T, file, got string) {
	t.Helper()
	text := []byte(got)
	if filepath.Ext(file) == ".json" {
		var b bytes.Buffer
		if err := json.Indent(&b, text, "", " "); err != nil { // keeps the order of keys and the digits of numbers
			t.Fatalf("%s: %v", got, err)
		}
		text = b.Bytes()
	}
	name := filepath.Join("testdata", "golden", file)
	if *update {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := readFile(t, name); want != string(text) {
		t.Errorf("%s differs; got\n%s", file, text)
	}
}
