package gcore_test

import (
	"fmt"
	"strings"
	"testing"

	"costd.dev/costd"
)

// workedCatalog and workedUsage are the worked month of docs/semantics.md.
const workedCatalog = `
clients: [{id: 1001, name: Acme, currency: EUR, show_prices: true}]
regions: [{id: 76, name: Luxembourg-2}]
projects: [{id: 501, client_id: 1001, name: training}]
prices:
  - {type: ai_cluster, metric: bm3-ai-1xlarge-h100-80-8_min, region_id: 76, feature: "AI Infrastructure: bm3-ai-1xlarge-h100-80-8 {region}",
     currency: EUR, unit: H, unit_size: 60, unit_price: "19.90", effective_from: 2026-01-01}
commitments:
  - {id: acme-h100, client_id: 1001, type: ai_cluster, metric: bm3-ai-1xlarge-h100-80-8_min, region_id: 76, count: 2, unit_size_month: "744",
     dimension: bm3-ai-1xlarge-h100-80-8, unit_price: "12.50", overcommit_unit_price: "19.90", active_from: 2026-01-01, active_to: 2027-01-01}
`

func workedUsage() string {
	var b strings.Builder
	for _, s := range [][3]string{
		{"A", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"},
		{"B", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"},
		{"C", "2026-10-21T06:30:00Z", "2026-11-01T00:00:00Z"},
		{"A", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
	} {
		b.WriteString(workedServer(s[0]+s[0]+s[0], s[1], s[2]))
	}
	return b.String()
}

// workedServer writes that a server of the committed line ran for a time.
func workedServer(name, start, end string) string {
	return fmt.Sprintf(`{"client_id":1001,"project_id":501,"region_id":76,"type":"ai_cluster","resource_id":%q,`+
		`"metric":"bm3-ai-1xlarge-h100-80-8_min","flavor":"bm3-ai-1xlarge-h100-80-8","tags":{"team":%[1]q},"name":"server %[1]s",`+
		`"start":%[2]q,"end":%[3]q}`+"\n", name, start, end)
}

func TestWorkedMonth(t *testing.T) {
	s := newServer(t)
	s.apply(t, workedCatalog)
	s.send(t, workedUsage())
	key := s.key(t, costd.RoleAdministrator, 1001)
	const unfiltered = "Commit 89280 18600, Overcommit 15450 5124.25"
	const ofA = "Commit 39490 8227.08333, Overcommit 5150 1708.08333"
	const ofC = "Commit 10300 2145.83333, Overcommit 5150 1708.08333"
	filter := func(field, value string) string {
		return fmt.Sprintf(`"schema_filter":{"type":"ai_cluster","field":%q,"values":[%q]}`, field, value)
	}
	for _, tt := range []struct{ body, want string }{
		{`{"year_month":"2026-10"}`, unfiltered},
		{`{"year_month":"2026-10","regions":[76],"types":["ai_cluster"]}`, unfiltered},
		{`{"year_month":"2026-10","regions":[],"types":[]}`, unfiltered},
		{`{"time_from":"2026-10"}`, unfiltered},
		{`{"time_to":"2026-10-31T23:59:59.999Z"}`, unfiltered},
		{`{"time_from":"2026-10-01","time_to":"2026-10-31"}`, unfiltered},
		{`{"year_month":"2026-10","time_from":"2026-11"}`, unfiltered},
		{`{"year_month":"2026-10","regions":[8]}`, ""},
		{`{"year_month":"2026-10","types":["volume"]}`, ""},
		{`{"year_month":"2026-10","types":["inference_public_models"]}`, ""},
		{`{"year_month":"2026-10",` + filter("uuid", "AAA") + `}`, ofA},
		{`{"year_month":"2026-10",` + filter("uuid", "BBB") + `}`, ofA},
		{`{"year_month":"2026-10",` + filter("uuid", "CCC") + `}`, ofC},
		{`{"year_month":"2026-10",` + filter("last_name", "server CCC") + `}`, ofC},
		{`{"year_month":"2026-10",` + filter("uuid", "D") + `}`, ""},
		{`{"year_month":"2026-10",` + filter("type", "ai_cluster") + `}`, "Commit 89280 18600, Overcommit 15450 5124.25"},
		{`{"year_month":"2026-10","schema_filter":{"type":"ai_cluster","field":"uuid","values":[]}}`, ""},
		{`{"year_month":"2026-10","types":["volume"],` + filter("uuid", "CCC") + `}`, ""},
		{`{"year_month":"2026-10","tags":{"conditions":[{"key":"team","value":"CCC"}]}}`, ofC},
		{`{"year_month":"2026-10","tags":{"conditions":[{"value":"ccc","strict":false}]}}`, ofC},
		{`{"year_month":"2026-10","tags":{"conditions":[{"value":"ccc"}]}}`, ""},
		{`{"year_month":"2026-10","tags":{"conditions":[{"value":"AAA"},{"value":"BBB"}],"condition_type":"AND"}}`, ""},
		{`{"year_month":"2026-10","tags":{"conditions":[{"value":"CCC"}]},` + filter("uuid", "AAA") + `}`, ""},
		{`{"year_month":"2026-11"}`, "Commit 43200 18600"},
		{`{"year_month":"2026-11",` + filter("uuid", "AAA") + `}`, "Commit 43200 9000"},
		{`{}`, "Commit 43200 18600"}, // the clock says November
		{``, "Commit 43200 18600"},
		{`{"year_month":"2026-09"}`, "Commit 0 18600"},
		{`{"year_month":"2025-12"}`, ""},
		{`{"year_month":"2027-01"}`, ""},
		{`{"year_month":"2026-10","rounding":false,` + filter("uuid", "CCC") + `}`,
			"Commit 10300 2145.833333333333333333, Overcommit 5150 1708.083333333333333333"},
	} {
		if got := summary(s.report(t, monthlyPath, key, tt.body).Results); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.body, got, tt.want)
		}
	}
}

// summary writes the kind, value and cost of rows that all have the worked
// month's line.
func summary(rows []row) string {
	var parts []string
	for _, r := range rows {
		kind := strings.TrimPrefix(*r.Feature, "AI Infrastructure: bm3-ai-1xlarge-h100-80-8 Luxembourg-2 - ")
		parts = append(parts, fmt.Sprint(kind, " ", r.BillingValue, " ", *r.Cost))
	}
	return strings.Join(parts, ", ")
}

func TestWorkedMonthCSV(t *testing.T) {
	s := newServer(t)
	s.apply(t, workedCatalog)
	s.send(t, workedUsage())
	key := s.key(t, costd.RoleAdministrator, 1001)
	r := s.call(t, "POST", monthlyPath, key, `{"year_month":"2026-10","response_format":"csv_totals"}`)
	want := "Type,Feature,Region_id,Region_name,Period,Units,Value,Commit value,Commit cost,Overcommit cost,Error,Currency\r\n" +
		"ai_cluster,AI Infrastructure: bm3-ai-1xlarge-h100-80-8 Luxembourg-2,76,Luxembourg-2,2026-10,minutes,104730,89280,18600,5124.25,,EUR\r\n"
	if r.body != want {
		t.Errorf("got %s", r.body)
	}
	if got := r.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Errorf("Content-Type %s", got)
	}
	if got := r.Header.Get("Content-Disposition"); got != `attachment; filename="reservation-cost-totals-2026-10.csv"` {
		t.Errorf("Content-Disposition %s", got)
	}
}

// Resources of which the pool covers nothing, as it had run out before, have no Commit
// row; the table has their line's pool all the same.
func TestMonthlyCSVHasThePoolOfWhatIsSelected(t *testing.T) {
	s := newServer(t)
	s.apply(t, workedCatalog)
	s.send(t, workedUsage()+workedServer("LATE", "2026-10-31T23:00:00Z", "2026-11-01T00:00:00Z"))
	key := s.key(t, costd.RoleAdministrator, 1001)
	body := `{"year_month":"2026-10","schema_filter":{"type":"ai_cluster","field":"uuid","values":["LATE"]}`
	if got := summary(s.report(t, monthlyPath, key, body+"}").Results); got != "Overcommit 60 19.9" {
		t.Errorf("got %s", got)
	}
	got := s.post(t, monthlyPath, key, body+`,"response_format":"csv_totals"}`)
	if want := ",2026-10,minutes,60,89280,0,19.9,,EUR\r\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want it to end in %s", got, want)
	}
}
