package storetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// An oracle is the contract of costd.UsageStore written down as plainly as
// possible, over a map of records.
type oracle struct {
	records map[string]costd.Record
}

func newOracle() *oracle { return &oracle{records: map[string]costd.Record{}} }

// identity returns what a record is known by.
func identity(r costd.Record) string {
	if r.ID != "" {
		return fmt.Sprintf("%d %d id %q", r.ClientID, costd.DayOf(r.Start), r.ID)
	}
	return fmt.Sprintf("%d %q %q %d", r.ClientID, r.ResourceID, r.Metric, r.Start.UnixNano())
}

// content returns what a record is compared by.
func content(r costd.Record) string {
	parts := ""
	for _, p := range r.Parts {
		parts += fmt.Sprintf("%d %d %d %s/%d;", p.Day, p.Start.UnixNano(), p.End.UnixNano(), p.Quantity.Units, p.Quantity.Grid)
	}
	return fmt.Sprintf("%d %d %q %q %q %q %q %q %+q %q %s", r.ProjectID, r.RegionID, r.Type, r.ResourceID, r.Metric,
		r.Flavor, r.Name, sizeText(r.Size), r.Attributes, r.Tags, parts)
}

func sizeText(size *decimal.Decimal) string {
	if size == nil {
		return "none"
	}
	return size.String()
}

func (o *oracle) write(records []costd.Record) []costd.Outcome {
	var outcomes []costd.Outcome
	for _, r := range records {
		outcomes = append(outcomes, o.writeOne(r))
	}
	return outcomes
}

func (o *oracle) writeOne(r costd.Record) costd.Outcome {
	key := identity(r)
	before, known := o.records[key]
	switch {
	case r.Deleted && known:
		delete(o.records, key)
		return costd.Deleted
	case r.Deleted:
		return costd.Unchanged
	case known && content(before) == content(r):
		return costd.Unchanged
	}
	o.records[key] = r
	if known {
		return costd.Replaced
	}
	return costd.Accepted
}

// A part is a part of a record together with the record.
type part struct {
	costd.Part
	record costd.Record
}

// laterThan orders parts by what is seen last.
func (p part) laterThan(q part) bool {
	return cmp.Or(p.End.Compare(q.End), p.record.Start.Compare(q.record.Start),
		cmp.Compare(p.record.Metric, q.record.Metric), cmp.Compare(p.record.ID, q.record.ID)) > 0
}

// listed returns the parts that the lists of q select.
func (o *oracle) listed(q costd.Query) []part {
	var parts []part
	for _, r := range o.records {
		if r.ClientID != q.ClientID || !in(q.Regions, r.RegionID) || !in(q.Types, r.Type) || !in(q.Projects, r.ProjectID) {
			continue
		}
		for _, p := range r.Parts {
			if q.Period.Contains(p.Day) {
				parts = append(parts, part{p, r})
			}
		}
	}
	return parts
}

func in[T comparable](list []T, value T) bool { return len(list) == 0 || slices.Contains(list, value) }

// lastBy returns the part seen last of every group.
func lastBy[K comparable](parts []part, key func(part) K) map[K]part {
	last := map[K]part{}
	for _, p := range parts {
		if before, ok := last[key(p)]; !ok || p.laterThan(before) {
			last[key(p)] = p
		}
	}
	return last
}

type resource struct {
	typ costd.Type
	id  string
}

func resourceOf(p part) resource { return resource{p.record.Type, p.record.ResourceID} }

// selector returns what tells whether the Filter and Tags of q select a part.
func selector(q costd.Query, parts []part) func(part) bool {
	last := lastBy(parts, resourceOf)
	return func(p part) bool {
		state := last[resourceOf(p)].record
		return (q.Filter == nil || matchesFilter(q.Filter, p.record, state)) && (q.Tags == nil || matchesTags(q.Tags, state.Tags))
	}
}

