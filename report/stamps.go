package report

import (
	"maps"

	"costd.dev/costd"
)

// Stamps map each client to the version of the catalog at which its reports may last have
// changed. They change with the client itself, its commitments, its prices, the prices for
// all clients in its currency, any region and any project. (Any project, because a
// project may pass from one client to another.) A change for one client leaves the
// remembered answers of all others valid.
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
