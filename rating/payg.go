package rating

import (
	"fmt"

	"costd.dev/costd"
)

// PayAsYouGo returns the charge for the selected usage of one line, or of one
// resource row, over any period, with every commitment ignored. Usage of zero is
// a charge of zero, priced or not. Reports of lines leave it out; rows of resources show
// it, by the name of the price in force on its last day.
func (b *Book) PayAsYouGo(clientID int64, u costd.LineUsage) costd.Charge {
	client := b.payer(clientID)
	prices := b.timetable(client, u.Line)
	return b.payAsYouGo(client, u, &prices, new(tally), nil)
}

// payAsYouGo adds the usage up in a tally and returns the charge. It calls added, unless it
// is nil, when a day is.
func (b *Book) payAsYouGo(client costd.Client, u costd.LineUsage, prices *timetable, t *tally, added func(costd.DayUsage)) costd.Charge {
	for _, d := range u.Days {
		t.add(d.Day, d.Selected, prices.on(d.Day))
		if added != nil {
			added(d)
		}
	}
	feature := t.feature
	if t.pending.IsZero() && t.quantity.IsZero() && len(u.Days) > 0 {
		feature = prices.featureOn(u.Days[len(u.Days)-1].Day)
	}
	c := t.charge(costd.PAYG, u.Line, client.Currency)
	b.address(&c, client, u, feature)
	return c
}

// payer returns the client, of whom nothing but the id is set if it is unknown.
func (b *Book) payer(id int64) costd.Client {
	client := b.clients[id]
	client.ID = id
	return client
}

// address says whom and what the charge is for.
func (b *Book) address(c *costd.Charge, client costd.Client, u costd.LineUsage, feature string) {
	c.Line, c.LastSize = u.Line, u.LastSize
	c.Feature = b.name(feature, u.Line)
	c.Currency = client.Currency
	if client.Currency == "" {
		// A fee is a number of what? No figure is better than one of no currency.
		c.Cost, c.Err = nil, fmt.Sprintf("client %d is not in the catalog, so its currency is unknown", client.ID)
	}
}
