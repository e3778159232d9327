package rating

import (
	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// A Rate is what a commitment's units cost under one pricing rule, in the
// client's currency.
type Rate struct {
	Unit  decimal.Rational // one unit of the commitment, such as an H
	Month decimal.Rational // one reserved piece for a full month
	Total decimal.Rational // all pieces for a full month
}

// CommitRate returns what the commitment's reserved units cost. Of a commitment
// that states its price per month and no unit price, the unit's is worked out.
func CommitRate(c costd.Commitment) Rate {
	units := c.UnitSizeMonth.Rational()
	if c.PricePerMonth == nil {
		return rateOf(c, c.UnitPrice.Rational())
	}
	r := Rate{Unit: c.UnitPrice.Rational(), Total: c.PricePerMonth.Rational()}
	r.Month = portion(r.Total, decimal.Fraction(c.Count, 1))
	if r.Unit.IsZero() {
		r.Unit = portion(r.Month, units)
	}
	return r
}

// OvercommitRate returns what units above the commitment's pool cost on a day: as
// the commitment states, else at the price in force on that day. It returns false
// if there is neither.
func (b *Book) OvercommitRate(c costd.Commitment, day costd.Day) (Rate, bool) {
	if c.OvercommitUnitPrice != nil {
		return rateOf(c, c.OvercommitUnitPrice.Rational()), true
	}
	prices := b.timetable(b.payer(c.ClientID), c.Line())
	p := prices.on(day)
	if p == nil {
		return Rate{}, false
	}
	return rateOf(c, p.rate.Mul(c.UnitSize.Rational())), true
}

// rateOf returns the rate of the commitment's units at the given price of one.
func rateOf(c costd.Commitment, unit decimal.Rational) Rate {
	month := unit.Mul(c.UnitSizeMonth.Rational())
	return Rate{Unit: unit, Month: month, Total: month.Mul(decimal.Fraction(c.Count, 1))}
}
