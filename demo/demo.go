// Package demo makes up the customers, prices, commitments and usage of a small
// GPU cloud, so that costd can be tried without any data: all 25 types, and most
// of what happens to a customer. There are commitments that are exceeded, half
// used and idle, a price that changes, resizes, clusters that live for hours, a
// customer who may not see prices, and a metric that nobody has priced.
//
// The sample covers three calendar months, the last of which is the current one.
// It depends on nothing but the time it is asked for: asked again later in the
// month it says the same, and more.
package demo

import (
	"iter"
	"math/rand/v2"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// ClientID is the customer to show first, Acme. It has resources of every type.
const ClientID = 1001

// seed makes every run the same.
const seed = 76

// Usage yields the usage of the fleet up to the full hour before now, resource by
// resource, in one record for each UTC day.
func Usage(now time.Time) iter.Seq[costd.Usage] {
	return func(yield func(costd.Usage) bool) {
		from, to := period(now)
		for i, r := range newPlan(from).resources {
			if !r.run(to, rand.New(rand.NewPCG(seed, uint64(i))), yield) {
				return
			}
		}
	}
}

// period returns when the sample begins and ends.
func period(now time.Time) (from, to time.Time) {
	month := costd.MonthOf(costd.DayOf(now))
	return (month - 2).Period().From.Time(), now.UTC().Truncate(time.Hour)
}

// A resource is something a customer had for a while.
type resource struct {
	usage      costd.Usage // all but the times and the quantity
	born, gone time.Time   // gone is zero if it is still there
	meter      meter
}

// A meter reads what a resource consumed, where time and size do not tell. Its
// zero value leaves the quantity out.
type meter struct {
	least, most int64 // per day, in units of 10^exponent of the type's unit
	exponent    int32
}

// run yields the records of the resource up to a time.
func (r *resource) run(to time.Time, rng *rand.Rand, yield func(costd.Usage) bool) bool {
	if !r.gone.IsZero() && r.gone.Before(to) {
		to = r.gone
	}
	for start := r.born; start.Before(to); {
		u := r.usage
		u.Start = start
		u.End = (costd.DayOf(start) + 1).Time()
		if u.End.After(to) {
			u.End = to
		}
		u.Quantity = r.meter.read(u.End.Sub(u.Start), rng)
		if !yield(u) {
			return false
		}
		start = u.End
	}
	return true
}

// read returns what was consumed in part of a day.
func (m meter) read(elapsed time.Duration, rng *rand.Rand) *decimal.Decimal {
	if m.most == 0 {
		return nil
	}
	daily := m.least + rng.Int64N(m.most-m.least)
	q, err := decimal.New(daily/86400*int64(elapsed/time.Second), m.exponent)
	if err != nil {
		panic(err) // an int64 has at most 19 digits
	}
	return &q
}
