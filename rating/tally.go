package rating

import (
	"fmt"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// A tally adds up what usage costs, day by day. Days under one price are added
// before they are multiplied.
type tally struct {
	quantity decimal.Rational // of all days, in metered units
	cost     decimal.Rational // of all days with a price
	feature  string           // of the latest price used that has one
	unpriced *costd.Day       // the first day without a price

	price   *price
	pending decimal.Rational // usage under price, not yet in quantity and cost
}

// add adds the usage of a day, which p prices; nil is no price.
func (t *tally) add(day costd.Day, quantity decimal.Rational, p *price) {
	if quantity.IsZero() {
		return // what is not used needs no price
	}
	if p != t.price {
		t.flush()
		t.price = p
	}
	t.pending = t.pending.Add(quantity)
	switch {
	case p == nil && t.unpriced == nil:
		t.unpriced = &day
	case p != nil && p.feature != "":
		t.feature = p.feature
	}
}

func (t *tally) flush() {
	t.quantity, t.cost = t.soFar()
	t.pending = decimal.Rational{}
}

// soFar returns the usage of all days added, and the cost of those with a price.
func (t *tally) soFar() (quantity, cost decimal.Rational) {
	quantity, cost = t.quantity.Add(t.pending), t.cost
	if t.price != nil {
		cost = cost.Add(t.pending.Mul(t.price.rate))
	}
	return quantity, cost
}

// charge returns quantity and cost of all days added, or why there is no cost.
func (t *tally) charge(kind costd.Kind, line costd.Line, currency string) costd.Charge {
	t.flush()
	c := costd.Charge{Kind: kind, Quantity: t.quantity}
	if t.unpriced != nil {
		c.Err = fmt.Sprintf("no price for %s in region %d in %s on %s", line.Metric, line.RegionID, currency, *t.unpriced)
		return c
	}
	c.Cost = &t.cost
	return c
}
