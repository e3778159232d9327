package rating

import (
	"cmp"
	"math"
	"sort"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// A priceKey says what a price is for. Region 0 is every region, client 0 every
// client.
type priceKey struct {
	typ              costd.Type
	metric, currency string
	regionID         int64
	clientID         int64
}

// A price is what one metered unit costs. In the price of a commitment's overcommit, from
// and feature are zero: it holds on each day of the commitment and names nothing. The
// feature of a price of the price book is never "".
type price struct {
	from    costd.Day        // the first day on which it holds
	rate    decimal.Rational // of one metered unit, in the currency of the client
	feature string
}

func newPrice(p *costd.Price) price {
	return price{from: p.EffectiveFrom, rate: perUnit(p.UnitPrice, p.UnitSize), feature: cmp.Or(p.Feature, p.Metric)}
}

// compare orders the prices of a key by the day from which they hold.
func (p price) compare(q price) int { return cmp.Compare(p.from, q.from) }

// perUnit returns the price of one metered unit, where unitPrice buys unitSize.
func perUnit(unitPrice, unitSize decimal.Decimal) decimal.Rational {
	rate, err := unitPrice.Rational().Quo(unitSize.Rational())
	if err != nil {
		panic(err) // the catalog lets no unit size of zero in
	}
	return rate
}

// A timetable says which price holds on which day for one line of one client. It
// remembers the last answer, which serves days in a row without a search.
type timetable struct {
	tiers [4][]price // from the most specific to the most general
	held  costd.Period
	price *price // on the days held
}

func (b *Book) timetable(client costd.Client, line costd.Line) timetable {
	list := func(clientID, regionID int64) []price {
		return b.prices.list(priceKey{line.Type, line.Metric, client.Currency, regionID, clientID})
	}
	return timetable{tiers: [...][]price{
		list(client.ID, line.RegionID), list(client.ID, 0), list(0, line.RegionID), list(0, 0),
	}}
}

// on returns the price in force on the day, or nil.
func (t *timetable) on(day costd.Day) *price {
	if !t.held.Contains(day) {
		t.price, t.held = t.find(day)
	}
	return t.price
}

// find returns the price in force on the day, or nil, and a period beginning with
// the day in which nothing changes.
func (t *timetable) find(day costd.Day) (*price, costd.Period) {
	held := costd.Period{From: day, To: math.MaxInt32}
	for _, tier := range t.tiers {
		begun := sort.Search(len(tier), func(i int) bool { return tier[i].from > day })
		if begun < len(tier) {
			held.To = min(held.To, tier[begun].from)
		}
		if begun > 0 {
			return &tier[begun-1], held
		}
	}
	return nil, held
}

// scope returns whether a price of the timetable is for the client alone, and for the
// region alone.
func (t *timetable) scope(p *price) (ofClient, ofRegion bool) {
	for i, tier := range t.tiers {
		begun := sort.Search(len(tier), func(i int) bool { return tier[i].from > p.from })
		if begun > 0 && &tier[begun-1] == p {
			return i < 2, i%2 == 0
		}
	}
	return false, false
}

// featureOn returns the feature of the price in force on the day, or "".
func (t *timetable) featureOn(day costd.Day) string {
	if p := t.on(day); p != nil {
		return p.feature
	}
	return ""
}
