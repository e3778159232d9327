package catalog

import (
	"slices"

	"costd.dev/costd"
)

// Check returns nil if the entries of change are right by themselves and fit into
// the catalog current, or an Invalid error that names every mistake.
func Check(current, change costd.Entries) error {
	return check(current, &File{Entries: change})
}

func check(current costd.Entries, f *File) error {
	m := &mistakes{root: f.root}
	m.checkEntries(f.Entries)
	m.checkRemoval(f.Entries, f.Remove)
	m.checkReferences(current, f)
	return m.err(f.Entries)
}

// checkReferences notes what is wrong with the file in the light of what is there. What
// is there stays right as long as no client's currency and no project's or commitment's
// client changes under it, and nothing goes that it refers to.
func (m *mistakes) checkReferences(current costd.Entries, f *File) {
	change, merged := f.Entries, merge(current, f)
	m.checkGone(current, f)
	m.checkClients(current, change)
	m.checkProjects(current, change, merged)
	for i, p := range change.Prices {
		e := &entry{m: m, place: place{list: prices, index: i}}
		e.regionExists(merged, p.RegionID)
		if client := e.clientExists(merged, p.ClientID); client != nil && client.Currency != p.Currency {
			e.mistake("currency", "is %s, but client %d pays in %s", p.Currency, client.ID, client.Currency)
		}
	}
	have := index(current.Commitments, commitmentKey)
	for i, c := range change.Commitments {
		e := &entry{m: m, place: place{list: commitments, index: i}}
		e.regionExists(merged, c.RegionID)
		e.clientExists(merged, c.ClientID)
		if old := have[c.ID]; old != nil && old.ClientID != c.ClientID {
			e.mistake("client_id", "is %d, but commitment %s belongs to client %d and cannot move; use a new id, and end the old one by active_to", c.ClientID, c.ID, old.ClientID)
		}
	}
}

// checkClients refuses to change the currency of a client with prices or
// commitments of its own: their amounts would become amounts of other money.
func (m *mistakes) checkClients(current, change costd.Entries) {
	have := index(current.Clients, clientKey)
	for i, c := range change.Clients {
		if old := have[c.ID]; old != nil && old.Currency != c.Currency && bound(current, c.ID) {
			m.add(place{list: clients, index: i}, "currency",
				"cannot change from %s: client %d has prices or commitments of its own in it; use a new client", old.Currency, c.ID)
		}
	}
}

// bound reports whether there are prices or commitments of the client's own.
func bound(current costd.Entries, client int64) bool {
	return slices.ContainsFunc(current.Prices, func(p costd.Price) bool { return p.ClientID == client }) ||
		slices.ContainsFunc(current.Commitments, func(c costd.Commitment) bool { return c.ClientID == client })
}

// checkProjects refuses to move a project: its usage and its keys would stay.
func (m *mistakes) checkProjects(current, change costd.Entries, merged references) {
	have := index(current.Projects, projectKey)
	for i, p := range change.Projects {
		e := &entry{m: m, place: place{list: projects, index: i}}
		e.clientExists(merged, p.ClientID)
		if old := have[p.ID]; old != nil && old.ClientID != p.ClientID {
			e.mistake("client_id", "is %d, but project %d belongs to client %d and cannot move; use a new project", p.ClientID, p.ID, old.ClientID)
		}
	}
}

// references are the entries that others refer to.
type references struct {
	clients map[int64]*costd.Client
	regions map[int64]bool
}

// merge returns what there is to refer to once the file is applied.
func merge(current costd.Entries, f *File) references {
	merged := references{clients: index(current.Clients, clientKey), regions: map[int64]bool{}}
	for i := range f.Entries.Clients {
		merged.clients[f.Entries.Clients[i].ID] = &f.Entries.Clients[i]
	}
	for _, list := range [][]costd.Region{current.Regions, f.Entries.Regions} {
		for _, r := range list {
			merged.regions[r.ID] = true
		}
	}
	for _, id := range f.Remove.Clients {
		delete(merged.clients, id)
	}
	for _, id := range f.Remove.Regions {
		delete(merged.regions, id)
	}
	return merged
}

// clientExists returns the client, or nil for none or every client.
func (e *entry) clientExists(r references, id int64) *costd.Client {
	client := r.clients[id]
	if id != 0 && client == nil {
		e.mistake("client_id", "is %d, but there is no such client; add it under %s", id, clients)
	}
	return client
}

func (e *entry) regionExists(r references, id int64) {
	if id != 0 && !r.regions[id] {
		e.mistake("region_id", "is %d, but there is no such region; add it under %s", id, regions)
	}
}
