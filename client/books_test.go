package client_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"costd.dev/costd/client"
)

// The bills of all pages, of any size, are the lines of the table, and those of the worked
// month are as docs/semantics.md says.
func TestBills(t *testing.T) {
	s := site(t)
	c := client.New(s.url, "operator")
	file, err := c.BillsCSV(t.Context(), october)
	if err != nil || file.Name != "bills-2026-10.csv" {
		t.Fatal(file, err)
	}
	table := collect(t, file.Records())[1:]
	for _, limit := range []int{0, 1, 2, len(table)} {
		bills := collect(t, c.AllBills(t.Context(), client.BillsRequest{Month: october, Limit: limit}))
		if len(bills) != len(table) {
			t.Fatalf("limit %d: %d bills, the table has %d", limit, len(bills), len(table))
		}
		for i, b := range bills {
			got := []string{fmt.Sprint(b.ClientID), b.ClientName, b.Currency, b.State, fmt.Sprint(b.Rows), fmt.Sprint(b.RowsInError)}
			if want := append(slices.Clone(table[i][1:5]), table[i][9:11]...); !slices.Equal(got, want) {
				t.Errorf("limit %d: %+v, in the table %q", limit, b, table[i])
			}
			if b.ClientID == 7001 && (b.Total == nil || b.Total.String() != "23724.25" || b.Commit.String() != "18600" || b.Overcommit.String() != "5124.25" || b.State != "open") {
				t.Errorf("the worked month is %+v", b)
			}
		}
	}
	page, err := c.Bills(t.Context(), client.BillsRequest{Limit: 1})
	if err != nil || len(page.Bills) != 1 || page.NextCursor == "" || page.Month == 0 {
		t.Errorf("%+v, %v", page, err)
	}
	_, err = s.client(fleetKey).Bills(t.Context(), client.BillsRequest{})
	if refused, ok := errors.AsType[*client.Error](err); !ok || refused.StatusCode != 403 {
		t.Errorf("an administrator: %v", err)
	}
	for _, err := range s.client(fleetKey).AllBills(t.Context(), client.BillsRequest{}) {
		if err == nil {
			t.Error("an administrator gets bills")
		}
	}
}

// The worked month, explained to its administrator and to an operator.
func TestExplain(t *testing.T) {
	s := site(t)
	report, err := s.client(acmeKey).MonthlyTotals(t.Context(), client.MonthlyTotalsRequest{YearMonth: october})
	if err != nil || len(report.Results) != 2 {
		t.Fatal(report, err)
	}
	row := report.Results[0].Base()
	request := client.ExplainRequest{Month: october, Type: row.Type, Metric: row.Metric, RegionID: row.RegionID, Dimension: report.Results[0].Dimension()}
	for _, c := range []*client.Client{s.client(acmeKey), client.New(s.url, "operator", client.WithClientID(7001))} {
		e, err := c.Explain(t.Context(), request)
		if err != nil || len(e.Rows) != 2 || len(e.Commitments) != 1 || len(e.Days) != 31 {
			t.Fatalf("%+v, %v", e, err)
		}
		for i, r := range e.Rows {
			want := report.Results[i].Base()
			if r.Feature+" - "+r.Kind != want.FeatureName || !r.Shown.BillingValue.Equal(want.BillingValue) || !r.Shown.Cost.Equal(*want.Cost) {
				t.Errorf("explained as %+v, in the report %+v", r, want)
			}
		}
		if d := e.Days[27]; d.Day.String() != "2026-10-28" || d.Used.Exact != "4320" || d.Draws[0].Taken.Exact != "1830" || d.Price == nil || d.Cost.Exact != "16517/20" {
			t.Errorf("the day on which the pool runs out: %+v", d)
		}
	}
	request.ResourceID = "nobody"
	_, err = s.client(acmeKey).Explain(t.Context(), request)
	if missing, ok := errors.AsType[*client.Error](err); !ok || missing.StatusCode != 404 {
		t.Errorf("a resource that there is not: %v", err)
	}
}