func matchesFilter(f *costd.Filter, own, state costd.Record) bool {
	info, _ := f.Type.Info()
	if f.Field == info.RowDimension || f.Field == costd.FieldUUID || f.Field == costd.FieldType {
		state = own
	}
	value, given := fieldOf(state, f.Field)
	return own.Type == f.Type && given && slices.Contains(f.Values, value)
}

// fieldOf returns a field of a record as text, and false if it has none.
func fieldOf(r costd.Record, f costd.Field) (string, bool) {
	a := r.Attributes
	switch f {
	case costd.FieldType:
		return string(r.Type), true
	case costd.FieldUUID:
		return r.ResourceID, true
	case costd.FieldLastName:
		return r.Name, true
	case costd.FieldLastSize:
		return costd.ShownSize(r.Type, a.SizeUnit, r.Size), true
	case costd.FieldAttachedToVM:
		return a.AttachedToVM, true
	case costd.FieldInstanceName:
		return a.InstanceName, true
	case costd.FieldIPAddress:
		return a.IPAddress, true
	case costd.FieldNetworkID:
		return a.NetworkID, true
	case costd.FieldPortID:
		return a.PortID, true
	case costd.FieldScheduleID:
		return a.ScheduleID, true
	case costd.FieldSourceVolumeUUID:
		return a.SourceVolumeUUID, true
	case costd.FieldSubnetID:
		return a.SubnetID, true
	case costd.FieldVMID:
		return a.VMID, true
	}
	return r.Dimension(f), true
}

func matchesTags(f *costd.TagFilter, tags map[string]string) bool {
	fulfilled := func(c costd.TagCondition) bool {
		for key, value := range tags {
			if (c.Key == "" || c.Key == key) && (c.Value == "" || matchesValue(c, value)) {
				return true
			}
		}
		return false
	}
	if f.All {
		return !slices.ContainsFunc(f.Conditions, func(c costd.TagCondition) bool { return !fulfilled(c) })
	}
	return slices.ContainsFunc(f.Conditions, fulfilled)
}

func matchesValue(c costd.TagCondition, value string) bool {
	if c.Strict {
		return value == c.Value
	}
	return strings.Contains(strings.ToLower(value), strings.ToLower(c.Value))
}

// lineOf returns the line of a record with the given dimension field.
func lineOf(r costd.Record, dimension func(costd.TypeInfo) costd.Field) costd.Line {
	info, _ := r.Type.Info()
	return costd.Line{Type: r.Type, RegionID: r.RegionID, Dimension: r.Dimension(dimension(info)), Metric: r.Metric}
}

func (o *oracle) lines(q costd.Query) []costd.LineUsage {
	parts := o.listed(q)
	selected := selector(q, parts)
	byLine := map[costd.Line][]part{}
	for _, p := range parts {
		line := lineOf(p.record, func(i costd.TypeInfo) costd.Field { return i.Dimension })
		byLine[line] = append(byLine[line], p)
	}
	var lines []costd.LineUsage
	for _, line := range slices.SortedFunc(maps.Keys(byLine), costd.Line.Compare) {
		chosen := slices.DeleteFunc(slices.Clone(byLine[line]), func(p part) bool { return !selected(p) })
		if len(chosen) > 0 {
			lines = append(lines, costd.LineUsage{Line: line, Days: daysOf(byLine[line], chosen), LastSize: lastSize(line, chosen)})
		}
	}
	return lines
}

func lastSize(line costd.Line, parts []part) (sum decimal.Decimal) {
	if line.Type != costd.Backup {
		return sum
	}
	for _, p := range lastBy(parts, resourceOf) {
		if p.record.Size != nil {
			sum, _ = sum.Add(*p.record.Size)
		}
	}
	return sum
}

