package duckdb

import (
	"cmp"
	"iter"
	"maps"
	"math/big"
	"slices"
	"time"

	"costd.dev/costd"
)

// A rowSum adds up one resource row over the days of a query.
type rowSum struct {
	row   int32
	first int64
	last  lastSeen
	value *big.Int // on the finest grid; only if rows are ordered by it
}

// resourcesOf returns what Resources returns.
func (im *image) resourcesOf(q costd.Query, p costd.Page) (int, iter.Seq2[costd.ResourceUsage, error], error) {
	c := im.choose(q)
	days := im.within(q.Period)
	byValue := slices.ContainsFunc(p.OrderBy, func(k costd.SortKey) bool { return k.By == costd.SortBillingValue })
	rows := im.rowSums(days, c, byValue)
	slices.SortFunc(rows, func(a, b rowSum) int { return im.compareRows(&a, &b, p.OrderBy) })
	count := len(rows)
	rows = rows[min(p.Offset, count):]
	if p.Limit > 0 {
		rows = rows[:min(p.Limit, len(rows))]
	}
	first := max(q.Period.From, im.period.From)
	usage, err := im.rowDays(days, first, c, rows)
	if err != nil {
		return 0, nil, err
	}
	return count, func(yield func(costd.ResourceUsage, error) bool) {
		for i := range rows {
			if !yield(im.resourceUsage(&rows[i], usage(i)), nil) {
				return
			}
		}
	}, nil
}

// rowSums returns the rows that have selected usage on the days.
func (im *image) rowSums(days []dayImage, c *choice, byValue bool) []rowSum {
	sums := make([]rowSum, len(im.rows))
	for d := range days {
		entries := days[d].entries
		for i := range entries {
			e := &entries[i]
			cell := days[d].cell(e)
			if !c.selects(cell) {
				continue
			}
			row := im.cells[cell].row
			s := &sums[row]
			if s.last.entry == nil {
				*s = rowSum{row: row, first: e.first, last: lastSeen{cell, e}}
			}
			s.first = min(s.first, e.first)
			if e.seen.compare(&s.last.seen) > 0 {
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
	units := e.sum.big()
	if s.value == nil {
		s.value = new(big.Int)
	}
	s.value.Add(s.value, units.Mul(units, toFinest[e.grid]))
}

// toFinest are the numbers of units of the finest grid in one of each grid.
var toFinest = func() (factors [costd.GridFinest + 1]*big.Int) {
	for g := range factors {
		factors[g] = new(big.Int).Quo(costd.GridFinest.Denominator(), costd.Grid(g).Denominator())
	}
	return factors
}()

// compareRows orders rows by the keys and then as costd.Page says.
func (im *image) compareRows(a, b *rowSum, keys []costd.SortKey) int {
	x, y := &im.rows[a.row], &im.rows[b.row]
	for _, key := range keys {
		c := 0
		switch key.By {
		case costd.SortBillingValue:
			c = a.value.Cmp(b.value)
		case costd.SortFirstSeen:
			c = cmp.Compare(a.first, b.first)
		case costd.SortLastName:
			c = cmp.Compare(im.cells[a.last.cell].name, im.cells[b.last.cell].name)
		case costd.SortLastSeen:
			c = cmp.Compare(a.last.end, b.last.end)
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
	sums amounts
}

// rowDays adds up the rows day by day, and returns a function that gives the days
// of the n-th of them. An error would be one of adding up.
func (im *image) rowDays(days []dayImage, first costd.Day, c *choice, rows []rowSum) (func(n int) []costd.DayUsage, error) {
	position := slices.Repeat([]int32{-1}, len(im.rows)) // of a row on the page
	for i := range rows {
		position[rows[i].row] = int32(i)
	}
	of := make([][]rowDay, len(rows))
	for d := range days {
		entries := days[d].entries
		for i := range entries {
			e := &entries[i]
			cell := days[d].cell(e)
			n := position[im.cells[cell].row]
			if n < 0 || !c.selects(cell) {
				continue
			}
			if last := len(of[n]) - 1; last < 0 || of[n][last].day != int32(d) {
				of[n] = append(of[n], rowDay{day: int32(d)})
			}
			of[n][len(of[n])-1].sums.add(e.grid, e.sum)
		}
	}
	for _, list := range of {
		for i := range list {
			if _, err := list[i].sums.rational(); err != nil {
				return nil, err
			}
		}
	}
	return func(n int) []costd.DayUsage {
		usage := make([]costd.DayUsage, len(of[n]))
		for i := range of[n] {
			used, _ := of[n][i].sums.rational() // it was checked
			usage[i] = costd.DayUsage{Day: first + costd.Day(of[n][i].day), Used: used, Selected: used}
		}
		return usage
	}, nil
}

// resourceUsage returns a row with its days.
func (im *image) resourceUsage(s *rowSum, days []costd.DayUsage) costd.ResourceUsage {
	return im.cells[s.last.cell].usage(s.first, s.last.end, days)
}

// usage returns the resource row of which s was seen last. It shares no memory with s.
func (s *state) usage(first, last int64, days []costd.DayUsage) costd.ResourceUsage {
	info, _ := s.typ.Info()
	u := costd.ResourceUsage{
		Line:      costd.Line{Type: s.typ, RegionID: s.region, Dimension: s.field(info.RowDimension), Metric: s.resource.metric},
		ProjectID: s.project, ResourceID: s.resource.id, Days: days,
		FirstSeen: time.Unix(0, first).UTC(), LastSeen: time.Unix(0, last).UTC(),
		Name: s.name, Attributes: s.attributes, Tags: maps.Clone(s.tags),
	}
	if s.size != nil {
		size := *s.size
		u.Size = &size
	}
	return u
}
