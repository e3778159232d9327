package rating

import (
	"cmp"
	"slices"

	"costd"
	"costd/decimal"
)

// A Selection says how a monthly report was narrowed, as far as that touches
// rows that do not come from usage. The zero value is the unfiltered report.
type Selection struct {
	// Regions and Types select the lines whose unused commitments give rows; nil
	// selects all.
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

// PayAsYouGo returns the charge for the selected usage of one line, or of one
// resource row, over any period, with every commitment ignored. Without usage
// above zero it is a charge of zero, which reports of lines leave out.
func (b *Book) PayAsYouGo(clientID int64, u costd.LineUsage) costd.Charge {
	client := b.payer(clientID)
	prices := b.timetable(client, u.Line)
	var t tally
	for _, d := range u.Days {
		t.add(d.Day, d.Selected, prices.on(d.Day))
	}
	c := t.charge(client, u, costd.PAYG)
	c.Feature = b.name(t.feature, u.Line.RegionID)
	return c
}

// payer returns the client, with nothing but its id if it is unknown.
func (b *Book) payer(id int64) costd.Client {
	client := b.clients[id]
	client.ID = id
	return client
}

// Monthly returns the charges of a client's month: pay-as-you-go for lines
// without a commitment, and commit and overcommit for lines with one that is
// active in the month. Lines holds each line at most once, with usage of days of
// the month. The charges are ordered by line, then kind.
func (b *Book) Monthly(clientID int64, month costd.Month, lines []costd.LineUsage, sel Selection) []costd.Charge {
	charges := make([]costd.Charge, 0, len(lines))
	unused := make(map[costd.Line][]pool)
	for line, commitments := range b.commitments[clientID] {
		if open := pools(commitments, month); len(open) > 0 {
			unused[line] = open
		}
	}
	for _, u := range lines {
		if pools, ok := unused[u.Line]; ok {
			delete(unused, u.Line)
			charges = append(charges, b.committed(clientID, month, u, pools, sel)...)
		} else if c := b.PayAsYouGo(clientID, u); !c.Quantity.IsZero() {
			charges = append(charges, c)
		}
	}
	for line, pools := range unused {
		if sel.includes(line) {
			charges = append(charges, b.committed(clientID, month, costd.LineUsage{Line: line}, pools, sel)...)
		}
	}
	slices.SortFunc(charges, func(c, d costd.Charge) int {
		return cmp.Or(c.Line.Compare(d.Line), cmp.Compare(c.Kind, d.Kind))
	})
	return charges
}

// committed returns the charges of a line that has the given pools in the month.
func (b *Book) committed(clientID int64, month costd.Month, u costd.LineUsage, pools []pool, sel Selection) []costd.Charge {
	client := b.payer(clientID)
	prices := b.timetable(client, u.Line)
	var over tally
	for _, d := range u.Days {
		over.add(d.Day, draw(pools, d), cmp.Or(overcommitPrice(pools, d.Day), prices.on(d.Day)))
	}
	commit := commitCharge(pools, sel.Resources)
	commit.Line, commit.Currency, commit.LastSize = u.Line, client.Currency, u.LastSize
	charges := []costd.Charge{commit, over.charge(client, u, costd.Overcommit)}

	feature := cmp.Or(statedFeature(pools), over.feature, prices.featureOn(month.Period().To-1), u.Line.Metric)
	for i := range charges {
		charges[i].Feature = b.name(feature, u.Line.RegionID)
	}
	return slices.DeleteFunc(charges, func(c costd.Charge) bool {
		return c.Quantity.IsZero() && (c.Kind == costd.Overcommit || sel.Resources)
	})
}

// commitCharge adds up the pools of a line: their fees as a whole, or the shares
// of the selected resources.
func commitCharge(pools []pool, shared bool) costd.Charge {
	c := costd.Charge{Kind: costd.Commit}
	var cost decimal.Rational
	for i := range pools {
		p := &pools[i]
		c.Quantity = c.Quantity.Add(p.covered)
		c.Reserved = c.Reserved.Add(p.size)
		if shared {
			cost = cost.Add(p.share())
		} else {
			cost = cost.Add(p.fee)
		}
	}
	c.Cost = &cost
	return c
}
