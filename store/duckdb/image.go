package duckdb

import (
	"cmp"
	"slices"

	"costd.dev/costd"
)

// An image is what one client used in one month, or in several that are joined, as of
// one commit: for each day the sums over the parts of each state, so that reports need
// not read the parts. It never changes; an imageBuilder makes the next one.
type image struct {
	period costd.Period
	cells  []cell
	// What the cells are grouped by, by the numbers that they hold.
	lines  []costd.Line
	rows   []rowKey
	owners []ownerKey
	days   []dayImage // of the period
}

// A cell is a state that some part of the month has, with the numbers, within the
// image, of what it belongs to.
type cell struct {
	*state
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

// A dayImage is one day of an image.
type dayImage struct {
	asOf    int64   // the commit as of which it was read; later ones were added
	entries []entry // ordered by cell and grid
	sums    *daySums
	of      *member // of a joined image: the month of the day; else nil
}

// An entry sums up the parts of one cell, day and grid.
type entry struct {
	cell  int32
	grid  costd.Grid
	sum   amount
	first int64 // the smallest start of a part
	seen
}

// entryBytes is about what an entry takes, without the text of its id.
const entryBytes = 88

// A seen is a part by what decides which of them was seen last.
type seen struct {
	end   int64 // of the part
	start int64 // of the record
	id    string
}

// cellBytes is about what a cell takes beside its state, with its share of what
// cells are grouped by.
const cellBytes = 512

// lineBytes is about what a line takes, with its sums of every day.
const lineBytes = 31*160 + 128

// compare orders parts of one metric by which was seen last.
func (s *seen) compare(t *seen) int {
	return cmp.Or(cmp.Compare(s.end, t.end), cmp.Compare(s.start, t.start), cmp.Compare(s.id, t.id))
}

// compareWith orders parts of any metrics by which was seen last.
func (s *seen) compareWith(metric string, t *seen, other string) int {
	return cmp.Or(cmp.Compare(s.end, t.end), cmp.Compare(s.start, t.start), cmp.Compare(metric, other), cmp.Compare(s.id, t.id))
}

// within returns the days of the image that lie in the period.
func (im *image) within(p costd.Period) []dayImage {
	p = p.Intersect(im.period)
	return im.days[p.From-im.period.From : p.To-im.period.From]
}

// A part of a record with its state, to be added to an image.
type statePart struct {
	*state
	day   costd.Day
	grid  costd.Grid
	units amount
	first int64
	seen
}

// An imageBuilder makes images of one client and month, each from the one before.
// Cells only ever get more, so that images share them.
type imageBuilder struct {
	image   image
	cellOf  map[int64]int32 // by the number of the state
	lineOf  map[costd.Line]int32
	rowOf   map[rowKey]int32
	ownerOf map[ownerKey]int32
	bytes   int64 // estimated, of everything
}

func newImageBuilder(month costd.Month) *imageBuilder { return newBuilderOf(month.Period()) }

func newBuilderOf(p costd.Period) *imageBuilder {
	return &imageBuilder{
		image:  image{period: p, days: make([]dayImage, p.Days())},
		cellOf: map[int64]int32{}, lineOf: map[costd.Line]int32{}, rowOf: map[rowKey]int32{}, ownerOf: map[ownerKey]int32{},
	}
}

// cell returns the number of the cell of a state.
func (b *imageBuilder) cell(s *state) int32 {
	if n, known := b.cellOf[s.number]; known {
		return n
	}
	info, _ := s.typ.Info()
	line := costd.Line{Type: s.typ, RegionID: s.region, Dimension: s.field(info.Dimension), Metric: s.resource.metric}
	row := rowKey{line: line, project: s.project, resource: s.resource.id}
	row.line.Dimension = s.field(info.RowDimension)
	im := &b.image
	before := len(im.lines)
	c := cell{state: s, line: numberOf(b.lineOf, &im.lines, line), row: numberOf(b.rowOf, &im.rows, row),
		owner: numberOf(b.ownerOf, &im.owners, ownerKey{s.typ, s.resource.id})}
	n := int32(len(im.cells))
	im.cells = append(im.cells, c)
	b.cellOf[s.number] = n
	b.bytes += s.bytes() + cellBytes + int64(len(im.lines)-before)*lineBytes
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

// day returns the day's image.
func (b *imageBuilder) day(d costd.Day) *dayImage { return &b.image.days[d-b.image.period.From] }

// finish returns the image as it is now; the builder goes on with a copy of the days.
func (b *imageBuilder) finish() *image {
	im := b.image
	b.image.days = slices.Clone(im.days)
	return &im
}

// replace sets the entries of a day, in any order, as of a commit.
func (b *imageBuilder) replace(d costd.Day, asOf int64, entries []entry) {
	slices.SortFunc(entries, compareEntries)
	day := b.day(d)
	b.bytes += int64(len(entries)-len(day.entries)) * entryBytes
	*day = dayImage{asOf: asOf, entries: entries, sums: &daySums{}}
}

func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.cell, b.cell), cmp.Compare(a.grid, b.grid))
}

// add adds parts of one day to it.
func (b *imageBuilder) add(d costd.Day, parts []statePart) {
	added := make([]entry, len(parts))
	for i := range parts {
		p := &parts[i]
		added[i] = entry{cell: b.cell(p.state), grid: p.grid, sum: p.units, first: p.first, seen: p.seen}
	}
	slices.SortFunc(added, compareEntries)
	day := b.day(d)
	merged := make([]entry, 0, len(day.entries)+len(added))
	for old := day.entries; len(old) > 0 || len(added) > 0; {
		if len(added) == 0 || len(old) > 0 && compareEntries(old[0], added[0]) <= 0 {
			merged = append(merged, old[0])
			old = old[1:]
			continue
		}
		next := added[0]
		added = added[1:]
		if n := len(merged); n > 0 && compareEntries(merged[n-1], next) == 0 {
			merged[n-1].merge(&next)
			continue
		}
		merged = append(merged, next)
	}
	b.bytes += int64(len(merged)-len(day.entries)) * entryBytes
	day.entries, day.sums = merged, &daySums{}
}

// merge adds f, of the same cell, day and grid.
func (e *entry) merge(f *entry) {
	e.sum = e.sum.add(f.sum)
	e.first = min(e.first, f.first)
	if f.seen.compare(&e.seen) > 0 {
		e.seen = f.seen
	}
}

// field returns the value of a field, "" for no field; of the size, see sizeText.
func (s *state) field(f costd.Field) string {
	a := &s.attributes
	switch f {
	case costd.FieldType:
		return string(s.typ)
	case costd.FieldUUID:
		return s.resource.id
	case costd.FieldFlavor:
		return s.flavor
	case costd.FieldVolumeType:
		return a.VolumeType
	case costd.FieldFileShareType:
		return a.FileShareType
	case costd.FieldInstanceType:
		return a.InstanceType
	case costd.FieldLastName:
		return s.name
	case costd.FieldAttachedToVM:
		return a.AttachedToVM
	case costd.FieldInstanceName:
		return a.InstanceName
	case costd.FieldIPAddress:
		return a.IPAddress
	case costd.FieldNetworkID:
		return a.NetworkID
	case costd.FieldPortID:
		return a.PortID
	case costd.FieldScheduleID:
		return a.ScheduleID
	case costd.FieldSourceVolumeUUID:
		return a.SourceVolumeUUID
	case costd.FieldSubnetID:
		return a.SubnetID
	case costd.FieldVMID:
		return a.VMID
	}
	return ""
}
