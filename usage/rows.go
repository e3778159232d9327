package usage

import (
	"cmp"
	"iter"
	"math/big"
	"slices"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/usage/driver"
)

// A rowSum adds up one resource row over the days of a query.
type rowSum struct {
	row   int32
	first int64
	last  lastSeen
	value *big.Int // on the finest grid; only if rows are ordered by it
}

// Resources returns what costd.UsageStore.Resources does of a query whose period lies
// within the aggregate's. Its error is Overflow; the sequence has none.
func (a *Aggregate) Resources(q costd.Query, p costd.Page) (int, iter.Seq2[costd.ResourceUsage, error], error) {
	c := a.choose(q)
	days := a.within(q.Period)
	byValue := slices.ContainsFunc(p.OrderBy, func(k costd.SortKey) bool { return k.By == costd.SortBillingValue })
	rows := a.rowSums(days, c, byValue)
	slices.SortFunc(rows, func(r, s rowSum) int {
		x, y := a.rank(&r), a.rank(&s)
		return x.compare(&y, p.OrderBy)
	})
	count := len(rows)
	rows = rows[min(p.Offset, count):]
	if p.Limit > 0 {
		rows = rows[:min(p.Limit, len(rows))]
	}
	first := a.firstDay(q.Period)
	usage, err := a.rowDays(days, first, c, rows)
	if err != nil {
		return 0, nil, err
	}
	return count, func(yield func(costd.ResourceUsage, error) bool) {
		for i := range rows {
			if !yield(a.resourceUsage(&rows[i], usage(i)), nil) {
				return
			}
		}
	}, nil
}

// rowSums returns the rows that have selected usage on the days.
func (a *Aggregate) rowSums(days []aggregateDay, c *choice, byValue bool) []rowSum {
	sums := make([]rowSum, len(a.rows))
	for d := range days {
		entries := days[d].entries
		for i := range entries {
			e := &entries[i]
			cell := days[d].cell(e)
			if !c.selects(cell) {
				continue
			}
			row := a.cells[cell].row
			s := &sums[row]
			if s.last.entry == nil {
				*s = rowSum{row: row, first: e.first, last: lastSeen{cell, e}}
			}
			s.first = min(s.first, e.first)
			if e.Seen.Compare(&s.last.Seen) > 0 {
				s.last = lastSeen{cell, e}
			}
			if byValue {
				s.addValue(e)
			}
		}
	}
	return slices.DeleteFunc(sums, func(s rowSum) bool { return s.last.entry == nil })
}

// addValue adds the entry's sum to the value, on the finest grid.
func (s *rowSum) addValue(e *entry) {
	units := e.sum.Big()
	if s.value == nil {
		s.value = new(big.Int)
	}
	s.value.Add(s.value, units.Mul(units, toFinest[e.grid]))
}

// finestUnits returns a quantity in units of the finest grid, on which all quantities lie.
func finestUnits(quantity decimal.Rational) *big.Int {
	units, _ := quantity.Scaled(costd.GridFinest.Denominator())
	return units
}

// toFinest are the numbers of units of the finest grid in one of each grid.
var toFinest = func() (factors [costd.GridFinest + 1]*big.Int) {
	for g := range factors {
		factors[g] = new(big.Int).Quo(costd.GridFinest.Denominator(), costd.Grid(g).Denominator())
	}
	return factors
}()

// A rank is what decides about the place of a resource row.
type rank struct {
	key         *rowKey
	name        string
	first, last int64    // when it was seen, in nanoseconds since 1970
	value       *big.Int // on the finest grid; nil if rows are not ordered by it
}

func (a *Aggregate) rank(r *rowSum) rank {
	return rank{key: &a.rows[r.row], name: a.cells[r.last.cell].Name, first: r.first, last: r.last.End, value: r.value}
}

// compare orders rows by the keys and then as costd.Page says.
func (r *rank) compare(s *rank, keys []costd.SortKey) int {
	x, y := r.key, s.key
	for _, key := range keys {
		c := 0
		switch key.By {
		case costd.SortBillingValue:
			c = r.value.Cmp(s.value)
		case costd.SortFirstSeen:
			c = cmp.Compare(r.first, s.first)
		case costd.SortLastName:
			c = cmp.Compare(r.name, s.name)
		case costd.SortLastSeen:
			c = cmp.Compare(r.last, s.last)
		case costd.SortProject:
			c = cmp.Compare(x.project, y.project)
		case costd.SortRegion:
			c = cmp.Compare(x.line.RegionID, y.line.RegionID)
		case costd.SortType:
			c = cmp.Compare(x.line.Type, y.line.Type)
		}
		if key.Descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(x.resource, y.resource), cmp.Compare(x.line.Metric, y.line.Metric), cmp.Compare(x.project, y.project),
		cmp.Compare(x.line.RegionID, y.line.RegionID), cmp.Compare(x.line.Type, y.line.Type), cmp.Compare(x.line.Dimension, y.line.Dimension))
}

// A rowDay is the usage of one row on one day.
type rowDay struct {
	day  int32 // of the days of the query
	sums driver.Amounts
}

// rowDays adds up the rows day by day, and returns a function that gives the days
// of the n-th of them. An error would be one of adding up.
func (a *Aggregate) rowDays(days []aggregateDay, first costd.Day, c *choice, rows []rowSum) (func(n int) []costd.DayUsage, error) {
	position := slices.Repeat([]int32{-1}, len(a.rows)) // of a row on the page
	for i := range rows {
		position[rows[i].row] = int32(i)
	}
	of := make([][]rowDay, len(rows))
	for d := range days {
		entries := days[d].entries
		for i := range entries {
			e := &entries[i]
			cell := days[d].cell(e)
			n := position[a.cells[cell].row]
			if n < 0 || !c.selects(cell) {
				continue
			}
			if last := len(of[n]) - 1; last < 0 || of[n][last].day != int32(d) {
				of[n] = append(of[n], rowDay{day: int32(d)})
			}
			of[n][len(of[n])-1].sums.Add(e.grid, e.sum)
		}
	}
	for _, list := range of {
		for i := range list {
			if _, err := list[i].sums.Rational(); err != nil {
				return nil, err
			}
		}
	}
	return func(n int) []costd.DayUsage {
		usage := make([]costd.DayUsage, len(of[n]))
		for i := range of[n] {
			used, _ := of[n][i].sums.Rational() // it was checked
			usage[i] = costd.DayUsage{Day: first + costd.Day(of[n][i].day), Used: used, Selected: used}
		}
		return usage
	}, nil
}

// resourceUsage returns a row with its days.
func (a *Aggregate) resourceUsage(s *rowSum, days []costd.DayUsage) costd.ResourceUsage {
	return a.cells[s.last.cell].Row(s.first, s.last.End, days)
}
