package usage

import (
	"costd.dev/costd"
	"costd.dev/costd/usage/driver"
)

// An Aggregate is what one client used in one month, or in several that are joined, as of
// one moment: for each day the sums over the parts of each state, so that reports need
// not read the parts. It never changes, so that many reports can use it at once; a Builder
// makes the next one.
type Aggregate struct {
	period costd.Period
	cells  []cell
	// What the cells are grouped by, by the numbers that they hold.
	lines  []costd.Line
	rows   []rowKey
	owners []ownerKey
	days   []aggregateDay // of the period
}

// A cell is a state that some part of the period has, with the numbers, within the
// aggregate, of what it belongs to.
type cell struct {
	*driver.State
	line, row, owner int32
}

// An ownerKey is what tags and filters select: a resource whatever its metric.
type ownerKey struct {
	typ costd.Type
	id  string
}

// A rowKey is what tells resource rows apart.
type rowKey struct {
	line     costd.Line // with the row dimension
	project  int64
	resource string
}

// An aggregateDay is one day of an aggregate.
type aggregateDay struct {
	entries []entry // ordered by cell and grid
	sums    *daySums
	of      *member // of a joined aggregate: the month of the day; else nil
}

// An entry sums up the parts of one cell, day and grid.
type entry struct {
	cell  int32
	grid  costd.Grid
	sum   driver.Amount
	first int64 // the smallest start of a part, in nanoseconds since 1970
	driver.Seen
}

// within returns the days of the aggregate that lie in the period.
func (a *Aggregate) within(p costd.Period) []aggregateDay {
	p = p.Intersect(a.period)
	return a.days[p.From-a.period.From : p.To-a.period.From]
}

// firstDay returns the first day that lies in the aggregate and in the period.
func (a *Aggregate) firstDay(p costd.Period) costd.Day { return max(p.From, a.period.From) }
