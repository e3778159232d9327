package report

import (
	"context"
	"iter"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// Resources is a report by resource, of which the rows of one page are read. A
// resource that changed its flavor (or another row dimension), project, region or
// metric has a row for each.
type Resources struct {
	Period costd.Period
	Count  int // of rows over all pages
	// Rows are the rows of the page. They can be read once, and an error ends them.
	Rows  iter.Seq2[ResourceRow, error]
	Names Names

	status PriceStatus
}

// A ResourceRow is what one resource used, and what it costs at pay-as-you-go
// prices.
type ResourceRow struct {
	Usage  costd.ResourceUsage
	Charge costd.Charge // without cost, currency or error if prices are hidden
}

// Status returns the price status of all pages. It is known once the rows were read.
func (r *Resources) Status() PriceStatus { return r.status }

// CostResources returns what each selected resource used and costs at
// pay-as-you-go prices, whatever is reserved.
func (s *Service) CostResources(ctx context.Context, q costd.Query, p costd.Page) (_ *Resources, err error) {
	defer costd.Wrap(&err, "report.CostResources")
	v, client, err := s.client(ctx, q.ClientID)
	if err != nil {
		return nil, err
	}
	lines, count, usage, err := s.pageOf(ctx, client, q, p)
	if err != nil {
		return nil, err
	}
	r := &Resources{Period: q.Period, Count: count, Names: v.namesFor(q.ClientID), status: v.statusOf(client, lines)}
	r.Rows = func(yield func(ResourceRow, error) bool) {
		for u, err := range usage {
			row := ResourceRow{Usage: u}
			if err == nil {
				row.Charge = v.book.PayAsYouGo(q.ClientID, costd.LineUsage{Line: u.Line, Days: u.Days})
				r.status = r.status.with(&row.Charge)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
	return r, nil
}

// pageOf returns a page of resource rows, and the lines of all pages if the page alone
// does not tell the price status.
func (s *Service) pageOf(ctx context.Context, client costd.Client, q costd.Query, p costd.Page) ([]costd.LineUsage, int, iter.Seq2[costd.ResourceUsage, error], error) {
	if client.ShowPrices && (p.Offset > 0 || p.Limit > 0) {
		return s.Usage.LinesAndResources(ctx, q, p)
	}
	count, rows, err := s.Usage.Resources(ctx, q, p)
	return nil, count, rows, err
}

// statusOf returns the price status of rows of the lines. A row lacks a price exactly if
// its line does, as prices are by line, so that no row has to be read.
func (v *view) statusOf(client costd.Client, lines []costd.LineUsage) PriceStatus {
	status := initialStatus(client)
	for _, line := range lines {
		charge := v.book.PayAsYouGo(client.ID, line)
		status = status.with(&charge)
	}
	return status
}

// Usage is a report without money: totals by line, and a page of rows by
// resource, whose charges hold nothing but line and quantity.
type Usage struct {
	Resources
	Totals []UsageTotal
}

// A UsageTotal is what one line used.
type UsageTotal struct {
	Line     costd.Line
	Quantity decimal.Rational // in the type's unit; above zero
	LastSize decimal.Decimal  // of the LineUsage
}

// UsageReport returns what was used, line by line and resource by resource, both of one
// state of the usage: without filters, the rows of all pages add up to the totals. The
// period may have MaxUsageDays.
func (s *Service) UsageReport(ctx context.Context, q costd.Query, p costd.Page) (_ *Usage, err error) {
	defer costd.Wrap(&err, "report.UsageReport")
	v, _, err := s.client(ctx, q.ClientID)
	if err != nil {
		return nil, err
	}
	lines, count, usage, err := s.Usage.LinesAndResources(ctx, q, p)
	if err != nil {
		return nil, err
	}
	u := &Usage{Totals: usageTotals(lines)}
	u.Period, u.Count, u.Names = q.Period, count, v.namesFor(q.ClientID)
	u.Rows = func(yield func(ResourceRow, error) bool) {
		for r, err := range usage {
			row := ResourceRow{Usage: r, Charge: costd.Charge{Line: r.Line, Quantity: used(r.Days)}}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
	return u, nil
}

func usageTotals(lines []costd.LineUsage) []UsageTotal {
	totals := make([]UsageTotal, 0, len(lines))
	for _, l := range lines {
		if quantity := used(l.Days); !quantity.IsZero() {
			totals = append(totals, UsageTotal{Line: l.Line, Quantity: quantity, LastSize: l.LastSize})
		}
	}
	return totals
}

// used adds up the selected usage of the days.
func used(days []costd.DayUsage) decimal.Rational {
	var sum decimal.Rational
	for _, d := range days {
		sum = sum.Add(d.Selected)
	}
	return sum
}

// ResourceIDs returns the ids of the rows that the query selects and keep is true for.
// An id stands once for each such row.
func (s *Service) ResourceIDs(ctx context.Context, q costd.Query, keep func(*costd.ResourceUsage) bool) (_ []string, err error) {
	defer costd.Wrap(&err, "report.ResourceIDs")
	_, usage, err := s.Usage.Resources(ctx, q, costd.Page{})
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for u, err := range usage {
		if err != nil {
			return nil, err
		}
		if keep(&u) {
			ids = append(ids, u.ResourceID)
		}
	}
	return ids, nil
}
