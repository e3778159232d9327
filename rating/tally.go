package rating

import (
	"fmt"

	"costd"
	"costd/decimal"
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
		return
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
	t.quantity = t.quantity.Add(t.pending)
	if t.price != nil {
		t.cost = t.cost.Add(t.pending.Mul(t.price.rate))
	}
	t.pending = decimal.Rational{}
}

// charge returns the charge of all days added, in the client's currency.
func (t *tally) charge(client costd.Client, u costd.LineUsage, kind costd.Kind) costd.Charge {
	t.flush()
	c := costd.Charge{
		Line: u.Line, Kind: kind, Quantity: t.quantity,
		Currency: client.Currency, LastSize: u.LastSize,
	}
	if t.unpriced != nil {
		c.Err = fmt.Sprintf("no price for %s in region %d in %s on %s",
			u.Line.Metric, u.Line.RegionID, client.Currency, *t.unpriced)
		return c
	}
	c.Cost = &t.cost
	return c
}
