package usage

import (
	"context"
	"slices"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/usage/driver"
)

// scan calls f with aggregates that together have the usage of the query's period. Each
// has whole resources, so that filters and tags select within it as within all of them.
func (e *Engine) scan(ctx context.Context, q costd.Query, f func(*Aggregate) error) error {
	if q.Period.Days() <= 0 {
		return nil
	}
	days := make([]costd.Day, 0, q.Period.Days())
	for day := q.Period.From; day < q.Period.To; day++ {
		days = append(days, day)
	}
	return e.db.Scan(ctx, q.ClientID, q.Period, func(p driver.Part) error {
		b := newBuilder(q.Period)
		b.replace(days, p.Sums, p.States)
		return f(b.Finish())
	})
}

// A lineFold adds up lines over the aggregates of a scan.
type lineFold struct {
	query costd.Query
	of    map[costd.Line]*foldedLine
}

// A foldedLine is what one line used so far.
type foldedLine struct {
	days   []foldedDay // of the query's period
	chosen bool        // whether anything is selected
	size   decimal.Decimal
}

type foldedDay struct {
	used, selected driver.Amounts
	any            bool // whether there is usage, be it of nothing
}

func newLineFold(q costd.Query) *lineFold {
	return &lineFold{query: q, of: map[costd.Line]*foldedLine{}}
}

// add adds what an aggregate has. Its error is Overflow.
func (f *lineFold) add(a *Aggregate) error {
	c := a.choose(f.query)
	lines := make([]*foldedLine, len(a.lines))
	for d, day := range a.within(f.query.Period) {
		for i := range day.entries {
			e := &day.entries[i]
			if !c.lists(e.cell) {
				continue
			}
			n := a.cells[e.cell].line
			if lines[n] == nil {
				lines[n] = f.line(a.lines[n])
			}
			lines[n].days[d].add(e, c.selects(e.cell))
			lines[n].chosen = lines[n].chosen || c.selects(e.cell)
		}
	}
	return f.addSizes(a, c)
}

func (f *lineFold) line(l costd.Line) *foldedLine {
	folded := f.of[l]
	if folded == nil {
		folded = &foldedLine{days: make([]foldedDay, f.query.Period.Days())}
		f.of[l] = folded
	}
	return folded
}

func (d *foldedDay) add(e *entry, selected bool) {
	d.any = true
	d.used.Add(e.grid, e.sum)
	if selected {
		d.selected.Add(e.grid, e.sum)
	}
}

// addSizes adds the last sizes of backup lines.
func (f *lineFold) addSizes(a *Aggregate, c *choice) error {
	if !slices.ContainsFunc(a.lines, func(l costd.Line) bool { return l.Type == costd.Backup }) {
		return nil
	}
	sizes, err := a.lastSizes(f.query, c)
	for line, size := range sizes {
		if err == nil {
			folded := f.line(line)
			folded.size, err = addSize(folded.size, size)
		}
	}
	return err
}

// lines returns what costd.UsageStore.Lines does. Its error is Overflow.
func (f *lineFold) lines() (lines []costd.LineUsage, err error) {
	for line, folded := range f.of {
		if !folded.chosen {
			continue
		}
		usage := costd.LineUsage{Line: line, LastSize: folded.size}
		if usage.Days, err = folded.usage(f.query.Period.From); err != nil {
			return nil, err
		}
		lines = append(lines, usage)
	}
	slices.SortFunc(lines, func(a, b costd.LineUsage) int { return a.Line.Compare(b.Line) })
	return lines, nil
}

// usage returns the days that have usage; the first of all is given.
func (l *foldedLine) usage(first costd.Day) (days []costd.DayUsage, err error) {
	for i := range l.days {
		if !l.days[i].any {
			continue
		}
		day := costd.DayUsage{Day: first + costd.Day(i)}
		if day.Used, err = l.days[i].used.Rational(); err == nil {
			day.Selected, err = l.days[i].selected.Rational()
		}
		if err != nil {
			return nil, err
		}
		days = append(days, day)
	}
	return days, nil
}
