package gcore_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/demo"
	"costd.dev/costd/internal/fleettest"
)

// CSV and JSON carry the same numbers, and the usage report those of the cost reports,
// whatever is asked for: of a customer with all types and awkward names,
func TestAnswersAgree(t *testing.T) {
	s := newFleet(t)
	key := s.key(t, costd.RoleAdministrator, 1001)
	rapid.Check(t, func(rt *rapid.T) {
		fields := drawFields(rt)
		s.compareMonth(t, key, "2026-10", fields)
		s.comparePeriod(t, key, "2026-10-01", fmt.Sprintf("2026-10-%02d", rapid.IntRange(1, 31).Draw(rt, "to")), fields)
	})
}

// of random ones,
func TestAnswersAgreeOnRandomFleets(t *testing.T) {
	s := newServer(t)
	client := int64(1000)
	rapid.Check(t, func(rt *rapid.T) {
		client++
		f := fleettest.Draw(rt, client)
		s.load(t, f.Entries, f.Usage)
		key := s.key(t, costd.RoleAdministrator, client)
		q := f.DrawQuery(rt)
		fields := fieldsOf(q)
		fields["rounding"] = rapid.Bool().Draw(rt, "rounding")
		s.compareMonth(t, key, costd.MonthOf(q.Period.From).String(), fields)
		s.comparePeriod(t, key, q.Period.From.String(), q.Period.To.String(), fields)
	})
}

// and of those of the demo, of whom one may not see prices and one has usage without.
func TestAnswersAgreeOnTheDemo(t *testing.T) {
	s := newServer(t)
	entries := demo.Entries(now)
	s.load(t, entries, slices.Collect(demo.Usage(now)))
	for _, client := range entries.Clients {
		key := s.key(t, costd.RoleAdministrator, client.ID)
		for month := costd.NewMonth(2026, time.September); month <= costd.NewMonth(2026, time.November); month++ {
			for _, rounding := range []bool{true, false} {
				fields := map[string]any{"rounding": rounding}
				s.compareMonth(t, key, month.String(), fields)
				s.comparePeriod(t, key, month.Period().From.String(), month.Period().To.String(), fields)
			}
		}
	}
}

// compareMonth compares the monthly report in both formats.
func (s *server) compareMonth(t *testing.T, key, month string, fields map[string]any) {
	t.Helper()
	report := s.report(t, monthlyPath, key, body(t, fields, "year_month", month))
	checkMonthly(t, report, s.csv(t, monthlyPath, key, body(t, fields, "year_month", month, "response_format", "csv_totals")))
}

// comparePeriod compares the reports of a period in both formats.
func (s *server) comparePeriod(t *testing.T, key, from, to string, fields map[string]any) {
	t.Helper()
	period := []any{"time_from", from, "time_to", to}
	totals := s.report(t, totalsPath, key, body(t, fields, period...))
	checkRows(t, totals.Results, s.csv(t, totalsPath, key, body(t, fields, append(period, "response_format", "csv_totals")...)))

	report := s.report(t, resourcesPath, key, body(t, fields, append(period, "limit", 100_000)...))
	lines := s.csv(t, resourcesPath, key, body(t, fields, append(period, "response_format", "csv_records")...))
	checkRows(t, report.Results, lines)
	if report.Count != len(lines) {
		t.Errorf("%d rows are counted, %d are in the CSV", report.Count, len(lines))
	}
	s.compareUsage(t, key, body(t, fields, append(period, "limit", 100_000, "rounding", nil)...), totals.Results, report.Results)
}

// compareUsage compares the usage report with the rows of the cost reports.
func (s *server) compareUsage(t *testing.T, key, body string, totals, resources []row) {
	t.Helper()
	usage := s.report(t, usagePath, key, body)
	totals = slices.DeleteFunc(totals, func(r row) bool { return r.Type == string(costd.Backup) }) // of which it has no totals
	for name, rows := range map[string][2][]row{"totals": {usage.Totals, totals}, "resources": {usage.Resources, resources}} {
		if len(rows[0]) != len(rows[1]) {
			t.Errorf("%d %s of usage, %d of costs", len(rows[0]), name, len(rows[1]))
			continue
		}
		for i, r := range rows[1] {
			r.Feature, r.Cost, r.Currency, r.Err = nil, nil, nil, nil
			if rows[0][i] != r {
				t.Errorf("%s: usage %+v, costs %+v", name, rows[0][i], r)
			}
		}
	}
}

