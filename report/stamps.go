package report

import (
	"reflect"
	"slices"

	"costd.dev/costd"
)

// Stamps say of each client at which version of the catalog something last changed
// that its reports are made of: itself, its commitments, its prices and those for
// everyone in its currency, any region, and any project, as to whom a project belongs
// matters to all. A change for one client so leaves the answers to the others alone.
type stamps map[int64]int64

// newStamps returns the stamps of a version of the catalog; before is an earlier one,
// or nil.
func newStamps(before *view, entries costd.Entries, version int64) stamps {
	s := make(stamps, len(entries.Clients))
	for _, c := range entries.Clients {
		s[c.ID] = version
	}
	if before == nil || !same(before.entries.Regions, entries.Regions) || !same(before.entries.Projects, entries.Projects) {
		return s
	}
	then, now := sharesOf(before.entries), sharesOf(entries)
	everyone := map[string]bool{} // by currency: whether prices for everyone are the same
	for _, c := range entries.Clients {
		if _, known := everyone[c.Currency]; !known {
			everyone[c.Currency] = same(then.everyone[c.Currency], now.everyone[c.Currency])
		}
		was, is := then.of[c.ID], now.of[c.ID]
		if everyone[c.Currency] && was != nil && was.client == is.client && same(was.prices, is.prices) && same(was.commitments, is.commitments) {
			s[c.ID] = before.stamps[c.ID]
		}
	}
	return s
}

// Shares are entries by whom they are for.
type shares struct {
	of       map[int64]*share
	everyone map[string][]costd.Price // by currency
}

// A share is the entries for one client alone.
type share struct {
	client      costd.Client
	prices      []costd.Price
	commitments []costd.Commitment
}

func sharesOf(entries costd.Entries) shares {
	s := shares{of: make(map[int64]*share, len(entries.Clients)), everyone: map[string][]costd.Price{}}
	for _, c := range entries.Clients {
		s.of[c.ID] = &share{client: c}
	}
	for _, p := range entries.Prices {
		if p.ClientID == 0 {
			s.everyone[p.Currency] = append(s.everyone[p.Currency], p)
		} else if of := s.of[p.ClientID]; of != nil {
			of.prices = append(of.prices, p)
		}
	}
	for _, c := range entries.Commitments {
		if of := s.of[c.ClientID]; of != nil {
			of.commitments = append(of.commitments, c)
		}
	}
	return s
}

// same reports whether two lists in the order of their keys hold the same. Entries that
// a change left alone mostly share what they point to.
func same[T comparable](a, b []T) bool {
	return slices.EqualFunc(a, b, func(a, b T) bool { return a == b || reflect.DeepEqual(a, b) })
}
