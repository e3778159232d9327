package gcore_test

import (
	"strings"
	"testing"

	"costd.dev/costd"
)

const pricesCatalog = `
clients:
  - {id: 1001, name: Acme, currency: EUR, show_prices: true}
  - {id: 2002, name: Hidden, currency: EUR, show_prices: false}
regions: [{id: 76, name: Luxembourg-2}]
prices:
  - {type: instance, metric: m_min, feature: Instance, currency: EUR, unit: H, unit_size: 60, unit_price: "1", effective_from: 2026-01-01}
commitments:
  - {id: hidden, client_id: 2002, type: instance, metric: m_min, region_id: 76, dimension: f, count: 1, unit_price: "1", active_from: 2026-01-01}
`

// unpriced writes an hour of a metric that has no price.
func unpriced(client string) string {
	return `{"client_id":` + client + `,"project_id":501,"region_id":76,"type":"volume","resource_id":"v","metric":"nowhere_gbm","size":1,` +
		`"start":"2026-10-01T00:00:00Z","end":"2026-10-01T01:00:00Z"}` + "\n"
}

// A client without the right to see prices sees none anywhere: not even what they
// would be counted in.
func TestHiddenPrices(t *testing.T) {
	s := newServer(t)
	s.apply(t, pricesCatalog)
	s.send(t, hours(2002, 501, "a", 1)+unpriced("2002"))
	key := s.key(t, costd.RoleAdministrator, 2002)
	for path, body := range map[string]string{
		monthlyPath: `{"year_month":"2026-10"}`, totalsPath: `{` + period + `}`, resourcesPath: `{` + period + `}`,
	} {
		got := s.report(t, path, key, body)
		if got.PriceStatus != "hide" || len(got.Results) != 2 {
			t.Errorf("%s: %+v", path, got)
		}
		for _, r := range got.Results {
			if r.Cost != nil || r.Currency != nil || r.Err != nil {
				t.Errorf("%s shows %+v", path, r)
			}
		}
		for _, format := range []string{"csv_totals", "csv_records"} {
			body := body[:len(body)-1] + `,"response_format":"` + format + `"}`
			if text := s.call(t, "POST", path, key, body).body; strings.Contains(text, "EUR") || strings.Contains(text, "no price") {
				t.Errorf("%s: %s", path, text)
			}
		}
	}
	csv := s.post(t, monthlyPath, key, `{"year_month":"2026-10","response_format":"csv_totals","types":["instance"]}`)
	if want := "instance,Instance,76,Luxembourg-2,2026-10,minutes,60,44640,,,,\r\n"; !strings.HasSuffix(csv, "\n"+want) {
		t.Errorf("got %s", csv)
	}
	reservations := s.call(t, "GET", reservationsPath, key, "").body
	if strings.Count(reservations, `"price_per_unit":"","price_per_month":"","price_total":""`) != 2 {
		t.Errorf("got %s", reservations)
	}
}