func daysOf(used, selected []part) []costd.DayUsage {
	days := map[costd.Day]costd.DayUsage{}
	for _, p := range used {
		d := days[p.Day]
		days[p.Day] = costd.DayUsage{Day: p.Day, Used: d.Used.Add(p.Quantity.Rational()), Selected: d.Selected}
	}
	for _, p := range selected {
		d := days[p.Day]
		d.Selected = d.Selected.Add(p.Quantity.Rational())
		days[p.Day] = d
	}
	return slices.SortedFunc(maps.Values(days), func(a, b costd.DayUsage) int { return cmp.Compare(a.Day, b.Day) })
}

// resources returns the number of rows and those of the page.
func (o *oracle) resources(q costd.Query, page costd.Page) (int, []costd.ResourceUsage) {
	type rowKey struct {
		line     costd.Line
		project  int64
		resource string
	}
	keyOf := func(p part) rowKey {
		line := lineOf(p.record, func(i costd.TypeInfo) costd.Field { return i.RowDimension })
		return rowKey{line, p.record.ProjectID, p.record.ResourceID}
	}
	parts := o.listed(q)
	selected := selector(q, parts)
	byRow := map[rowKey][]part{}
	for _, p := range parts {
		if selected(p) {
			byRow[keyOf(p)] = append(byRow[keyOf(p)], p)
		}
	}
	var rows []costd.ResourceUsage
	for _, parts := range byRow {
		rows = append(rows, rowOf(parts))
	}
	slices.SortFunc(rows, func(a, b costd.ResourceUsage) int { return compareRows(a, b, page.OrderBy) })
	count := len(rows)
	rows = rows[min(page.Offset, count):]
	if page.Limit > 0 {
		rows = rows[:min(page.Limit, len(rows))]
	}
	return count, rows
}

// rowOf returns the resource row of the parts.
func rowOf(parts []part) costd.ResourceUsage {
	first, last := parts[0], parts[0]
	for _, p := range parts {
		if p.Start.Before(first.Start) {
			first = p
		}
		if p.laterThan(last) {
			last = p
		}
	}
	r := last.record
	return costd.ResourceUsage{
		Line:      lineOf(r, func(i costd.TypeInfo) costd.Field { return i.RowDimension }),
		ProjectID: r.ProjectID, ResourceID: r.ResourceID, Days: daysOf(parts, parts),
		FirstSeen: first.Start, LastSeen: last.End, Name: r.Name, Size: r.Size, Attributes: r.Attributes, Tags: r.Tags,
	}
}

func compareRows(a, b costd.ResourceUsage, keys []costd.SortKey) int {
	for _, key := range keys {
		c := compareBy(a, b, key.By)
		if key.Descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(a.ResourceID, b.ResourceID), cmp.Compare(a.Line.Metric, b.Line.Metric),
		cmp.Compare(a.ProjectID, b.ProjectID), cmp.Compare(a.Line.RegionID, b.Line.RegionID),
		cmp.Compare(a.Line.Type, b.Line.Type), cmp.Compare(a.Line.Dimension, b.Line.Dimension))
}

func compareBy(a, b costd.ResourceUsage, by costd.SortField) int {
	switch by {
	case costd.SortBillingValue:
		return total(a.Days).Cmp(total(b.Days))
	case costd.SortFirstSeen:
		return a.FirstSeen.Compare(b.FirstSeen)
	case costd.SortLastName:
		return cmp.Compare(a.Name, b.Name)
	case costd.SortLastSeen:
		return a.LastSeen.Compare(b.LastSeen)
	case costd.SortProject:
		return cmp.Compare(a.ProjectID, b.ProjectID)
	case costd.SortRegion:
		return cmp.Compare(a.Line.RegionID, b.Line.RegionID)
	case costd.SortType:
		return cmp.Compare(a.Line.Type, b.Line.Type)
	}
	panic("unknown sort field " + by)
}

func total(days []costd.DayUsage) (sum decimal.Rational) {
	for _, d := range days {
		sum = sum.Add(d.Used)
	}
	return sum
}
