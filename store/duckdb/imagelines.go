package duckdb

import (
	"slices"
	"sync"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// linesOf returns what Lines returns.
func (im *image) linesOf(q costd.Query) ([]costd.LineUsage, error) {
	c := im.choose(q)
	lines := make([]costd.LineUsage, len(im.lines))
	chosen := make([]bool, len(im.lines))
	adder := lineAdder{image: im}
	days := im.within(q.Period)
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
			line.Days = append(line.Days, costd.DayUsage{Day: max(q.Period.From, im.period.From) + costd.Day(i), Used: s.sum})
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
	return im.chosenLines(q, c, lines, chosen)
}

// A lineSum is what one line used on one day.
type lineSum struct {
	line int32
	sum  decimal.Rational
}

// A lineAdder adds up the lines of an image, day by day.
type lineAdder struct {
	*image
	sums    []amounts // of each line; zero between days
	touched []bool
}

// used returns what the listed cells used on the day.
func (a *lineAdder) used(day *dayImage, c *choice) ([]lineSum, error) {
	if c.listed != nil {
		return a.sum(day, c.listed)
	}
	return day.all(a.image)
}

// daySums are the sums of all lines on one day, once somebody has asked for them.
type daySums struct {
	once  sync.Once
	lines []lineSum
	err   error
}

// sum adds up the entries that the day has of those cells, or of all cells for nil.
func (a *lineAdder) sum(day *dayImage, cells []bool) ([]lineSum, error) {
	if a.sums == nil {
		a.sums, a.touched = make([]amounts, len(a.lines)), make([]bool, len(a.lines))
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
		a.sums[n].add(e.grid, e.sum)
	}
	for i := range result {
		var err error
		s := &result[i]
		if s.sum, err = a.sums[s.line].rational(); err != nil {
			return nil, err
		}
		a.sums[s.line], a.touched[s.line] = amounts{}, false
	}
	return result, nil
}

// chosenLines returns the lines of which anything is selected, in their order
// and with their last sizes.
func (im *image) chosenLines(q costd.Query, c *choice, lines []costd.LineUsage, chosen []bool) ([]costd.LineUsage, error) {
	var result []costd.LineUsage
	var sizes map[costd.Line]decimal.Decimal
	for n, line := range lines {
		if !chosen[n] {
			continue
		}
		line.Line = im.lines[n]
		if line.Line.Type == costd.Backup {
			if sizes == nil {
				var err error
				if sizes, err = im.lastSizes(q, c); err != nil {
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
func (im *image) lastSizes(q costd.Query, c *choice) (map[costd.Line]decimal.Decimal, error) {
	type key struct {
		line     int32
		resource string
	}
	numbers, keys := map[key]int32{}, []key{}
	ofCell := make([]int32, len(im.cells))
	for i := range im.cells {
		if cell := &im.cells[i]; cell.typ == costd.Backup {
			ofCell[i] = numberOf(numbers, &keys, key{cell.line, cell.resource.id})
		}
	}
	backups := make([]bool, len(im.cells))
	for i := range im.cells {
		backups[i] = im.cells[i].typ == costd.Backup && c.selects(int32(i))
	}
	last := im.lastOf(im.within(q.Period), &choice{listed: backups}, len(keys), func(cell int32) int32 { return ofCell[cell] })
	sizes := map[costd.Line]decimal.Decimal{}
	for i, l := range last {
		if l.entry == nil || im.cells[l.cell].size == nil {
			continue
		}
		line := im.lines[keys[i].line]
		sum, err := sizes[line].Add(*im.cells[l.cell].size)
		if err != nil {
			return nil, costd.Errorf(costd.Overflow, "a sum of sizes needs more than %d digits", decimal.MaxDigits)
		}
		sizes[line] = sum
	}
	return sizes, nil
}
