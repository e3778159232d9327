package report

import (
	"maps"

	"costd.dev/costd"
)

// Stamps say of each client at which version of the catalog something last changed
// that its reports are made of: itself, its commitments, its prices and those for
// everyone in its currency, any region, and any project, as to whom a project belongs
// matters to all. A change for one client so leaves the answers to the others alone.
type stamps map[int64]int64

// with returns the stamps of a version of the catalog, whose clients are the given ones,
// after the changes.
func (s stamps) with(changes costd.Changes, clients []costd.Client, version int64) stamps {
	if changes.None() {
		return s
	}
	next := make(stamps, len(clients))
	maps.Copy(next, s)
	for _, c := range changes.Clients {
		if c.After != nil {
			next[c.After.ID] = version
		} else {
			delete(next, c.Before.ID)
		}
	}
	all := len(changes.Regions) > 0 || len(changes.Projects) > 0
	of, currencies := concerned(changes)
	for _, c := range clients {
		if all || of[c.ID] || currencies[c.Currency] {
			next[c.ID] = version
		}
	}
	return next
}

// concerned returns for which clients, and for everyone in which currencies, prices and
// commitments changed.
func concerned(changes costd.Changes) (clients map[int64]bool, currencies map[string]bool) {
	clients, currencies = map[int64]bool{}, map[string]bool{}
	for _, c := range changes.Prices {
		for _, p := range []*costd.Price{c.Before, c.After} {
			if p != nil && p.ClientID == 0 {
				currencies[p.Currency] = true
			} else if p != nil {
				clients[p.ClientID] = true
			}
		}
	}
	for _, c := range changes.Commitments {
		for _, commitment := range []*costd.Commitment{c.Before, c.After} {
			if commitment != nil {
				clients[commitment.ClientID] = true
			}
		}
	}
	return clients, currencies
}