// Usage without a price is no cost of zero, and the reports that show it say so.
func TestMissingPrices(t *testing.T) {
	s := newServer(t)
	s.apply(t, pricesCatalog)
	s.send(t, hours(1001, 501, "a", 1)+unpriced("1001"))
	key := s.key(t, costd.RoleAdministrator, 1001)
	const failure = "no price for nowhere_gbm in region 76 in EUR on 2026-10-01"
	for path, body := range map[string]string{
		monthlyPath: `{"year_month":"2026-10"}`, totalsPath: `{` + period + `}`, resourcesPath: `{` + period + `}`,
	} {
		got := s.report(t, path, key, body)
		if got.PriceStatus != "error" || len(got.Results) != 2 {
			t.Fatalf("%s: %+v", path, got)
		}
		if r := got.Results[0]; r.Err != nil || r.Cost == nil || *r.Cost != "1" || *r.Feature != "Instance - PAYG" {
			t.Errorf("%s: %+v", path, r)
		}
		if r := got.Results[1]; r.Err == nil || *r.Err != failure || r.Cost != nil || r.Feature != nil || *r.Currency != "EUR" {
			t.Errorf("%s: %+v", path, r)
		}
		got = s.report(t, path, key, body[:len(body)-1]+`,"types":["instance"]}`)
		if got.PriceStatus != "show" {
			t.Errorf("%s: %+v", path, got)
		}
	}
	csv := s.post(t, totalsPath, key, `{`+period+`,"response_format":"csv_totals","types":["volume"]}`)
	want := "volume,,76,Luxembourg-2,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,gbminutes,60," + failure + ",,EUR\r\n"
	if !strings.HasSuffix(csv, "\n"+want) {
		t.Errorf("got %s", csv)
	}
	csv = s.post(t, monthlyPath, key, `{"year_month":"2026-10","response_format":"csv_totals","types":["volume"]}`)
	want = "volume,,76,Luxembourg-2,2026-10,gbminutes,60,0,0,," + failure + ",EUR\r\n"
	if !strings.HasSuffix(csv, "\n"+want) {
		t.Errorf("got %s", csv)
	}
}

// Whoever reads one page of a report learns whether costs are missing on any, and that
// they are hidden.
func TestPriceStatusOfAPageIsThatOfTheReport(t *testing.T) {
	s := newServer(t)
	s.apply(t, pricesCatalog)
	s.send(t, hours(1001, 501, "a", 1)+unpriced("1001")+hours(2002, 501, "a", 1)+unpriced("2002"))
	for _, tt := range []struct {
		client     int64
		rest, want string
	}{
		{1001, `"limit":1,"order_by":["region.asc","type.asc"]`, "error"},
		{1001, `"limit":1,"offset":1,"order_by":["type.asc"]`, "error"},
		{1001, `"limit":1,"offset":7`, "error"},
		{1001, `"limit":1,"types":["instance"]`, "show"},
		{1001, `"limit":1,"schema_filter":{"type":"instance","field":"uuid","values":["a"]}`, "show"},
		{2002, `"limit":1`, "hide"},
	} {
		got := s.report(t, resourcesPath, s.key(t, costd.RoleAdministrator, tt.client), `{`+period+`,`+tt.rest+`}`)
		if got.PriceStatus != tt.want {
			t.Errorf("%s: price status %q, want %q", tt.rest, got.PriceStatus, tt.want)
		}
	}
}

// A month without usage or commitments is an empty report, not an error.
func TestEmptyReports(t *testing.T) {
	s := newServer(t)
	s.apply(t, pricesCatalog)
	key := s.key(t, costd.RoleAdministrator, 1001)
	for path, want := range map[string]string{
		monthlyPath:   `{"count":0,"results":[],"price_status":"show"}` + "\n",
		totalsPath:    `{"count":0,"results":[],"price_status":"show"}` + "\n",
		resourcesPath: `{"count":0,"results":[],"price_status":"show"}` + "\n",
		usagePath:     `{"count":0,"resources":[],"totals":[]}` + "\n",
	} {
		body := `{` + period + `}`
		if path == monthlyPath {
			body = ""
		}
		if got := s.post(t, path, key, body); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// A price or client that changes shows in the next report.
func TestCatalogChangesAreSeen(t *testing.T) {
	s := newServer(t)
	s.apply(t, pricesCatalog)
	s.send(t, hours(1001, 501, "a", 1))
	key := s.key(t, costd.RoleAdministrator, 1001)
	cost := func() string { return string(*s.report(t, totalsPath, key, `{`+period+`}`).Results[0].Cost) }
	if got := cost(); got != "1" {
		t.Errorf("cost %s, want 1", got)
	}
	s.apply(t, `prices: [{type: instance, metric: m_min, feature: Instance, currency: EUR, unit: H, unit_size: 60, unit_price: "2.5", effective_from: 2026-01-01}]`)
	if got := cost(); got != "2.5" {
		t.Errorf("cost %s after the price changed, want 2.5", got)
	}
}
