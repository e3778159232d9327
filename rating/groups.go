package rating

import (
	"cmp"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// GroupUsage is what one group of a line's resources used on one day. Groups are
// numbered from 0 and may be of anything: projects, the values of a tag, single
// resources, those a filter selects and the others, or days.
type GroupUsage struct {
	Day      costd.Day
	Group    int
	Quantity decimal.Rational // in the type's unit, not negative
}

// A Division is a line's month divided among groups. The quantities of all groups add up
// to the line's, and the costs of all groups and of what is unused to the line's cost,
// exactly.
type Division struct {
	// Groups holds each group's charges, as a monthly report has them that selects the
	// resources of the group: the share of the fees with what they cover, and what is
	// above, or pay-as-you-go. A group that used nothing has none.
	Groups [][]costd.Charge
	// Unused is the rest of the pools, which belongs to no group, and the rest of the
	// fees. It is nil if the line has no commitment that is active in the month.
	Unused *costd.Charge
}

// Divide divides a client's month of one line among n groups. The usage is that of the
// whole line, its days ascending; a group has at most one entry a day. Pools are drawn on
// day by day, and within a day all groups share in proportion to their usage of that day.
func (b *Book) Divide(clientID int64, month costd.Month, line costd.Line, usage []GroupUsage, n int) Division {
	client := b.payer(clientID)
	pools := pools(b.commitments[clientID][line], month)
	d := newDivider(pools, b.timetable(client, line), n)
	d.draw(usage)
	whole := Division{Groups: make([][]costd.Charge, n)}
	for i := range d.shares {
		whole.Groups[i] = b.groupCharges(client, month, costd.LineUsage{Line: line}, d, &d.shares[i], false)
	}
	if len(pools) > 0 {
		unused := d.unused()
		b.address(&unused, client, costd.LineUsage{Line: line}, b.committedFeature(month, line, d, ""))
		whole.Unused = &unused
	}
	return whole
}

// groupCharges returns the charges of a group, without those of value zero. Whole says
// that it is the only one and pays the whole fees, used or not.
func (b *Book) groupCharges(client costd.Client, month costd.Month, u costd.LineUsage, d *divider, s *share, whole bool) []costd.Charge {
	charges := make([]costd.Charge, 0, 2)
	kind, used := costd.PAYG, s.beyond.feature
	var reserved decimal.Rational
	if len(d.pools) > 0 {
		commit := d.commitCharge(s, whole)
		if whole || !commit.Quantity.IsZero() {
			charges = append(charges, commit)
		}
		kind, used = costd.Overcommit, b.committedFeature(month, u.Line, d, used)
		reserved = commit.Reserved // Overcommit has it also without a Commit charge beside it
	}
	if beyond := s.beyond.charge(kind, u.Line, client.Currency); !beyond.Quantity.IsZero() {
		beyond.Reserved = reserved
		charges = append(charges, beyond)
	}
	for i := range charges {
		b.address(&charges[i], client, u, used)
	}
	return charges
}

// committedFeature names all charges of a line with commitments, as they are shown side
// by side: as a commitment states, else as the latest price used, else as the price in
// force at the end of the month, else by the metric.
func (b *Book) committedFeature(month costd.Month, line costd.Line, d *divider, used string) string {
	lastDay := month.Period().To - 1
	return cmp.Or(statedFeature(d.pools), used, d.prices.featureOn(lastDay), line.Metric)
}

// A divider draws a line's usage from its pools and hands it out to the groups.
type divider struct {
	pools  []pool
	prices timetable
	shares []share // by group
}

// A share is what one group has had so far.
type share struct {
	covered []decimal.Rational // by pool, in metered units
	beyond  tally              // what no pool covers
}

func newDivider(pools []pool, prices timetable, groups int) *divider {
	d := &divider{pools: pools, prices: prices, shares: make([]share, groups)}
	covered := make([]decimal.Rational, groups*len(pools))
	for i := range d.shares {
		d.shares[i].covered = covered[i*len(pools) : (i+1)*len(pools)]
	}
	return d
}

// draw draws usage whose days ascend.
func (d *divider) draw(usage []GroupUsage) {
	for from := 0; from < len(usage); {
		to := from + 1
		for to < len(usage) && usage[to].Day == usage[from].Day {
			to++
		}
		d.drawDay(usage[from].Day, sum(usage[from:to]), usage[from:to])
		from = to
	}
}

// drawDay draws the total usage of one day, the pools in their order, then the price, and
// hands out what the given groups have of it.
func (d *divider) drawDay(day costd.Day, total decimal.Rational, usage []GroupUsage) {
	rest := total
	for i := range d.pools {
		taken := d.pools[i].take(day, rest)
		rest = rest.Sub(taken)
		handOut(taken, total, usage, func(group int, part decimal.Rational) {
			covered := d.shares[group].covered
			covered[i] = covered[i].Add(part)
		})
	}
	if rest.IsZero() {
		return
	}
	price := cmp.Or(overcommitPrice(d.pools, day), d.prices.on(day))
	handOut(rest, total, usage, func(group int, part decimal.Rational) {
		d.shares[group].beyond.add(day, part, price)
	})
}

func sum(usage []GroupUsage) (total decimal.Rational) {
	for i := range usage {
		total = total.Add(usage[i].Quantity)
	}
	return total
}

// handOut divides x, a part of the day's total, in proportion to what each group used.
func handOut(x, total decimal.Rational, usage []GroupUsage, give func(group int, part decimal.Rational)) {
	if x.IsZero() {
		return
	}
	whole := x.Equal(total)
	for i := range usage {
		u := &usage[i]
		switch {
		case u.Quantity.IsZero():
		case whole:
			give(u.Group, u.Quantity)
		case u.Quantity.Equal(total):
			give(u.Group, x)
		default:
			give(u.Group, x.Mul(portion(u.Quantity, total)))
		}
	}
}

// commitCharge returns what the pools cover of the group's usage, with its share of the
// fees or the whole of them.
func (d *divider) commitCharge(s *share, whole bool) costd.Charge {
	c := costd.Charge{Kind: costd.Commit, Reserved: d.reserved()}
	var cost decimal.Rational
	for i := range d.pools {
		c.Quantity = c.Quantity.Add(s.covered[i])
		cost = cost.Add(d.feeOf(s, i, whole))
	}
	c.Cost = &cost
	return c
}

// feeOf returns what a group bears of the fee of a pool: its share, or the whole.
func (d *divider) feeOf(s *share, pool int, whole bool) decimal.Rational {
	p := &d.pools[pool]
	if whole {
		return p.due
	}
	return p.due.Mul(portion(s.covered[pool], p.size))
}

// reserved returns the size of all pools.
func (d *divider) reserved() decimal.Rational {
	var sum decimal.Rational
	for i := range d.pools {
		sum = sum.Add(d.pools[i].size)
	}
	return sum
}

// unused returns what is left of the pools, and the rest of the fees. The whole fee of a
// pool of nothing is unused.
func (d *divider) unused() costd.Charge {
	c := costd.Charge{Kind: costd.Commit, Reserved: d.reserved()}
	var cost decimal.Rational
	for i := range d.pools {
		p := &d.pools[i]
		c.Quantity = c.Quantity.Add(p.left)
		cost = cost.Add(p.due.Sub(p.due.Mul(portion(p.size.Sub(p.left), p.size))))
	}
	c.Cost = &cost
	return c
}
