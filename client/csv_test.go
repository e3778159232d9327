package client_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"costd.dev/costd/client"
	"costd.dev/costd/decimal"
)

// CSV and JSON carry the same numbers.
func TestCSV(t *testing.T) {
	c := site(t).client(fleetKey)
	all := reports(t, c)
	monthly, err := c.MonthlyTotalsCSV(t.Context(), client.MonthlyTotalsRequest{YearMonth: october})
	compareCSV(t, monthly, err, "reservation-cost-totals-2026-10.csv", all["monthly totals"], "Commit cost", "Overcommit cost")
	totals, err := c.CostTotalsCSV(t.Context(), costsOfOctober)
	compareCSV(t, totals, err, "cost-totals-2026-10-01-2026-11-01.csv", all["cost totals"], "Cost")
	request := resourcesOfOctober
	request.Limit = 1 // CSV has all rows
	resources, err := c.CostResourcesCSV(t.Context(), request)
	compareCSV(t, resources, err, "cost-resources-2026-10-01-2026-11-01.csv", all["cost resources"], "Cost")
}

// compareCSV compares the sums of values and costs.
func compareCSV(t *testing.T, f *client.CSV, err error, name string, rows client.Rows, costs ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	records := collect(t, f.Records())
	var value, cost, wantValue, wantCost decimal.Rational
	for _, record := range records[1:] {
		value = value.Add(number(t, record[slices.Index(records[0], "Value")]))
		for _, column := range costs {
			cost = cost.Add(number(t, record[slices.Index(records[0], column)]))
		}
	}
	for _, row := range rows {
		wantValue = wantValue.Add(row.Base().BillingValue.Rational())
		if row.Base().Cost != nil {
			wantCost = wantCost.Add(row.Base().Cost.Rational())
		}
	}
	if f.Name != name || !value.Equal(wantValue) || !cost.Equal(wantCost) || cost.IsZero() {
		t.Errorf("%s: %s used at %s; want %s: %s at %s", f.Name, value, cost, name, wantValue, wantCost)
	}
}

func number(t *testing.T, s string) decimal.Rational {
	t.Helper()
	if s == "" {
		return decimal.Rational{}
	}
	d, err := decimal.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d.Rational()
}

// A file that breaks off is an error, whichever way it is read.
func TestCSVBreaksOff(t *testing.T) {
	open := func() *client.CSV {
		f, err := site(t).through(t, always(torn).around, fleetKey).CostResourcesCSV(t.Context(), resourcesOfOctober)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	whole := open()
	defer whole.Close()
	if content, err := io.ReadAll(whole); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(string(content), "Service,UUID,") {
		t.Errorf("%v after %q", err, content)
	}
	lines, failures := 0, 0
	for _, err := range open().Records() {
		if err != nil {
			failures++
		} else {
			lines++
		}
	}
	if lines == 0 || failures != 1 {
		t.Errorf("%d lines and %d errors", lines, failures)
	}
}

// CSV that has not begun is asked for again; errors are JSON as ever.
func TestCSVErrors(t *testing.T) {
	f := failing(refused, status(503, "0"))
	c := site(t).through(t, f.around, fleetKey)
	totals, err := c.CostTotalsCSV(t.Context(), costsOfOctober)
	if err != nil || f.count() != 3 {
		t.Fatalf("%v after %d requests", err, f.count())
	}
	totals.Close()
	_, err = c.CostTotalsCSV(t.Context(), client.CostTotalsRequest{})
	if e := wantError(t, err, 400, "ValidationError"); len(e.InvalidFields["time_from"]) != 1 {
		t.Errorf("%q", e.InvalidFields)
	}
}

func TestCSVHeedsTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f, err := site(t).through(t, always(stalled).around, fleetKey).CostResourcesCSV(ctx, resourcesOfOctober)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(f); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// Breaking out of the records closes the file.
func TestCSVCloses(t *testing.T) {
	f, err := site(t).client(fleetKey).CostResourcesCSV(t.Context(), resourcesOfOctober)
	if err != nil {
		t.Fatal(err)
	}
	for range f.Records() {
		break
	}
	if _, err := f.Read(make([]byte, 1)); err == nil {
		t.Error("the file can still be read")
	}
}
