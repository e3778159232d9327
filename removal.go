package costd

import (
	"slices"
)

// A PriceKey is the key of a Price: no two prices of a catalog have the same.
type PriceKey struct {
	Type          Type   `json:"type" yaml:"type"`
	Metric        string `json:"metric" yaml:"metric"`
	RegionID      int64  `json:"region_id,omitempty" yaml:"region_id,omitempty"`
	ClientID      int64  `json:"client_id,omitempty" yaml:"client_id,omitempty"`
	Currency      string `json:"currency" yaml:"currency"`
	EffectiveFrom Day    `json:"effective_from" yaml:"effective_from"`
}

// Key returns the key of the price.
func (p *Price) Key() PriceKey {
	return PriceKey{p.Type, p.Metric, p.RegionID, p.ClientID, p.Currency, p.EffectiveFrom}
}

// A Removal names entries that go, by their keys, in any order.
type Removal struct {
	Clients     []int64    `json:"clients,omitempty" yaml:"clients,omitempty"`
	Regions     []int64    `json:"regions,omitempty" yaml:"regions,omitempty"`
	Projects    []int64    `json:"projects,omitempty" yaml:"projects,omitempty"`
	Prices      []PriceKey `json:"prices,omitempty" yaml:"prices,omitempty"`
	Commitments []string   `json:"commitments,omitempty" yaml:"commitments,omitempty"`
}

// Len returns the number of entries that are named.
func (r Removal) Len() int {
	return len(r.Clients) + len(r.Regions) + len(r.Projects) + len(r.Prices) + len(r.Commitments)
}

// With returns what changes in e after the changes: the removal of the entries with the
// keys of r. A key that e does not have changes nothing. No key of r may be that of an
// entry in the changes.
func (c Changes) With(e Entries, r Removal) Changes {
	return Changes{
		Clients:     removed(c.Clients, e.Clients, r.Clients, func(id int64) Client { return Client{ID: id} }, (*Client).compareKey),
		Regions:     removed(c.Regions, e.Regions, r.Regions, func(id int64) Region { return Region{ID: id} }, (*Region).compareKey),
		Projects:    removed(c.Projects, e.Projects, r.Projects, func(id int64) Project { return Project{ID: id} }, (*Project).compareKey),
		Prices:      removed(c.Prices, e.Prices, r.Prices, priceOf, (*Price).compareKey),
		Commitments: removed(c.Commitments, e.Commitments, r.Commitments, func(id string) Commitment { return Commitment{ID: id} }, (*Commitment).compareKey),
	}
}

// priceOf returns a price that has nothing but its key.
func priceOf(k PriceKey) Price {
	return Price{Type: k.Type, Metric: k.Metric, RegionID: k.RegionID, ClientID: k.ClientID, Currency: k.Currency, EffectiveFrom: k.EffectiveFrom}
}

// removed adds to the changes, which are ordered by key, those of the entries that go.
func removed[T, K any](changes []Change[T], list []T, keys []K, entryOf func(K) T, compare func(a, b *T) int) []Change[T] {
	if len(keys) == 0 {
		return changes
	}
	changes = slices.Clone(changes)
	for _, key := range keys {
		entry := entryOf(key)
		if at, found := find(list, &entry, compare); found {
			changes = append(changes, Change[T]{Before: &list[at]})
		}
	}
	slices.SortStableFunc(changes, func(a, b Change[T]) int { return compare(a.entry(), b.entry()) })
	return slices.CompactFunc(changes, func(a, b Change[T]) bool { return compare(a.entry(), b.entry()) == 0 })
}

// Removed returns the keys of the entries that the changes remove.
func (c Changes) Removed() Removal {
	return Removal{
		Clients:     gone(c.Clients, func(e *Client) int64 { return e.ID }),
		Regions:     gone(c.Regions, func(e *Region) int64 { return e.ID }),
		Projects:    gone(c.Projects, func(e *Project) int64 { return e.ID }),
		Prices:      gone(c.Prices, (*Price).Key),
		Commitments: gone(c.Commitments, func(e *Commitment) string { return e.ID }),
	}
}

func gone[T, K any](changes []Change[T], key func(*T) K) (keys []K) {
	for _, c := range changes {
		if c.After == nil {
			keys = append(keys, key(c.Before))
		}
	}
	return keys
}