// body writes the fields, and more of them, as a JSON object. Nil leaves a field out.
func body(t *testing.T, fields map[string]any, more ...any) string {
	t.Helper()
	all := maps.Clone(fields)
	for pair := range slices.Chunk(more, 2) {
		all[pair[0].(string)] = pair[1]
	}
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// drawFields draws filters that all reports have.
func drawFields(t *rapid.T) map[string]any {
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
	return fields
}

// fieldsOf returns the filters of a query as a request has them.
func fieldsOf(q costd.Query) map[string]any {
	fields := map[string]any{}
	if q.Regions != nil {
		fields["regions"] = q.Regions
	}
	if q.Types != nil {
		fields["types"] = q.Types
	}
	if q.Filter != nil {
		fields["schema_filter"] = map[string]any{"type": q.Filter.Type, "field": q.Filter.Field, "values": q.Filter.Values}
	}
	if q.Tags != nil {
		condition := map[string]any{"key": q.Tags.Conditions[0].Key, "strict": q.Tags.Conditions[0].Strict}
		if value := q.Tags.Conditions[0].Value; value != "" {
			condition["value"] = value
		}
		fields["tags"] = map[string]any{"conditions": []any{condition}}
	}
	return fields
}

// A line is a line of a CSV file, by the names of its columns.
type line map[string]string

// csv sends a report request and parses the answer.
func (s *server) csv(t *testing.T, path, key, body string) []line {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(s.post(t, path, key, body))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	lines := make([]line, len(records)-1)
	for i, record := range records[1:] {
		lines[i] = line{}
		for j, name := range records[0] {
			lines[i][name] = record[j]
		}
	}
	return lines
}

// wants complains about columns that do not hold what they should.
func (l line) wants(t *testing.T, want line) {
	t.Helper()
	for name, value := range want {
		if got, ok := l[name]; ok && got != value {
			t.Errorf("%s is %q, want %q, in %v", name, got, value, l)
		}
	}
}

// common returns what the columns that all tables have should hold for a row.
func (r *row) common() line {
	return line{
		"Type": r.Type, "Service": r.Type, "Region_id": fmt.Sprint(r.RegionID), "Units": r.Unit,
		"Error": text(r.Err), "Currency": text(r.Currency),
	}
}

// checkRows compares reports of which each row is a line.
func checkRows(t *testing.T, rows []row, lines []line) {
	t.Helper()
	if len(rows) != len(lines) {
		t.Fatalf("%d rows, %d lines", len(rows), len(lines))
	}
	for i, r := range rows {
		lines[i].wants(t, r.common())
		lines[i].wants(t, line{"Value": string(r.BillingValue), "Cost": costOf(r), "Feature": disarm(text(r.Feature))})
		if r.UUID != "" { // egress traffic and external IPs have none in JSON
			lines[i].wants(t, line{"UUID": r.UUID, "Service_name": disarm(r.LastName)})
		}
		if r.FirstSeen != "" {
			lines[i].wants(t, line{"Project_id": fmt.Sprint(r.ProjectID), "First_seen": r.FirstSeen, "Last_seen": r.LastSeen})
		}
	}
}

// checkMonthly compares monthly reports. A line has one or two rows: what is covered,
// and what goes beyond it.
func checkMonthly(t *testing.T, report table, lines []line) {
	t.Helper()
	rows := report.Results
	for _, l := range lines {
		n := 1
		if len(rows) > 1 && kindOf(rows[0]) == "Commit" && kindOf(rows[1]) == "Overcommit" && rows[0].sameLine(rows[1]) {
			n = 2
		}
		if len(rows) < n {
			t.Fatalf("no row for %v", l)
		}
		checkMonthlyLine(t, l, rows[:n], report.PriceStatus == "hide")
		rows = rows[n:]
	}
	if len(rows) > 0 {
		t.Errorf("no line for %+v", rows)
	}
}

func checkMonthlyLine(t *testing.T, l line, rows []row, hidden bool) {
	t.Helper()
	last := rows[len(rows)-1]
	feature := strings.TrimSuffix(text(last.Feature), " - "+kindOf(last))
	want := line{"Commit cost": "0", "Overcommit cost": "0", "Feature": disarm(feature)}
	if hidden {
		want["Commit cost"], want["Overcommit cost"] = "", ""
	}
	value, sum := decimal.MustParse(l["Value"]).Rational(), decimal.Rational{}
	for _, r := range rows {
		column := "Overcommit cost"
		if kindOf(r) == "Commit" {
			column = "Commit cost"
		}
		want[column] = costOf(r)
		sum = sum.Add(decimal.MustParse(string(r.BillingValue)).Rational())
	}
	l.wants(t, want)
	l.wants(t, last.common())
	off := value.Sub(sum)
	if off.Sign() < 0 {
		off = sum.Sub(value)
	}
	if off.Cmp(decimal.Fraction(int64(len(rows)-1), 1_000_000_000)) > 0 { // rows are rounded, and so is their sum
		t.Errorf("the values of the rows are not that of %v: %v", l, rows)
	}
	// A filter may leave Overcommit without its Commit: the pool is that of the whole line.
	if payg := kindOf(rows[0]) == "PAYG"; payg != (l["Commit value"] == "0") {
		t.Errorf("Commit value %s for a row of %s: %v", l["Commit value"], kindOf(rows[0]), l)
	}
}

// sameLine reports whether r and s are about one line of usage.
func (r row) sameLine(s row) bool {
	key := func(r row) [7]string {
		return [7]string{r.Type, fmt.Sprint(r.RegionID), r.BillingMetricName, r.Flavor, r.VolumeType, r.FileShareType, r.InstanceType}
	}
	return key(r) == key(s)
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

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// disarm writes a text as CSV does.
func disarm(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
