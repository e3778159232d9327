package report

import (
	"cmp"
	"context"
	"slices"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/rating"
)

// A ReservationsRequest asks for the commitments of one client.
type ReservationsRequest struct {
	ClientID int64
	Metric   string // "": every metric
	RegionID *int64 // nil: every region
	// Period, if given, selects the commitments active in it; what the price book
	// says of overcommit is taken from its last day on which they are.
	Period *costd.Period
	// ActiveOnly leaves out the commitments that are not active today.
	ActiveOnly bool
	// OrderBy is the field to order by. Commitments without an end come after those
	// with one; ties are broken by id.
	OrderBy    ReservationOrder
	Descending bool
}

// A ReservationOrder is what reservations can be ordered by.
type ReservationOrder string

// The reservation orders.
const (
	OrderByActiveFrom ReservationOrder = "active_from"
	OrderByActiveTo   ReservationOrder = "active_to"
)

// A Reservation is a commitment with its prices.
type Reservation struct {
	Commitment costd.Commitment
	RegionName string
	// Prices is nil if the client does not get to see prices.
	Prices *ReservationPrices
}

// A Rate is what units of a commitment cost under one pricing rule.
type Rate = rating.Rate

// ReservationPrices are what a reservation costs.
type ReservationPrices struct {
	// Commit and Overcommit are the rates of reserved units and of those above.
	// Overcommit is nil if nothing says what they cost.
	Commit     Rate
	Overcommit *Rate
	// Months is the number of months that a total covers: those of the commitment's
	// whole term, where days count as parts of their month, and 1 for a term
	// without end.
	Months decimal.Rational
}

// Reservations returns the client's commitments.
func (s *Service) Reservations(ctx context.Context, r ReservationsRequest) (_ []Reservation, err error) {
	defer costd.Wrap(&err, "report.Reservations")
	v, client, err := s.client(ctx, r.ClientID)
	if err != nil {
		return nil, err
	}
	today := s.Today()
	found := []Reservation{}
	for _, c := range v.entries.Commitments {
		if !r.selects(&c, today) {
			continue
		}
		reservation := Reservation{Commitment: c, RegionName: v.names.Region(c.RegionID)}
		if client.ShowPrices {
			reservation.Prices = v.prices(c, r.Period, today)
		}
		found = append(found, reservation)
	}
	slices.SortFunc(found, r.compare)
	return found, nil
}

func (r ReservationsRequest) selects(c *costd.Commitment, today costd.Day) bool {
	active := func(p costd.Period) bool { return c.ActiveDays(p).Days() > 0 }
	return c.ClientID == r.ClientID &&
		(r.Metric == "" || c.Metric == r.Metric) &&
		(r.RegionID == nil || c.RegionID == *r.RegionID) &&
		(r.Period == nil || active(*r.Period)) &&
		(!r.ActiveOnly || active(costd.Period{From: today, To: today + 1}))
}

func (r ReservationsRequest) compare(a, b Reservation) int {
	c, d := &a.Commitment, &b.Commitment
	order := cmp.Compare(c.ActiveFrom, d.ActiveFrom)
	if r.OrderBy == OrderByActiveTo {
		order = compareEnds(c.ActiveTo, d.ActiveTo)
	}
	if r.Descending {
		order = -order
	}
	return cmp.Or(order, cmp.Compare(c.ID, d.ID))
}

// compareEnds orders ends, of which nil is never.
func compareEnds(a, b *costd.Day) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Compare(*a, *b)
}

// prices returns what the commitment costs. Where the price book says what
// overcommit costs, it is the price of the period's last active day; without a
// period, of today or the day of the term next to it.
func (v *view) prices(c costd.Commitment, period *costd.Period, today costd.Day) *ReservationPrices {
	p := &ReservationPrices{Commit: rating.CommitRate(c), Months: decimal.Fraction(1, 1)}
	day := max(today, c.ActiveFrom)
	if c.ActiveTo != nil {
		p.Months = months(costd.Period{From: c.ActiveFrom, To: *c.ActiveTo})
		day = min(day, *c.ActiveTo-1)
	}
	if period != nil {
		day = c.ActiveDays(*period).To - 1
	}
	if rate, ok := v.book.OvercommitRate(c, day); ok {
		p.Overcommit = &rate
	}
	return p
}

// months returns the length of p in months, where d of the n days of a month are
// d/n.
func months(p costd.Period) decimal.Rational {
	if p.Days() <= 0 {
		return decimal.Rational{}
	}
	part := func(m costd.Month) decimal.Rational {
		days := m.Period()
		return decimal.Fraction(int64(days.Intersect(p).Days()), int64(days.Days()))
	}
	first, last := costd.MonthOf(p.From), costd.MonthOf(p.To-1)
	if first == last {
		return part(first)
	}
	whole := decimal.Fraction(int64(last-first-1), 1)
	return part(first).Add(whole).Add(part(last))
}
