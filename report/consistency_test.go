package report_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/demo"
	"costd.dev/costd/report"
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

// quantities returns s without its costs.
func (s sheet) quantities() sheet {
	q := sheet{}
	for line, f := range s {
		q[line] = figure{quantity: f.quantity}
	}
	return q
}

func sheetOf(charges []costd.Charge) sheet {
	s := sheet{}
	for _, c := range charges {
		s.add(c)
	}
	return s
}

// rowsOf reads a report by resource to its end.
func rowsOf(t rapid.TB, r *report.Resources) []report.ResourceRow {
	t.Helper()
	var rows []report.ResourceRow
	for row, err := range r.Rows {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func same(t rapid.TB, what string, got, want map[costd.Line]string) {
	t.Helper()
	for line, w := range want {
		if got[line] != w {
			t.Fatalf("%s: %v is %q, want %q", what, line, got[line], w)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d lines, want %d", what, len(got), len(want))
	}
}

// A bill is what one client is told of one period.
type bill struct {
	rapid.TB
	ctx      context.Context
	service  *report.Service
	query    costd.Query // without projects
	projects []int64     // all of the client's
	// committed says that the catalog has commitments, so that the month's costs are
	// others than those of the reports that know none.
	committed bool
}

// agrees checks that the figures of all reports agree, exactly and before rounding,
// and returns the number of lines that have any.
func (b bill) agrees() int {
	b.Helper()
	costs, err := b.service.Costs(b.ctx, b.query)
	if err != nil {
		b.Fatal(err)
	}
	totals := sheetOf(costs.Charges)
	resources, err := b.service.CostResources(b.ctx, b.query, costd.Page{})
	if err != nil {
		b.Fatal(err)
	}
	rows := rowsOf(b, resources)
	byResource := sheet{}
	for _, row := range rows {
		byResource.add(row.Charge)
	}
	same(b, "the sum of resources", byResource.figures(), totals.figures())
	b.statusIsThatOfPages(costs.Status, resources.Status(), len(rows))
	b.usageIsThat(rows, costs)
	if !b.asLastSeen() { // which is another thing in each project
		same(b, "the sum of projects", b.byProject().figures(), totals.figures())
	}
	b.monthIsThat(costs.Charges)
	return len(totals.figures())
}

// statusIsThatOfPages checks that the first page, the last and one beyond it have the
// price status of all rows, which is that of the totals.
func (b bill) statusIsThatOfPages(totals, whole report.PriceStatus, rows int) {
	b.Helper()
	if whole != totals {
		b.Fatalf("the price status of all rows is %q, of the totals %q", whole, totals)
	}
	for _, offset := range []int{0, max(rows-1, 0), rows} {
		page, err := b.service.CostResources(b.ctx, b.query, costd.Page{Offset: offset, Limit: 1})
		if err != nil {
			b.Fatal(err)
		}
		rowsOf(b, page)
		if page.Status() != whole {
			b.Fatalf("the price status of the page at %d of %d rows is %q, of all %q", offset, rows, page.Status(), whole)
		}
	}
}

// asLastSeen reports whether resources are selected by what was last seen of them.
func (b bill) asLastSeen() bool {
	return b.query.Tags != nil || b.query.Filter != nil && b.query.Filter.Field == costd.FieldLastName
}

// usageIsThat checks that the usage report has the quantities of the cost reports.
func (b bill) usageIsThat(rows []report.ResourceRow, costs report.Totals) {
	b.Helper()
	usage, err := b.service.UsageReport(b.ctx, b.query, costd.Page{})
	if err != nil {
		b.Fatal(err)
	}
	usageRows := rowsOf(b, &usage.Resources)
	if len(usageRows) != len(rows) || usage.Count != len(rows) || len(usage.Totals) != len(costs.Charges) {
		b.Fatalf("%d usage rows, count %d, %d cost rows; %d usage totals, %d cost totals",
			len(usageRows), usage.Count, len(rows), len(usage.Totals), len(costs.Charges))
	}
	for i, row := range rows {
		if u := usageRows[i]; u.Usage.ResourceID != row.Usage.ResourceID || u.Usage.Line != row.Usage.Line || !u.Charge.Quantity.Equal(row.Charge.Quantity) {
			b.Fatalf("row %d: %v of %s, in costs %v of %s", i, u.Charge.Quantity, u.Usage.ResourceID, row.Charge.Quantity, row.Usage.ResourceID)
		}
	}
	for i, c := range costs.Charges {
		if u := usage.Totals[i]; u.Line != c.Line || !u.Quantity.Equal(c.Quantity) {
			b.Fatalf("total %d: %v of %v, in costs %v of %v", i, u.Quantity, u.Line, c.Quantity, c.Line)
		}
	}
}

// byProject adds up the cost totals of each project alone.
func (b bill) byProject() sheet {
	b.Helper()
	sum := sheet{}
	for _, id := range b.projects {
		q := b.query
		q.Projects = []int64{id}
		costs, err := b.service.Costs(b.ctx, q)
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range costs.Charges {
			sum.add(c)
		}
	}
	return sum
}

// monthIsThat checks that the monthly report, if the period is a month, is the report
// of costs: row by row without commitments, else its quantities, what is covered and
// what goes beyond it together.
func (b bill) monthIsThat(costs []costd.Charge) {
	b.Helper()
	q, month := b.query, costd.MonthOf(b.query.Period.From)
	if q.Period != month.Period() {
		return
	}
	monthly, err := b.service.Monthly(b.ctx, report.MonthlyRequest{
		ClientID: q.ClientID, Month: month, Regions: q.Regions, Types: q.Types, Filter: q.Filter, Tags: q.Tags,
	})
	if err != nil {
		b.Fatal(err)
	}
	if b.committed {
		same(b, "the month", sheetOf(monthly.Charges).quantities().figures(), sheetOf(costs).quantities().figures())
		return
	}
	same(b, "the month", sheetOf(monthly.Charges).figures(), sheetOf(costs).figures())
	words := func(c costd.Charge) string {
		return fmt.Sprint(c.Line, c.Kind, c.Feature, c.Currency, c.Err, c.LastSize)
	}
	for i, c := range costs {
		if m := monthly.Charges[i]; words(m) != words(c) {
			b.Fatalf("row %d: %s, of costs %s", i, words(m), words(c))
		}
	}
}

func TestReportsAgreeOnRandomFleets(t *testing.T) {
	lab := newLab(t)
	rapid.Check(t, func(rt *rapid.T) {
		f := lab.fleet(rt)
		bill{rt, t.Context(), lab.service, f.DrawQuery(rt), f.Projects, len(f.Entries.Commitments) > 0}.agrees()
	})
}

// The demo's fleet, with the prices and commitments it has, and with prices that
// everybody sees and no commitments.
func TestReportsAgreeOnTheDemo(t *testing.T) {
	now := october.Period().To.Time().Add(-time.Nanosecond)
	for _, plain := range []bool{false, true} {
		entries := demo.Entries(now)
		if plain {
			entries.Commitments = nil
			for i := range entries.Clients {
				entries.Clients[i].ShowPrices = true
			}
		}
		service := serve(t, entries, slices.Collect(demo.Usage(now)))
		for _, client := range entries.Clients {
			var projects []int64
			for _, p := range entries.Projects {
				if p.ClientID == client.ID {
					projects = append(projects, p.ID)
				}
			}
			for month := october - 2; month <= october; month++ {
				q := costd.Query{ClientID: client.ID, Period: month.Period()}
				b := bill{t, t.Context(), service, q, projects, !plain}
				if lines := b.agrees(); lines == 0 {
					t.Errorf("%s has no usage in %s", client.Name, month)
				}
			}
		}
	}
}

// Pages of any size, in any order, hold every row once and in that order.
func TestPagesAreCuts(t *testing.T) {
	lab := newLab(t)
	ctx := t.Context()
	fields := []costd.SortField{costd.SortBillingValue, costd.SortFirstSeen, costd.SortLastName, costd.SortLastSeen,
		costd.SortProject, costd.SortRegion, costd.SortType}
	rapid.Check(t, func(t *rapid.T) {
		q := costd.Query{ClientID: lab.fleet(t).Client, Period: october.Period()}
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
