package report

import (
	"cmp"
	"context"
	"slices"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/rating"
)

// The bounds of a diff.
const (
	MaxDiffClients = 1000   // read one after the other, as MaxEffects
	MaxDiffRows    = 10_000 // some 300 bytes each
)

// A DiffRequest asks how the charges of a month differ between two catalogs.
type DiffRequest struct {
	Month     costd.Month
	ClientIDs []int64 // at most MaxDiffClients; none: all whose charges may differ
	From, To  costd.Entries
}

// A DiffRow is a row of a client's monthly report that is not the same by two catalogs.
// Before is nil if only the second has it, After if only the first does.
type DiffRow struct {
	ClientID      int64
	Before, After *costd.Charge
}

// A Diff lists what differs, ordered by client, line and kind.
type Diff struct {
	Rows        []DiffRow
	MoreRows    int // beyond MaxDiffRows
	MoreClients int // that were not looked at, being more than MaxDiffClients
}

// Diff returns the rows of monthly reports that differ between two catalogs. It changes
// nothing.
func (s *Service) Diff(ctx context.Context, store costd.Maintainer, r DiffRequest) (d Diff, err error) {
	defer costd.Wrap(&err, "report.Diff")
	books, err := s.books(ctx, r.From, r.To)
	if err != nil {
		return d, err
	}
	clients := r.ClientIDs
	if len(clients) == 0 {
		if clients, err = s.affectedIn(ctx, store, r); err != nil {
			return d, err
		}
	}
	slices.Sort(clients)
	d.MoreClients = max(0, len(clients)-MaxDiffClients)
	for _, id := range clients[:min(len(clients), MaxDiffClients)] {
		lines, err := s.Usage.Lines(ctx, costd.Query{ClientID: id, Period: r.Month.Period()})
		if err != nil {
			return d, err
		}
		var charges [2][]costd.Charge
		for i, book := range books {
			if _, known := book.Client(id); known {
				charges[i] = book.Monthly(id, r.Month, lines, rating.Selection{})
			}
		}
		d.add(id, charges[0], charges[1])
	}
	return d, nil
}

// affectedIn returns the clients whose charges of the month may differ.
func (s *Service) affectedIn(ctx context.Context, store costd.Maintainer, r DiffRequest) (clients []int64, err error) {
	months, err := s.affected(ctx, store, r.From, costd.Diff(r.From, r.To))
	for _, m := range months {
		if m.Month == r.Month {
			clients = append(clients, m.ClientID)
		}
	}
	return clients, err
}

// add adds the rows of a client that differ. Both lists are ordered by line and kind.
func (d *Diff) add(client int64, before, after []costd.Charge) {
	for len(before) > 0 || len(after) > 0 {
		row := DiffRow{ClientID: client}
		order := 0
		switch {
		case len(before) == 0:
			order = 1
		case len(after) == 0:
			order = -1
		default:
			order = cmp.Or(before[0].Line.Compare(after[0].Line), cmp.Compare(before[0].Kind, after[0].Kind))
		}
		if order <= 0 {
			row.Before, before = &before[0], before[1:]
		}
		if order >= 0 {
			row.After, after = &after[0], after[1:]
		}
		if row.same() {
			continue
		}
		if len(d.Rows) == MaxDiffRows {
			d.MoreRows++
			continue
		}
		d.Rows = append(d.Rows, row)
	}
}

// same reports whether nothing about money differs: names may.
func (r DiffRow) same() bool {
	if r.Before == nil || r.After == nil {
		return false
	}
	b, a := r.Before, r.After
	if b.Currency != a.Currency || b.Err != a.Err || (b.Cost == nil) != (a.Cost == nil) || !b.Quantity.Equal(a.Quantity) {
		return false
	}
	return b.Cost == nil || b.Cost.Equal(*a.Cost)
}

// Difference returns by how much the cost grows, a row that is not there costing nothing;
// nil if a cost is missing, or the currencies differ.
func (r DiffRow) Difference() *decimal.Rational {
	var zero decimal.Rational
	cost := func(c *costd.Charge) *decimal.Rational {
		if c == nil {
			return &zero
		}
		return c.Cost
	}
	before, after := cost(r.Before), cost(r.After)
	if before == nil || after == nil || r.Before != nil && r.After != nil && r.Before.Currency != r.After.Currency {
		return nil
	}
	return new(after.Sub(*before))
}
