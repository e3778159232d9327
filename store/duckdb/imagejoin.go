package duckdb

import "costd.dev/costd"

// joined returns one image of several months in a row, all of one client and as of one
// moment. It shares the days of the months' images: only what the cells belong to is
// numbered once more, so that it costs far less than the months have entries.
func joined(months []*image) *image {
	if len(months) == 1 {
		return months[0]
	}
	period := costd.Period{From: months[0].period.From, To: months[len(months)-1].period.To}
	b := newBuilderOf(period)
	for _, month := range months {
		m := b.member(month)
		for i := range month.days {
			day := month.days[i]
			day.of = m
			b.image.days[int(month.period.From-period.From)+i] = day
		}
	}
	return &b.image
}

// A member is the image of a month within a joined image.
type member struct {
	*image
	// The numbers that its cells and lines have in the joined image, by their own.
	joinedCell, joinedLine []int32
}

func (b *imageBuilder) member(month *image) *member {
	m := &member{month, make([]int32, len(month.cells)), make([]int32, len(month.lines))}
	for i := range month.cells {
		c := &month.cells[i]
		m.joinedCell[i] = b.cell(c.state)
		m.joinedLine[c.line] = b.image.cells[m.joinedCell[i]].line
	}
	return m
}

// cell returns the number of the cell of an entry of the day, in the image that was asked.
func (d *dayImage) cell(e *entry) int32 {
	if d.of == nil {
		return e.cell
	}
	return d.of.joinedCell[e.cell]
}

// all returns what all cells used on the day. The image of a month adds it up once for as
// long as the day does not change, whoever asks.
func (d *dayImage) all(asked *image) ([]lineSum, error) {
	if d.sums == nil { // a day without usage
		return nil, nil
	}
	own := *d
	own.of = nil
	month := asked
	if d.of != nil {
		month = d.of.image
	}
	d.sums.once.Do(func() {
		adder := lineAdder{image: month}
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
