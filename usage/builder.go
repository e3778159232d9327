package usage

import (
	"cmp"
	"slices"

	"costd.dev/costd"
	"costd.dev/costd/usage/driver"
)

// lineBytes is about what a line takes of memory, with its sums of every day of a month.
const lineBytes = 31*160 + 128

// A Builder makes the aggregates of one client and month, each from the one before.
// Cells only ever get more, so that aggregates share them. One goroutine may use it.
type Builder struct {
	next    Aggregate
	cellOf  map[int64]int32 // by the number of the state
	lineOf  map[costd.Line]int32
	rowOf   map[rowKey]int32
	ownerOf map[ownerKey]int32
	bytes   int64 // estimated, of everything
}

// NewBuilder returns a builder whose aggregate has no usage yet.
func NewBuilder(month costd.Month) *Builder { return newBuilder(month.Period()) }

func newBuilder(p costd.Period) *Builder {
	return &Builder{
		next:   Aggregate{period: p, days: make([]aggregateDay, p.Days())},
		cellOf: map[int64]int32{}, lineOf: map[costd.Line]int32{}, rowOf: map[rowKey]int32{}, ownerOf: map[ownerKey]int32{},
	}
}

// Bytes estimates the memory of the builder and of its latest aggregate.
func (b *Builder) Bytes() int64 { return b.bytes }

// Knows reports whether the builder has the state of that number.
func (b *Builder) Knows(state int64) bool {
	_, known := b.cellOf[state]
	return known
}

// Finish returns the aggregate as it is now. The builder goes on with a copy of the days.
func (b *Builder) Finish() *Aggregate {
	done := b.next
	b.next.days = slices.Clone(done.days)
	return &done
}

// Apply brings the aggregate up to date.
func (b *Builder) Apply(d *driver.Delta) {
	b.replace(d.Days, d.Sums, d.States)
	added := map[costd.Day][]driver.Added{}
	for i := range d.Added {
		added[d.Added[i].Day] = append(added[d.Added[i].Day], d.Added[i])
	}
	for day, parts := range added {
		b.add(day, parts)
	}
}

// replace sets what was used on each of the days: the sums, which are of these days alone,
// and nothing on a day without one. States has those that the builder does not know, by
// their numbers.
func (b *Builder) replace(days []costd.Day, sums []driver.Sum, states map[int64]*driver.State) {
	byDay := map[costd.Day][]entry{}
	for i := range sums {
		s := &sums[i]
		n, known := b.cellOf[s.State]
		if !known {
			n = b.cell(states[s.State])
		}
		byDay[s.Day] = append(byDay[s.Day], entryOf(n, s))
	}
	for _, day := range days {
		b.replaceDay(day, byDay[day])
	}
}

func entryOf(cell int32, s *driver.Sum) entry {
	return entry{cell: cell, grid: s.Grid, sum: s.Units, first: s.First, Seen: s.Seen}
}

func (b *Builder) replaceDay(d costd.Day, entries []entry) {
	slices.SortFunc(entries, compareEntries)
	day := b.day(d)
	b.bytes += int64(len(entries)-len(day.entries)) * driver.SumBytes
	*day = aggregateDay{entries: entries, sums: &daySums{}}
}

func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.cell, b.cell), cmp.Compare(a.grid, b.grid))
}

// add adds parts of one day to it.
func (b *Builder) add(d costd.Day, parts []driver.Added) {
	added := make([]entry, len(parts))
	for i := range parts {
		added[i] = entryOf(b.cell(parts[i].State), &parts[i].Sum)
	}
	slices.SortFunc(added, compareEntries)
	day := b.day(d)
	merged := merge(day.entries, added)
	b.bytes += int64(len(merged)-len(day.entries)) * driver.SumBytes
	day.entries, day.sums = merged, &daySums{}
}

// merge returns the entries of both lists in order, those of one cell and grid as one.
func merge(old, added []entry) []entry {
	merged := make([]entry, 0, len(old)+len(added))
	for len(old) > 0 || len(added) > 0 {
		if len(added) == 0 || len(old) > 0 && compareEntries(old[0], added[0]) <= 0 {
			merged = append(merged, old[0])
			old = old[1:]
			continue
		}
		next := added[0]
		added = added[1:]
		if n := len(merged); n > 0 && compareEntries(merged[n-1], next) == 0 {
			merged[n-1].add(&next)
			continue
		}
		merged = append(merged, next)
	}
	return merged
}

// add adds f, of the same cell, day and grid.
func (e *entry) add(f *entry) {
	e.sum = e.sum.Add(f.sum)
	e.first = min(e.first, f.first)
	if f.Seen.Compare(&e.Seen) > 0 {
		e.Seen = f.Seen
	}
}

// cell returns the number of the cell of a state.
func (b *Builder) cell(s *driver.State) int32 {
	if n, known := b.cellOf[s.Number]; known {
		return n
	}
	info, _ := s.Type.Info()
	line := costd.Line{Type: s.Type, RegionID: s.RegionID, Dimension: s.Field(info.Dimension), Metric: s.Metric}
	row := rowKey{line: line, project: s.ProjectID, resource: s.ResourceID}
	row.line.Dimension = s.Field(info.RowDimension)
	a := &b.next
	before := len(a.lines)
	c := cell{State: s, line: numberOf(b.lineOf, &a.lines, line), row: numberOf(b.rowOf, &a.rows, row),
		owner: numberOf(b.ownerOf, &a.owners, ownerKey{s.Type, s.ResourceID})}
	n := int32(len(a.cells))
	a.cells = append(a.cells, c)
	b.cellOf[s.Number] = n
	b.bytes += s.Bytes() + driver.StateBytes + int64(len(a.lines)-before)*lineBytes
	return n
}

// numberOf returns the number of a key, which is its index in the list.
func numberOf[K comparable](numbers map[K]int32, list *[]K, key K) int32 {
	n, known := numbers[key]
	if !known {
		n = int32(len(*list))
		*list = append(*list, key)
		numbers[key] = n
	}
	return n
}

func (b *Builder) day(d costd.Day) *aggregateDay { return &b.next.days[d-b.next.period.From] }
