package rating

import (
	"cmp"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// A commitment is a costd.Commitment made ready to be drawn on.
type commitment struct {
	costd.Commitment
	reserved   decimal.Rational // metered units of a full month
	fee        decimal.Rational // of a full month
	overcommit *price           // of what is above the pool; nil if not stated
}

func newCommitment(c costd.Commitment) commitment {
	units := decimal.Fraction(c.Count, 1).Mul(c.UnitSizeMonth.Rational())
	ready := commitment{
		Commitment: c,
		reserved:   units.Mul(c.UnitSize.Rational()),
		fee:        units.Mul(c.UnitPrice.Rational()),
	}
	if c.PricePerMonth != nil {
		ready.fee = c.PricePerMonth.Rational()
	}
	if c.OvercommitUnitPrice != nil {
		ready.overcommit = &price{rate: perUnit(*c.OvercommitUnitPrice, c.UnitSize)}
	}
	return ready
}

// compare orders the commitments of a line as they are drawn on.
func (c commitment) compare(d commitment) int {
	return cmp.Or(cmp.Compare(c.ActiveFrom, d.ActiveFrom), cmp.Compare(c.ID, d.ID))
}

// A pool is what a commitment reserves for one month, and what is left of it.
type pool struct {
	*commitment
	active costd.Period     // within the month, not empty
	due    decimal.Rational // the fee of the month
	size   decimal.Rational // metered units
	left   decimal.Rational // of size, after the days drawn so far
}

// pools opens the pools of a month, in the order in which they are drawn on.
func pools(commitments []commitment, month costd.Month) []pool {
	var open []pool
	for i := range commitments {
		c := &commitments[i]
		active := c.ActiveDays(month.Period())
		if active.Days() == 0 {
			continue
		}
		part := decimal.Fraction(int64(active.Days()), int64(month.Period().Days()))
		size := c.reserved.Mul(part)
		open = append(open, pool{commitment: c, active: active, due: c.fee.Mul(part), size: size, left: size})
	}
	return open
}

// take draws what is wanted on a day from the pool, as far as it goes, and returns how
// much that is.
func (p *pool) take(day costd.Day, wanted decimal.Rational) decimal.Rational {
	if wanted.IsZero() || p.left.IsZero() || !p.active.Contains(day) {
		return decimal.Rational{}
	}
	taken := wanted.Min(p.left)
	p.left = p.left.Sub(taken)
	return taken
}

// overcommitPrice returns the price of usage above the pools on the day, as the
// last pool active on it that states one says, or nil.
func overcommitPrice(pools []pool, day costd.Day) *price {
	for i := len(pools) - 1; i >= 0; i-- {
		if p := &pools[i]; p.overcommit != nil && p.active.Contains(day) {
			return p.overcommit
		}
	}
	return nil
}

// statedFeature returns the feature of the last pool that states one, or "".
func statedFeature(pools []pool) string {
	for i := len(pools) - 1; i >= 0; i-- {
		if f := pools[i].Feature; f != "" {
			return f
		}
	}
	return ""
}

// portion returns whole / parts, and zero if there are no parts.
func portion(whole, parts decimal.Rational) decimal.Rational {
	if parts.IsZero() {
		return decimal.Rational{}
	}
	q, err := whole.Quo(parts)
	if err != nil {
		panic(err) // parts is not zero
	}
	return q
}
