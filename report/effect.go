package report

import (
	"cmp"
	"context"
	"slices"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/rating"
)

// MaxEffects is how many months of clients an effect is worked out for: reading one takes
// a millisecond from memory and some fifty from the disk.
const MaxEffects = 1000

// An Owed is what a client owes for a month by one catalog.
type Owed struct {
	// Total is the exact sum of the month's charges, before rounding; nil if rows have no
	// cost, or if the catalog lacks the client.
	Total    *decimal.Rational
	Currency string // "" if the catalog lacks the client
	Errors   int    // rows without a cost
}

// An Effect says how a change of the catalog changes what a client owes for a month.
type Effect struct {
	costd.ClientMonth
	Before, After Owed
}

// Difference returns by how much the total grows, or nil if one of them is missing.
func (e Effect) Difference() *decimal.Rational {
	if e.Before.Total == nil || e.After.Total == nil || e.Before.Currency != e.After.Currency {
		return nil
	}
	return new(e.After.Total.Sub(*e.Before.Total))
}

// Effects are those of a change on all clients.
type Effects struct {
	Months []Effect // those that change, ordered by client and month
	Looked int      // months of clients that were looked at
	Left   int      // those, earlier than the others, that were too many
}

// Effects returns how the changes of a catalog, whose entries before them are given,
// change what clients owe. It changes nothing. Months are told by the usage of the store
// and by the commitments among the changes, up to the current month.
func (s *Service) Effects(ctx context.Context, store costd.Maintainer, before costd.Entries, changes costd.Changes) (e Effects, err error) {
	defer costd.Wrap(&err, "report.Effects")
	books, err := s.books(ctx, before, before.With(changes))
	if err != nil {
		return e, err
	}
	months, err := s.affected(ctx, store, before, changes)
	if err != nil {
		return e, err
	}
	e.Looked, e.Left = min(len(months), MaxEffects), max(0, len(months)-MaxEffects)
	for _, m := range months[:e.Looked] {
		lines, err := s.Usage.Lines(ctx, costd.Query{ClientID: m.ClientID, Period: m.Month.Period()})
		if err != nil {
			return e, err
		}
		effect := Effect{m, owed(books[0], m, lines), owed(books[1], m, lines)}
		if !effect.Before.same(effect.After) {
			e.Months = append(e.Months, effect)
		}
	}
	slices.SortFunc(e.Months, func(a, b Effect) int {
		return cmp.Or(cmp.Compare(a.ClientID, b.ClientID), cmp.Compare(a.Month, b.Month))
	})
	return e, nil
}

// books returns the books of two catalogs. They share with the current one what is the
// same.
func (s *Service) books(ctx context.Context, from, to costd.Entries) (books [2]*rating.Book, err error) {
	v, err := s.view(ctx)
	if err != nil {
		return books, err
	}
	books[0] = v.book.With(costd.Diff(v.entries, from))
	books[1] = books[0].With(costd.Diff(from, to))
	return books, nil
}

// owed returns what the client owes for the month by a book.
func owed(book *rating.Book, m costd.ClientMonth, lines []costd.LineUsage) (o Owed) {
	client, known := book.Client(m.ClientID)
	if !known {
		return o
	}
	o.Currency = client.Currency
	var total decimal.Rational
	for _, c := range book.Monthly(m.ClientID, m.Month, lines, rating.Selection{}) {
		if c.Cost == nil {
			o.Errors++
		} else {
			total = total.Add(*c.Cost)
		}
	}
	if o.Errors == 0 {
		o.Total = &total
	}
	return o
}

func (o Owed) same(p Owed) bool {
	if o.Currency != p.Currency || o.Errors != p.Errors || (o.Total == nil) != (p.Total == nil) {
		return false
	}
	return o.Total == nil || o.Total.Equal(*p.Total)
}

// affected returns the months of clients in which the changes may change what is owed,
// the latest first.
func (s *Service) affected(ctx context.Context, store costd.Maintainer, before costd.Entries, changes costd.Changes) ([]costd.ClientMonth, error) {
	used, err := store.Months(ctx)
	if err != nil {
		return nil, err
	}
	reach := newReach(before.With(changes), changes)
	seen := map[costd.ClientMonth]bool{}
	for _, m := range used {
		if first, ok := reach[m.ClientID]; ok && m.Month.Period().To > first {
			seen[m] = true
		}
	}
	for _, c := range changes.Commitments {
		for _, commitment := range []*costd.Commitment{c.Before, c.After} {
			addMonths(seen, commitment, s.Today())
		}
	}
	months := make([]costd.ClientMonth, 0, len(seen))
	for m := range seen {
		months = append(months, m)
	}
	slices.SortFunc(months, func(a, b costd.ClientMonth) int {
		return cmp.Or(cmp.Compare(b.Month, a.Month), cmp.Compare(a.ClientID, b.ClientID))
	})
	return months, nil
}

// addMonths adds the months in which a commitment is active, up to that of today.
func addMonths(months map[costd.ClientMonth]bool, c *costd.Commitment, today costd.Day) {
	if c == nil {
		return
	}
	active := c.ActiveDays(costd.Period{From: c.ActiveFrom, To: costd.MonthOf(today).Period().To})
	if active.Days() <= 0 {
		return
	}
	for m := costd.MonthOf(active.From); m <= costd.MonthOf(active.To-1); m++ {
		months[costd.ClientMonth{ClientID: c.ClientID, Month: m}] = true
	}
}

// A reach tells for each client the first day on which changes may change its costs.
type reach map[int64]costd.Day

func newReach(after costd.Entries, changes costd.Changes) reach {
	r := reach{}
	currencies := map[string]costd.Day{}
	for _, c := range changes.Prices {
		for _, p := range []*costd.Price{c.Before, c.After} {
			if p != nil && p.ClientID == 0 {
				note(currencies, p.Currency, p.EffectiveFrom)
			} else if p != nil {
				note(r, p.ClientID, p.EffectiveFrom)
			}
		}
	}
	for _, c := range changes.Commitments {
		for _, commitment := range []*costd.Commitment{c.Before, c.After} {
			if commitment != nil {
				note(r, commitment.ClientID, commitment.ActiveFrom)
			}
		}
	}
	for _, c := range changes.Clients {
		r.noteClient(c)
	}
	for _, c := range after.Clients {
		if day, ok := currencies[c.Currency]; ok {
			note(r, c.ID, day)
		}
	}
	return r
}

// noteClient notes a client that is new, gone or pays in another currency.
func (r reach) noteClient(c costd.Change[costd.Client]) {
	const always costd.Day = 0
	switch {
	case c.Before == nil:
		note(r, c.After.ID, always)
	case c.After == nil || c.Before.Currency != c.After.Currency:
		note(r, c.Before.ID, always)
	}
}

func note[K comparable](first map[K]costd.Day, key K, day costd.Day) {
	if known, ok := first[key]; !ok || day < known {
		first[key] = day
	}
}
