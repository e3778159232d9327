package duckdb

import (
	"strings"

	"costd.dev/costd"
	usagedb "costd.dev/costd/usage/driver"
)

// A changeSet is what a batch changes in the database.
type changeSet struct {
	commit   int64 // its number, 0 if nothing changes
	stagings []staging
	stored   []finding
	removed  []clientDay // the days of parts that are removed
	days     map[clientDay]bool
}

type clientDay struct {
	client int64
	day    costd.Day
}

// keeps reports whether all is stored of a history as it should be.
func (c *changeSet) keeps(i int) bool { return c.stored[i].same && c.stagings[i].single() }

// touched returns the days that change.
func (c *changeSet) touched() map[clientDay]bool {
	days := map[clientDay]bool{}
	for _, d := range c.removed {
		days[d] = true
	}
	var last clientDay // most often it is the same one
	for i := range c.stagings {
		s := &c.stagings[i]
		if c.keeps(i) {
			continue
		}
		parts := s.history.last().Parts
		for j := range parts {
			if d := (clientDay{s.client, parts[j].Day}); d != last || len(days) == 0 {
				days[d] = true
				last = d
			}
		}
	}
	return days
}

// addedPart returns a part that shares no memory with its record.
func addedPart(s *state, r *costd.Record, p *costd.Part) usagedb.Added {
	return usagedb.Added{State: &s.State, Sum: usagedb.Sum{
		Day: p.Day, State: s.Number, Grid: p.Quantity.Grid, Units: usagedb.AmountOf(p.Quantity.Units), First: p.Start.UnixNano(),
		Seen: usagedb.Seen{End: p.End.UnixNano(), Start: r.Start.UnixNano(), ID: strings.Clone(r.ID)},
	}}
}
