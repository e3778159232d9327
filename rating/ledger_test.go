package rating_test

import (
	"cmp"
	"maps"
	"slices"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/rating"
)

// A record says that a resource of a line used a quantity on a day.
type record struct {
	line     costd.Line
	resource string
	day      costd.Day
	quantity decimal.Rational
}

// everything selects every record.
func everything(record) bool { return true }

// selectsLine reports whether the regions and types of sel select the line.
func selectsLine(sel rating.Selection, line costd.Line) bool {
	return (len(sel.Regions) == 0 || slices.Contains(sel.Regions, line.RegionID)) &&
		(len(sel.Types) == 0 || slices.Contains(sel.Types, line.Type))
}

// usageOf adds records up the way a store does: by line and day, for all
// resources and for the selected ones, lines without a selected record left out.
func usageOf(records []record, selected func(record) bool) []costd.LineUsage {
	days := map[costd.Line]map[costd.Day]costd.DayUsage{}
	chosen := map[costd.Line]bool{}
	for _, r := range records {
		if days[r.line] == nil {
			days[r.line] = map[costd.Day]costd.DayUsage{}
		}
		d := days[r.line][r.day]
		d.Day, d.Used = r.day, d.Used.Add(r.quantity)
		if selected(r) {
			d.Selected = d.Selected.Add(r.quantity)
			chosen[r.line] = true
		}
		days[r.line][r.day] = d
	}
	var lines []costd.LineUsage
	for _, line := range slices.SortedFunc(maps.Keys(chosen), costd.Line.Compare) {
		u := costd.LineUsage{Line: line}
		for _, day := range slices.Sorted(maps.Keys(days[line])) {
			u.Days = append(u.Days, days[line][day])
		}
		lines = append(lines, u)
	}
	return lines
}

// A ledger is everything a month's report is made of.
type ledger struct {
	entries costd.Entries
	client  int64
	month   costd.Month
	records []record
}

// monthly returns the unfiltered report.
func (l ledger) monthly() []costd.Charge {
	return l.monthlyOf(l.records, everything, rating.Selection{})
}

// monthlyBy returns the report of the selected resources.
func (l ledger) monthlyBy(selected func(record) bool) []costd.Charge {
	return l.monthlyOf(l.records, selected, rating.Selection{Resources: true})
}

func (l ledger) monthlyOf(records []record, selected func(record) bool, sel rating.Selection) []costd.Charge {
	return rating.NewBook(l.entries).Monthly(l.client, l.month, usageOf(records, selected), sel)
}

// lines returns the lines that have usage, in order.
func (l ledger) lines() []costd.Line {
	lines := map[costd.Line]bool{}
	for _, r := range l.records {
		lines[r.line] = true
	}
	return slices.SortedFunc(maps.Keys(lines), costd.Line.Compare)
}

// usageBy adds up what each group used of a line, by day.
func (l ledger) usageBy(line costd.Line, group func(record) int) []rating.GroupUsage {
	type key struct {
		day   costd.Day
		group int
	}
	sums := map[key]decimal.Rational{}
	for _, r := range l.records {
		if r.line == line {
			k := key{r.day, group(r)}
			sums[k] = sums[k].Add(r.quantity)
		}
	}
	var usage []rating.GroupUsage
	for k, sum := range sums {
		usage = append(usage, rating.GroupUsage{Day: k.day, Group: k.group, Quantity: sum})
	}
	slices.SortFunc(usage, func(a, b rating.GroupUsage) int { return cmp.Compare(a.Day, b.Day) })
	return usage
}

// resources returns the names of all resources.
func (l ledger) resources() []string {
	names := map[string]bool{}
	for _, r := range l.records {
		names[r.resource] = true
	}
	return slices.Sorted(maps.Keys(names))
}
