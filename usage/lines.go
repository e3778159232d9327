package usage

import (
	"slices"
	"sync"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/usage/driver"
)

// Lines returns what costd.UsageStore.Lines does of a query whose period lies within the
// aggregate's. Its error is Overflow.
func (a *Aggregate) Lines(q costd.Query) ([]costd.LineUsage, error) {
	c := a.choose(q)
	lines := make([]costd.LineUsage, len(a.lines))
	chosen := make([]bool, len(a.lines))
	adder := lineAdder{Aggregate: a}
	days := a.within(q.Period)
	for i := range days {
		used, err := adder.used(&days[i], c)
		if err != nil {
			return nil, err
		}
		for _, s := range used {
			line := &lines[s.line]
			if line.Days == nil {
				line.Days = make([]costd.DayUsage, 0, len(days)-i)
			}
			line.Days = append(line.Days, costd.DayUsage{Day: a.firstDay(q.Period) + costd.Day(i), Used: s.sum})
		}
		selected := used
		if q.SelectsResources() {
			if selected, err = adder.sum(&days[i], c.selected); err != nil {
				return nil, err
			}
		}
		for _, s := range selected {
			line := &lines[s.line]
			line.Days[len(line.Days)-1].Selected = s.sum
			chosen[s.line] = true
		}
	}
	return a.chosenLines(q, c, lines, chosen)
}

// A lineSum is what one line used on one day.
type lineSum struct {
	line int32
	sum  decimal.Rational
}

// A lineAdder adds up the lines of an aggregate, day by day.
type lineAdder struct {
	*Aggregate
	sums    []driver.Amounts // of each line; zero between days
	touched []bool
}

// used returns what the listed cells used on the day.
func (a *lineAdder) used(day *aggregateDay, c *choice) ([]lineSum, error) {
	if c.listed != nil {
		return a.sum(day, c.listed)
	}
	return day.all(a.Aggregate)
}

// daySums are the sums of all lines on one day, once somebody has asked for them.
type daySums struct {
	once  sync.Once
	lines []lineSum
	err   error
}

// sum adds up the entries that the day has of those cells, or of all cells for nil.
func (a *lineAdder) sum(day *aggregateDay, cells []bool) ([]lineSum, error) {
	if a.sums == nil {
		a.sums, a.touched = make([]driver.Amounts, len(a.lines)), make([]bool, len(a.lines))
	}
	var result []lineSum
	for i := range day.entries {
		e := &day.entries[i]
		cell := day.cell(e)
		if cells != nil && !cells[cell] {
			continue
		}
		n := a.cells[cell].line
		if !a.touched[n] {
			a.touched[n] = true
			result = append(result, lineSum{line: n})
		}
		a.sums[n].Add(e.grid, e.sum)
	}
	for i := range result {
		var err error
		s := &result[i]
		if s.sum, err = a.sums[s.line].Rational(); err != nil {
			return nil, err
		}
		a.sums[s.line], a.touched[s.line] = driver.Amounts{}, false
	}
	return result, nil
}

// chosenLines returns the lines of which anything is selected, in their order
// and with their last sizes.
func (a *Aggregate) chosenLines(q costd.Query, c *choice, lines []costd.LineUsage, chosen []bool) ([]costd.LineUsage, error) {
	var result []costd.LineUsage
	var sizes map[costd.Line]decimal.Decimal
	for n, line := range lines {
		if !chosen[n] {
			continue
		}
		line.Line = a.lines[n]
		if line.Line.Type == costd.Backup {
			if sizes == nil {
				var err error
				if sizes, err = a.lastSizes(q, c); err != nil {
					return nil, err
				}
			}
			line.LastSize = sizes[line.Line]
		}
		result = append(result, line)
	}
	slices.SortFunc(result, func(a, b costd.LineUsage) int { return a.Line.Compare(b.Line) })
	return result, nil
}

// lastSizes returns of each backup line the sum of the sizes that its selected
// resources had last.
func (a *Aggregate) lastSizes(q costd.Query, c *choice) (map[costd.Line]decimal.Decimal, error) {
	type key struct {
		line     int32
		resource string
	}
	numbers, keys := map[key]int32{}, []key{}
	ofCell := make([]int32, len(a.cells))
	for i := range a.cells {
		if cell := &a.cells[i]; cell.Type == costd.Backup {
			ofCell[i] = numberOf(numbers, &keys, key{cell.line, cell.ResourceID})
		}
	}
	backups := make([]bool, len(a.cells))
	for i := range a.cells {
		backups[i] = a.cells[i].Type == costd.Backup && c.selects(int32(i))
	}
	last := a.lastOf(a.within(q.Period), &choice{listed: backups}, len(keys), func(cell int32) int32 { return ofCell[cell] })
	sizes := map[costd.Line]decimal.Decimal{}
	for i, l := range last {
		if l.entry == nil || a.cells[l.cell].Size == nil {
			continue
		}
		line := a.lines[keys[i].line]
		sum, err := addSize(sizes[line], *a.cells[l.cell].Size)
		if err != nil {
			return nil, err
		}
		sizes[line] = sum
	}
	return sizes, nil
}

// addSize adds up sizes. Its error is Overflow.
func addSize(a, b decimal.Decimal) (decimal.Decimal, error) {
	sum, err := a.Add(b)
	if err != nil {
		return sum, costd.Errorf(costd.Overflow, "a sum of sizes needs more than %d digits", decimal.MaxDigits)
	}
	return sum, nil
}
