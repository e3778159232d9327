package gcore_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"costd.dev/costd"
)

const hugeCatalog = `
clients: [{id: 1001, name: Acme, currency: EUR, show_prices: true}]
regions: [{id: 76, name: Luxembourg-2}]
prices:
  - {type: instance, metric: m_min, feature: Instance, currency: EUR, unit: H, unit_size: 60, unit_price: "1", effective_from: 2026-01-01}
  - {type: functions, metric: huge, feature: Huge, currency: EUR, unit: GBS, unit_size: 1, unit_price: "99999999999999999999", effective_from: 2026-01-01}
`

// huge writes usage whose cost has 40 digits.
const huge = `{"client_id":1001,"project_id":999,"region_id":76,"type":"functions","resource_id":"huge","metric":"huge",` +
	`"quantity":"99999999999999999999","start":"2026-10-01T00:00:00Z","end":"2026-10-01T01:00:00Z"}` + "\n"

// A cost that cannot be shown exactly is an error in words, never a wrong number.
func TestOverflow(t *testing.T) {
	s := newServer(t)
	s.apply(t, hugeCatalog)
	s.send(t, huge)
	key := s.key(t, costd.RoleAdministrator, 1001)
	for path, body := range map[string]string{
		monthlyPath: `{"year_month":"2026-10"}`, totalsPath: `{` + period + `}`, resourcesPath: `{` + period + `}`,
	} {
		for _, format := range []string{"json", "csv_totals", "csv_records"} {
			if path == resourcesPath && format == "csv_totals" || path != resourcesPath && format == "csv_records" {
				continue
			}
			r := s.call(t, "POST", path, key, body[:len(body)-1]+`,"response_format":"`+format+`"}`)
			if e := parseError(t, r); r.StatusCode != 422 || e.ExceptionClass != "OverflowError" || r.Header.Get("Content-Disposition") != "" {
				t.Errorf("%s as %s: %d %s %v", path, format, r.StatusCode, r.body, r.Header)
			}
		}
	}
	if got := s.report(t, usagePath, key, `{`+period+`}`); got.Totals[0].BillingValue != "99999999999999999999" {
		t.Errorf("usage %v", got)
	}
}

// A report that fails after it has begun is cut off, so that nobody takes it for
// the whole.
func TestFailureWithinAStream(t *testing.T) {
	s := newServer(t)
	s.apply(t, hugeCatalog)
	var usage strings.Builder
	for i := range 600 {
		usage.WriteString(hours(1001, 1, fmt.Sprint("resource-", i), 1))
	}
	s.send(t, usage.String()+huge)
	key := s.key(t, costd.RoleAdministrator, 1001)
	for _, format := range []string{"json", "csv_records"} {
		body := `{` + period + `,"limit":1000,"order_by":["project.%s"],"response_format":"` + format + `"}`
		if r := s.call(t, "POST", resourcesPath, key, fmt.Sprintf(body, "desc")); r.StatusCode != 422 {
			t.Errorf("%s failing at its start: %d", format, r.StatusCode)
		}
		text, err := s.read(t, resourcesPath, key, fmt.Sprintf(body, "asc"))
		if err == nil || len(text) < 1000 {
			t.Errorf("%s failing at its end: %d bytes read, error %v", format, len(text), err)
		}
		if r := s.call(t, "POST", resourcesPath, key, `{`+period+`,"types":["instance"],"limit":1000,"response_format":"`+format+`"}`); r.StatusCode != 200 ||
			strings.Count(r.body, "resource-") != 2*600 || r.Header.Get("Content-Length") != "" {
			t.Errorf("%s of 600 rows: %d, %d bytes, %v", format, r.StatusCode, len(r.body), r.Header)
		}
	}
}

// read sends a report request and returns what of its answer can be read.
func (s *server) read(t *testing.T, path, key, body string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "APIKey "+key)
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}
