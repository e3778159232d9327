package report

import (
	"context"

	"costd.dev/costd"
	"costd.dev/costd/rating"
)

// A PriceStatus says whether the costs of a report can be relied on.
type PriceStatus string

// The price statuses.
const (
	PricesShown  PriceStatus = "show"  // every row has its cost
	PricesHidden PriceStatus = "hide"  // the client does not get to see costs
	PricesFailed PriceStatus = "error" // some row has no cost; its Err says why
)

// Totals is a cost report by line.
type Totals struct {
	Period costd.Period
	// Charges are ordered by line, then kind. If prices are hidden, they have no
	// cost, currency or error.
	Charges []costd.Charge
	Status  PriceStatus
	Names   Names
}

// A MonthlyRequest asks for the charges of one client in one month. Empty lists
// mean all; Filter and Tags select resources.
type MonthlyRequest struct {
	ClientID int64
	Month    costd.Month
	Regions  []int64
	Types    []costd.Type
	Filter   *costd.Filter
	Tags     *costd.TagFilter
}

// Monthly returns what a month costs the client, commitments included.
func (s *Service) Monthly(ctx context.Context, r MonthlyRequest) (_ Totals, err error) {
	defer costd.Wrap(&err, "report.Monthly")
	v, client, err := s.client(ctx, r.ClientID)
	if err != nil {
		return Totals{}, err
	}
	q := costd.Query{
		ClientID: r.ClientID, Period: r.Month.Period(),
		Regions: r.Regions, Types: r.Types, Filter: r.Filter, Tags: r.Tags,
	}
	lines, err := s.Usage.Lines(ctx, q)
	if err != nil {
		return Totals{}, err
	}
	charges := v.book.Monthly(r.ClientID, r.Month, lines, rating.Selection{
		Regions: r.Regions, Types: r.Types, Resources: q.SelectsResources(),
	})
	return v.totals(client, q.Period, charges), nil
}

// Costs returns what the selected usage costs at pay-as-you-go prices, line by
// line, whatever is reserved. The period may have MaxCostDays.
func (s *Service) Costs(ctx context.Context, q costd.Query) (_ Totals, err error) {
	defer costd.Wrap(&err, "report.Costs")
	v, client, err := s.client(ctx, q.ClientID)
	if err != nil {
		return Totals{}, err
	}
	lines, err := s.Usage.Lines(ctx, q)
	if err != nil {
		return Totals{}, err
	}
	charges := make([]costd.Charge, 0, len(lines))
	for _, line := range lines {
		if c := v.book.PayAsYouGo(q.ClientID, line); !c.Quantity.IsZero() {
			charges = append(charges, c)
		}
	}
	return v.totals(client, q.Period, charges), nil
}

func (v *view) totals(client costd.Client, period costd.Period, charges []costd.Charge) Totals {
	t := Totals{Period: period, Charges: charges, Status: initialStatus(client), Names: v.names}
	for i := range charges {
		t.Status = t.Status.with(&charges[i])
	}
	return t
}

// initialStatus returns the status of a report without rows.
func initialStatus(client costd.Client) PriceStatus {
	if client.ShowPrices {
		return PricesShown
	}
	return PricesHidden
}

// with returns the status of a report to which c is added. It hides what c may not
// show.
func (s PriceStatus) with(c *costd.Charge) PriceStatus {
	switch {
	case s == PricesHidden:
		c.Cost, c.Currency, c.Err = nil, "", ""
	case c.Err != "":
		return PricesFailed
	}
	return s
}
