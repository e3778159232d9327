package rating

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"costd.dev/costd"
)

// A Book is an index of a catalog's clients, regions, prices and commitments. It
// is immutable, so that many reports can use it at once.
type Book struct {
	clients     map[int64]costd.Client
	regions     map[int64]string
	prices      map[priceKey][]price // ascending by the first day
	commitments map[int64]map[costd.Line][]commitment
}

// NewBook returns the book of the entries, which must be valid in the sense of
// package catalog: above all, unit sizes are greater than zero.
func NewBook(entries costd.Entries) *Book {
	b := &Book{
		clients:     make(map[int64]costd.Client, len(entries.Clients)),
		regions:     make(map[int64]string, len(entries.Regions)),
		prices:      indexPrices(entries.Prices),
		commitments: indexCommitments(entries.Commitments),
	}
	for _, c := range entries.Clients {
		b.clients[c.ID] = c
	}
	for _, r := range entries.Regions {
		b.regions[r.ID] = r.Name
	}
	return b
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

func indexCommitments(commitments []costd.Commitment) map[int64]map[costd.Line][]commitment {
	index := make(map[int64]map[costd.Line][]commitment)
	for _, c := range commitments {
		lines := index[c.ClientID]
		if lines == nil {
			lines = make(map[costd.Line][]commitment)
			index[c.ClientID] = lines
		}
		lines[c.Line()] = append(lines[c.Line()], newCommitment(c))
	}
	for _, lines := range index {
		for _, list := range lines {
			slices.SortFunc(list, commitment.compare)
		}
	}
	return index
}
