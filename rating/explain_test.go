package rating_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/rating"
)

// The explanations of all lines of a random month have the rows of the monthly report, and
// their days add up to what is beyond the pools.
func TestExplanationsAreTheMonthlyReport(t *testing.T) {
	priced := map[bool]int{} // whether by a commitment
	rapid.Check(t, func(t *rapid.T) {
		l := randomLedger(t)
		book := rating.NewBook(l.entries)
		for _, resources := range []bool{false, true} {
			usage, sel := usageOf(l.records, everything), rating.Selection{Resources: resources}
			if resources {
				usage = usageOf(l.records, named("AB"))
			}
			var got []costd.Charge
			lines := slices.Clone(usage)
			for _, line := range book.CommittedLines(l.client, l.month) {
				used := slices.ContainsFunc(usage, func(u costd.LineUsage) bool { return u.Line == line })
				if !used && !resources {
					lines = append(lines, costd.LineUsage{Line: line})
				}
			}
			slices.SortFunc(lines, func(a, b costd.LineUsage) int { return a.Line.Compare(b.Line) })
			for _, u := range lines {
				e := book.Explain(l.client, l.month, u, resources)
				got = append(got, e.Charges...)
				l.daysAddUp(t, &e)
				for _, d := range e.Days {
					if d.Price != nil {
						priced[d.Price.CommitmentID != ""]++
						l.priceIsThere(t, u.Line, d)
					}
				}
			}
			equalRows(t, chargeTexts(got), chargeTexts(book.Monthly(l.client, l.month, usage, sel)))
		}
	})
	if priced[true] == 0 || priced[false] == 0 {
		t.Errorf("priced by a commitment and by the price book: %v", priced)
	}
}

// daysAddUp checks that the days of an explanation make the row of what is beyond the pools.
func (l ledger) daysAddUp(t *rapid.T, e *rating.Explanation) {
	t.Helper()
	var quantity, cost decimal.Rational
	for _, d := range e.Days {
		quantity = quantity.Add(d.Beyond)
		if d.Cost != nil {
			cost = cost.Add(*d.Cost)
		}
	}
	for _, c := range e.Charges {
		if c.Kind == costd.Commit {
			continue
		}
		if !c.Quantity.Equal(quantity) || c.Cost != nil && !c.Cost.Equal(cost) {
			t.Fatalf("the days make %v at %v, the row is %v at %v", quantity, cost, c.Quantity, c.Cost)
		}
	}
}

// priceIsThere checks that the catalog has the price that a day names, with its rate, and
// none for the line and day that goes before it.
func (l ledger) priceIsThere(t *rapid.T, line costd.Line, d rating.DayStep) {
	t.Helper()
	p := d.Price
	if p.CommitmentID != "" {
		for _, c := range l.entries.Commitments {
			if c.ID == p.CommitmentID {
				if c.Line() != line || !p.Rate.Mul(c.UnitSize.Rational()).Equal(c.OvercommitUnitPrice.Rational()) {
					t.Fatalf("%v is priced at %v by %+v", line, p.Rate, c)
				}
				return
			}
		}
		t.Fatalf("there is no commitment %q", p.CommitmentID)
	}
	found := false
	for _, q := range l.entries.Prices {
		switch {
		case q.Type != line.Type || q.Metric != line.Metric || q.Currency != l.entries.Clients[0].Currency || q.EffectiveFrom > d.Day:
		case q.ClientID != 0 && q.ClientID != l.client || q.RegionID != 0 && q.RegionID != line.RegionID:
		case q.ClientID == p.ClientID && q.RegionID == p.RegionID && q.EffectiveFrom == p.EffectiveFrom:
			found = p.Rate.Mul(q.UnitSize.Rational()).Equal(q.UnitPrice.Rational())
		case before(q, p):
			t.Fatalf("%v: %+v is more specific than %+v", d.Day, q, *p)
		}
	}
	if !found {
		t.Fatalf("%v on %v: there is no price %+v", line, d.Day, *p)
	}
}

// before reports whether a price goes before one that was taken: client before all clients,
// then region before all regions, then the latest.
func before(q costd.Price, p *rating.PriceStep) bool {
	switch {
	case (q.ClientID != 0) != (p.ClientID != 0):
		return q.ClientID != 0
	case (q.RegionID != 0) != (p.RegionID != 0):
		return q.RegionID != 0
	}
	return q.EffectiveFrom > p.EffectiveFrom
}
