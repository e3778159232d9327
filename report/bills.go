package report

import (
	"context"
	"iter"
	"sort"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/rating"
)

// CostPlaces is how many decimal places of a cost are shown, unless more are asked for.
const CostPlaces = 5

// A MonthState says whether what a client owes for a month may still change.
type MonthState string

// MonthOpen is the state of a month in which late usage and a changed catalog count.
const MonthOpen MonthState = "open"

// A Bill is what one client owes for a month: the rows of its monthly report added up as
// they are shown, each cost rounded to CostPlaces, so that whoever adds the report up gets
// the bill to the last digit. A sum of which a row lacks its cost is nil, never partial.
// Costs are there also if they are hidden from the client.
type Bill struct {
	Client costd.Client
	Month  costd.Month
	State  MonthState
	Kinds  [costd.PAYG + 1]*decimal.Decimal // the costs of each kind
	Total  *decimal.Decimal                 // of all kinds
	Rows   int                              // of the monthly report
	Errors int                              // of Rows, those without a cost
	Err    string                           // why there is no Total: that of the first such row
}

// Bills yields the bills of a month, one for each client of the catalog whose id is
// greater than after, ascending. Each is made when it is read, all from the catalog as it
// is now. An error ends the sequence.
func (s *Service) Bills(ctx context.Context, month costd.Month, after int64) iter.Seq2[Bill, error] {
	return func(yield func(Bill, error) bool) {
		v, err := s.view(ctx)
		if err != nil {
			yield(Bill{}, err)
			return
		}
		clients := v.entries.Clients // ordered by id
		next := sort.Search(len(clients), func(i int) bool { return clients[i].ID > after })
		for _, client := range clients[next:] {
			bill, err := s.bill(ctx, v, client, month)
			if !yield(bill, err) || err != nil {
				return
			}
		}
	}
}

// bill returns the bill of a client, the one that was made before if it still holds.
func (s *Service) bill(ctx context.Context, v *view, client costd.Client, month costd.Month) (_ Bill, err error) {
	defer costd.Wrap(&err, "report.Bills")
	basis, err := s.basis(ctx, v, client.ID, month.Period())
	if err != nil {
		return Bill{}, err
	}
	if known, ok := s.bills.get(basis); ok {
		return known, nil
	}
	bill := Bill{Client: client, Month: month, State: MonthOpen}
	lines, err := s.Usage.Lines(ctx, costd.Query{ClientID: client.ID, Period: month.Period()})
	switch {
	case costd.ErrorCode(err) == costd.Overflow: // one client's, which must not keep the others from their bills
		bill.fail()
	case err != nil:
		return Bill{}, err
	default:
		bill.add(v.book.Monthly(client.ID, month, lines, rating.Selection{}))
	}
	s.bills.add(basis, bill)
	return bill, nil
}

// add adds up the rows of the monthly report.
func (b *Bill) add(rows []costd.Charge) {
	b.Rows = len(rows)
	var sums [costd.PAYG + 1]decimal.Decimal
	var missing [costd.PAYG + 1]bool
	for i := range rows {
		row := &rows[i]
		if row.Err != "" {
			b.Errors++
			missing[row.Kind] = true
			if b.Err == "" {
				b.Err = row.Err
			}
			continue
		}
		shown, err := row.Cost.RoundHalfEven(CostPlaces)
		if err == nil {
			sums[row.Kind], err = sums[row.Kind].Add(shown)
		}
		if err != nil {
			b.fail()
			return
		}
	}
	b.setSums(sums, missing)
}

// setSums sets the sums of the kinds of which no cost is missing, and the total of all.
func (b *Bill) setSums(sums [costd.PAYG + 1]decimal.Decimal, missing [costd.PAYG + 1]bool) {
	var total decimal.Decimal
	for kind := range sums {
		if !missing[kind] {
			b.Kinds[kind] = &sums[kind]
		}
		var err error
		if total, err = total.Add(sums[kind]); err != nil {
			b.fail()
			return
		}
	}
	if b.Errors == 0 {
		b.Total = &total
	}
}

// fail makes b a bill without sums, for a client with numbers that nothing can hold.
func (b *Bill) fail() {
	b.Kinds, b.Total = [costd.PAYG + 1]*decimal.Decimal{}, nil
	b.Errors = max(b.Errors, 1)
	b.Err = "a number of the report " + decimal.ErrOverflow.Error() + "; look for usage or prices that are too large"
}
