package usage

import "costd.dev/costd"

// Join returns one aggregate of several months in a row, at least one, all of one client
// and as of one moment. It shares the days of the months: only what the cells belong to is
// numbered once more, so that it costs far less than the months have entries.
func Join(months []*Aggregate) *Aggregate {
	if len(months) == 1 {
		return months[0]
	}
	period := costd.Period{From: months[0].period.From, To: months[len(months)-1].period.To}
	b := newBuilder(period)
	for _, month := range months {
		m := b.member(month)
		for i := range month.days {
			day := month.days[i]
			day.of = m
			b.next.days[int(month.period.From-period.From)+i] = day
		}
	}
	return &b.next
}

// A member is the aggregate of a month within a joined one.
type member struct {
	*Aggregate
	// The numbers that its cells and lines have in the joined aggregate, by their own.
	joinedCell, joinedLine []int32
}

func (b *Builder) member(month *Aggregate) *member {
	m := &member{month, make([]int32, len(month.cells)), make([]int32, len(month.lines))}
	for i := range month.cells {
		c := &month.cells[i]
		m.joinedCell[i] = b.cell(c.State)
		m.joinedLine[c.line] = b.next.cells[m.joinedCell[i]].line
	}
	return m
}

// cell returns the number of the cell of an entry of the day, in the aggregate that was asked.
func (d *aggregateDay) cell(e *entry) int32 {
	if d.of == nil {
		return e.cell
	}
	return d.of.joinedCell[e.cell]
}

// all returns what all cells used on the day, which a is an aggregate of. The sums are kept
// with the day, by the numbers of its month, until the day changes: all aggregates that have
// the day share them.
func (d *aggregateDay) all(a *Aggregate) ([]lineSum, error) {
	if d.sums == nil { // a day without usage
		return nil, nil
	}
	d.sums.once.Do(func() {
		own := *d
		if d.of != nil {
			a, own.of = d.of.Aggregate, nil
		}
		adder := lineAdder{Aggregate: a}
		d.sums.lines, d.sums.err = adder.sum(&own, nil)
	})
	if d.of == nil || d.sums.err != nil {
		return d.sums.lines, d.sums.err
	}
	lines := make([]lineSum, len(d.sums.lines))
	for i, s := range d.sums.lines {
		lines[i] = lineSum{d.of.joinedLine[s.line], s.sum}
	}
	return lines, nil
}
