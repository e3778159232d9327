package gcore_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"costd"
)

// CSV and JSON carry the same numbers, whatever is asked for.
func TestFormatsAgree(t *testing.T) {
	s := newFleet(t)
	key := s.key(t, costd.RoleAdministrator, 1001)
	rapid.Check(t, func(rt *rapid.T) {
		body := drawBody(rt)
		month := withField(body, "year_month", "2026-10")
		checkMonthly(t, s.report(t, monthlyPath, key, month).Results, s.csv(t, monthlyPath, key, withField(month, "response_format", "csv_totals")))

		days := withField(body, "time_from", "2026-10-01")
		days = withField(days, "time_to", fmt.Sprintf("2026-10-%02d", rapid.IntRange(1, 31).Draw(rt, "to")))
		checkRows(t, s.report(t, totalsPath, key, days).Results, s.csv(t, totalsPath, key, withField(days, "response_format", "csv_totals")))

		page := strings.TrimSuffix(days, "}") + `,"limit":1000}`
		checkRows(t, s.report(t, resourcesPath, key, page).Results, s.csv(t, resourcesPath, key, withField(days, "response_format", "csv_records")))
	})
}

// drawBody draws filters that all reports have.
func drawBody(t *rapid.T) string {
	fields := map[string]any{"rounding": rapid.Bool().Draw(t, "rounding")}
	some := func() bool { return rapid.IntRange(0, 3).Draw(t, "some") == 0 }
	types := rapid.Map(rapid.SampledFrom(costd.Types), func(i costd.TypeInfo) string { return string(i.Type) })
	if some() {
		fields["types"] = rapid.SliceOf(types).Draw(t, "types")
	}
	if some() {
		fields["regions"] = rapid.SliceOf(rapid.SampledFrom([]int{8, 76, 9})).Draw(t, "regions")
	}
	if some() {
		typ := types.Draw(t, "filter")
		fields["schema_filter"] = map[string]any{"type": typ, "field": "type", "values": []string{typ}}
	}
	if some() {
		fields["tags"] = map[string]any{"conditions": []map[string]any{{"key": "env"}}}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// withField adds a text field to a JSON object.
func withField(body, field, value string) string {
	return fmt.Sprintf("%s,%q:%q}", strings.TrimSuffix(body, "}"), field, value)
}

// csv sends a report request and parses the answer into a map for each line.
func (s *server) csv(t *testing.T, path, key, body string) []map[string]string {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(s.post(t, path, key, body))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	table := make([]map[string]string, len(lines)-1)
	for i, line := range lines[1:] {
		table[i] = map[string]string{}
		for j, name := range lines[0] {
			table[i][name] = line[j]
		}
	}
	return table
}

// checkRows compares reports of which each row is a line.
func checkRows(t *testing.T, rows []row, lines []map[string]string) {
	t.Helper()
	if len(rows) != len(lines) {
		t.Fatalf("%d rows, %d lines", len(rows), len(lines))
	}
	for i, r := range rows {
		l := lines[i]
		if l["Value"] != string(r.BillingValue) || l["Cost"] != costOf(r) || l["Region_id"] != fmt.Sprint(r.RegionID) {
			t.Errorf("row %+v is the line %v", r, l)
		}
	}
}

// checkMonthly compares monthly reports, of which a line holds the rows of one
// line of usage.
func checkMonthly(t *testing.T, rows []row, lines []map[string]string) {
	t.Helper()
	for _, l := range lines {
		want := map[string]string{"Commit": "0", "Overcommit": "0", "PAYG": ""}
		for len(rows) > 0 {
			kind := kindOf(rows[0])
			want[kind] = costOf(rows[0])
			last := kind != "Commit" || len(rows) == 1 || kindOf(rows[1]) != "Overcommit"
			rows = rows[1:]
			if last {
				break
			}
		}
		if want["PAYG"] != "" || l["Error"] != "" {
			want["Overcommit"] = want["PAYG"]
		}
		if l["Commit cost"] != want["Commit"] || l["Overcommit cost"] != want["Overcommit"] {
			t.Errorf("line %v, want %v", l, want)
		}
	}
	if len(rows) > 0 {
		t.Errorf("no line for %+v", rows)
	}
}

func kindOf(r row) string {
	if r.Feature == nil {
		return "PAYG"
	}
	return (*r.Feature)[strings.LastIndex(*r.Feature, " ")+1:]
}

func costOf(r row) string {
	if r.Cost == nil {
		return ""
	}
	return string(*r.Cost)
}
