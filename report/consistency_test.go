package report_test

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"costd"
	"costd/decimal"
	"costd/report"
)

// A figure is what one line of a report says, before rounding.
type figure struct {
	quantity, cost decimal.Rational
	unpriced       bool
}

func (f figure) String() string {
	return fmt.Sprint(f.quantity, " at ", f.cost, " unpriced ", f.unpriced)
}

// sheet adds up charges by line. A line of which any charge has no cost has none.
type sheet map[costd.Line]figure

func (s sheet) add(c costd.Charge) {
	line := c.Line
	if line.Type == costd.Inference {
		line.Dimension = "" // its resource rows are told apart by more than its lines
	}
	f := s[line]
	f.quantity = f.quantity.Add(c.Quantity)
	if c.Cost == nil {
		f.unpriced = true
	} else {
		f.cost = f.cost.Add(*c.Cost)
	}
	s[line] = f
}

// figures returns what s says of lines with usage; a line without a cost says only
// its quantity.
func (s sheet) figures() map[costd.Line]string {
	figures := map[costd.Line]string{}
	for line, f := range s {
		if f.unpriced {
			f.cost = decimal.Rational{}
		}
		if !f.quantity.IsZero() {
			figures[line] = f.String()
		}
	}
	return figures
}

func sheetOf(charges []costd.Charge) sheet {
	s := sheet{}
	for _, c := range charges {
		s.add(c)
	}
	return s
}

// rowsOf reads a report by resource to its end.
func rowsOf(t *rapid.T, r *report.Resources) []report.ResourceRow {
	var rows []report.ResourceRow
	for row, err := range r.Rows {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func same(t *rapid.T, what string, got, want map[costd.Line]string) {
	for line, w := range want {
		if got[line] != w {
			t.Fatalf("%s: %v is %q, want %q", what, line, got[line], w)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d lines, want %d", what, len(got), len(want))
	}
}

// The figures of all reports agree, exactly and before rounding.
func TestReportsAgree(t *testing.T) {
	lab := newLab(t)
	ctx := t.Context()
	rapid.Check(t, func(t *rapid.T) {
		client, projects := lab.fleet(t)
		q := costd.Query{ClientID: client, Period: october.Period()}
		costs, err := lab.service.Costs(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		want := sheetOf(costs.Charges).figures()

		monthly, err := lab.service.Monthly(ctx, report.MonthlyRequest{ClientID: client, Month: october})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the month without commitments", sheetOf(monthly.Charges).figures(), want)

		resources, err := lab.service.CostResources(ctx, q, costd.Page{})
		if err != nil {
			t.Fatal(err)
		}
		rows := rowsOf(t, resources)
		byResource := sheet{}
		for _, row := range rows {
			byResource.add(row.Charge)
		}
		same(t, "the sum of resources", byResource.figures(), want)
		sameUsage(ctx, t, lab.service, q, rows, costs)
		same(t, "the sum of projects", byProject(ctx, t, lab.service, q, projects), want)
	})
}

// sameUsage checks that the usage report has the quantities of the cost reports.
func sameUsage(ctx context.Context, t *rapid.T, s *report.Service, q costd.Query, rows []report.ResourceRow, costs report.Totals) {
	usage, err := s.UsageReport(ctx, q, costd.Page{})
	if err != nil {
		t.Fatal(err)
	}
	usageRows := rowsOf(t, &usage.Resources)
	if len(usageRows) != len(rows) || usage.Count != len(rows) || len(usage.Totals) != len(costs.Charges) {
		t.Fatalf("%d usage rows, count %d, %d cost rows; %d usage totals, %d cost totals",
			len(usageRows), usage.Count, len(rows), len(usage.Totals), len(costs.Charges))
	}
	for i, row := range rows {
		if u := usageRows[i]; u.Usage.ResourceID != row.Usage.ResourceID || !u.Charge.Quantity.Equal(row.Charge.Quantity) {
			t.Fatalf("row %d: %v of %s, in costs %v of %s", i, u.Charge.Quantity, u.Usage.ResourceID, row.Charge.Quantity, row.Usage.ResourceID)
		}
	}
	for i, c := range costs.Charges {
		if u := usage.Totals[i]; u.Line != c.Line || !u.Quantity.Equal(c.Quantity) {
			t.Fatalf("total %d: %v of %v, in costs %v of %v", i, u.Quantity, u.Line, c.Quantity, c.Line)
		}
	}
}

// byProject adds up the cost totals of each project alone.
func byProject(ctx context.Context, t *rapid.T, s *report.Service, q costd.Query, projects []int64) map[costd.Line]string {
	sum := sheet{}
	for _, id := range projects {
		q.Projects = []int64{id}
		costs, err := s.Costs(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range costs.Charges {
			sum.add(c)
		}
	}
	return sum.figures()
}

// Pages of any size, in any order, hold every row once and in that order.
func TestPagesAreCuts(t *testing.T) {
	lab := newLab(t)
	ctx := t.Context()
	fields := []costd.SortField{costd.SortBillingValue, costd.SortFirstSeen, costd.SortLastName, costd.SortLastSeen,
		costd.SortProject, costd.SortRegion, costd.SortType}
	rapid.Check(t, func(t *rapid.T) {
		client, _ := lab.fleet(t)
		q := costd.Query{ClientID: client, Period: october.Period()}
		order := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) costd.SortKey {
			return costd.SortKey{By: rapid.SampledFrom(fields).Draw(t, "by"), Descending: rapid.Bool().Draw(t, "descending")}
		}), 0, 3).Draw(t, "order")
		read := func(p costd.Page) (rows []string, count int) {
			r, err := lab.service.CostResources(ctx, q, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rowsOf(t, r) {
				u := row.Usage
				rows = append(rows, fmt.Sprint(u.Line, u.ProjectID, u.ResourceID, row.Charge.Quantity))
			}
			return rows, r.Count
		}
		whole, count := read(costd.Page{OrderBy: order})
		if count != len(whole) {
			t.Fatalf("count %d, %d rows", count, len(whole))
		}
		limit := rapid.IntRange(1, 12).Draw(t, "limit")
		var pages []string
		for offset := 0; offset < count+limit; offset += limit {
			rows, n := read(costd.Page{OrderBy: order, Offset: offset, Limit: limit})
			if n != count || len(rows) > limit {
				t.Fatalf("page at %d: count %d of %d, %d rows", offset, n, count, len(rows))
			}
			pages = append(pages, rows...)
		}
		if fmt.Sprint(pages) != fmt.Sprint(whole) {
			t.Fatalf("pages of %d:\n%v\nwhole:\n%v", limit, pages, whole)
		}
	})
}
