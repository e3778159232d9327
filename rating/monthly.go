package rating

import (
	"cmp"
	"slices"

	"costd.dev/costd"
)

// A Selection says how a monthly report was narrowed, as far as that touches
// rows that do not come from usage. The zero value is the unfiltered report.
type Selection struct {
	// Regions and Types select the lines whose unused commitments give rows; an
	// empty list selects all.
	Regions []int64
	Types   []costd.Type
	// Resources says that the report selects resources: it shows no row of value
	// zero, and of a commitment's fee the share of the selected resources.
	Resources bool
}

func (s Selection) includes(line costd.Line) bool {
	return (len(s.Regions) == 0 || slices.Contains(s.Regions, line.RegionID)) &&
		(len(s.Types) == 0 || slices.Contains(s.Types, line.Type))
}

// Monthly returns the charges of a client's month: commit and overcommit for
// lines with a commitment that is active in the month, pay-as-you-go for the
// others. Lines holds the usage of the month, each line at most once, its days
// ascending. The charges are ordered by line, then kind.
func (b *Book) Monthly(clientID int64, month costd.Month, lines []costd.LineUsage, sel Selection) []costd.Charge {
	charges := make([]costd.Charge, 0, len(lines))
	reserved := b.openPools(clientID, month)
	for _, u := range lines {
		if pools, ok := reserved[u.Line]; ok {
			delete(reserved, u.Line)
			charges = append(charges, b.committed(clientID, month, u, pools, sel.Resources)...)
		} else if c := b.PayAsYouGo(clientID, u); !c.Quantity.IsZero() {
			charges = append(charges, c)
		}
	}
	for line, pools := range reserved { // the rest is unused
		if !sel.Resources && sel.includes(line) {
			charges = append(charges, b.committed(clientID, month, costd.LineUsage{Line: line}, pools, false)...)
		}
	}
	slices.SortFunc(charges, func(c, d costd.Charge) int {
		return cmp.Or(c.Line.Compare(d.Line), cmp.Compare(c.Kind, d.Kind))
	})
	return charges
}

// openPools returns the pools of the client's commitments that are active in the
// month.
func (b *Book) openPools(clientID int64, month costd.Month) map[costd.Line][]pool {
	open := make(map[costd.Line][]pool)
	for line, commitments := range b.commitments[clientID] {
		if pools := pools(commitments, month); len(pools) > 0 {
			open[line] = pools
		}
	}
	return open
}

// committed returns the charges of a line that has the given pools in the month, for the
// selected resources: they are one group, and that of the others need not be worked out.
// Shared says that they bear their share of the fees; else they are all resources, and
// bear the whole.
func (b *Book) committed(clientID int64, month costd.Month, u costd.LineUsage, pools []pool, shared bool) []costd.Charge {
	client := b.payer(clientID)
	d := newDivider(pools, b.timetable(client, u.Line), 1)
	return b.drawLine(client, month, u, d, shared, nil)
}

// drawLine draws the usage of a line by a divider of one group, and returns the charges of
// the group. It calls drawn, unless it is nil, when a day is.
func (b *Book) drawLine(client costd.Client, month costd.Month, u costd.LineUsage, d *divider, shared bool, drawn func(costd.DayUsage)) []costd.Charge {
	selected := make([]GroupUsage, 1)
	for _, day := range u.Days {
		selected[0] = GroupUsage{Day: day.Day, Quantity: day.Selected}
		d.drawDay(day.Day, day.Used, selected)
		if drawn != nil {
			drawn(day)
		}
	}
	return b.groupCharges(client, month, u, d, &d.shares[0], !shared)
}
