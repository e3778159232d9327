package rating

import (
	"cmp"
	"maps"
	"strconv"
	"strings"

	"costd.dev/costd"
)

// A Book is an index of a catalog's clients, regions, prices and commitments. It
// is immutable, so that many reports can use it at once.
type Book struct {
	clients     map[int64]costd.Client
	regions     map[int64]string
	prices      tariffs
	commitments map[int64]map[costd.Line][]commitment // each list in the order in which it is drawn on
}

// NewBook returns the book of the entries, which must be valid in the sense of
// package catalog: above all, unit sizes are greater than zero.
func NewBook(entries costd.Entries) *Book {
	return new(Book).With(costd.Changes{
		Clients:     added(entries.Clients),
		Regions:     added(entries.Regions),
		Prices:      added(entries.Prices),
		Commitments: added(entries.Commitments),
	})
}

func added[T any](list []T) []costd.Change[T] {
	changes := make([]costd.Change[T], len(list))
	for i := range list {
		changes[i].After = &list[i]
	}
	return changes
}

// With returns the book of the catalog that b's becomes by the changes, which must be
// valid as the entries of NewBook. The two books share what does not change, so that one
// price among many costs next to nothing. b stays as it is.
func (b *Book) With(changes costd.Changes) *Book {
	return &Book{
		clients:     costd.Patch(b.clients, changes.Clients, func(c *costd.Client) (int64, costd.Client) { return c.ID, *c }),
		regions:     costd.Patch(b.regions, changes.Regions, func(r *costd.Region) (int64, string) { return r.ID, r.Name }),
		prices:      b.prices.with(changes.Prices),
		commitments: withCommitments(b.commitments, changes.Commitments),
	}
}

// Client returns the client with the given id, and false if there is none.
func (b *Book) Client(id int64) (costd.Client, bool) {
	c, ok := b.clients[id]
	return c, ok
}

// RegionName returns the name of the region, or the id as text if it is unknown.
func (b *Book) RegionName(id int64) string {
	return cmp.Or(b.regions[id], strconv.FormatInt(id, 10))
}

// name returns a feature as customers read it, for the given line. A line without a
// dimension leaves no space at the end.
func (b *Book) name(feature string, line costd.Line) string {
	if !strings.Contains(feature, "{") {
		return feature
	}
	filled := strings.NewReplacer("{region}", b.RegionName(line.RegionID), "{dimension}", line.Dimension).Replace(feature)
	return strings.TrimSpace(filled)
}

// withCommitments returns the index as it is after the changes. It copies the lists that
// change and the maps around them, those of a client once.
func withCommitments(index map[int64]map[costd.Line][]commitment, changes []costd.Change[costd.Commitment]) map[int64]map[costd.Line][]commitment {
	if len(changes) == 0 {
		return index
	}
	next := make(map[int64]map[costd.Line][]commitment, len(index))
	maps.Copy(next, index)
	copied := map[int64]bool{}
	lines := func(client int64) map[costd.Line][]commitment {
		if !copied[client] {
			copied[client] = true
			own := make(map[costd.Line][]commitment, len(next[client]))
			maps.Copy(own, next[client])
			next[client] = own
		}
		return next[client]
	}
	for _, c := range changes {
		if c.Before != nil {
			remove(lines(c.Before.ClientID), c.Before.Line(), newCommitment(*c.Before), commitment.compare)
		}
		if c.After != nil {
			insert(lines(c.After.ClientID), c.After.Line(), newCommitment(*c.After), commitment.compare)
		}
	}
	maps.DeleteFunc(next, func(_ int64, lines map[costd.Line][]commitment) bool { return len(lines) == 0 })
	return next
}
