package costd

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"sort"
	"strings"
)

// A Change is one entry that differs between two catalogs. Before is nil if the entry
// is new, After if it is gone. Both are read only.
type Change[T any] struct {
	Before *T `json:"before,omitempty"`
	After  *T `json:"after,omitempty"`
}

// Changes are all entries that differ between two catalogs, each list ordered by key,
// with one change of a key. They let a reader of a large catalog follow it at the cost
// of what changed, where making all anew takes some hundred times as long.
type Changes struct {
	Clients     []Change[Client]     `json:"clients,omitempty"`
	Regions     []Change[Region]     `json:"regions,omitempty"`
	Projects    []Change[Project]    `json:"projects,omitempty"`
	Prices      []Change[Price]      `json:"prices,omitempty"`
	Commitments []Change[Commitment] `json:"commitments,omitempty"`
}

// None reports whether the two catalogs are the same.
func (c Changes) None() bool {
	return len(c.Clients)+len(c.Regions)+len(c.Projects)+len(c.Prices)+len(c.Commitments) == 0
}

// Count returns how many entries are new, differ, and are gone.
func (c Changes) Count() (created, changed, removed int) {
	var n [3]int
	countChanges(&n, c.Clients)
	countChanges(&n, c.Regions)
	countChanges(&n, c.Projects)
	countChanges(&n, c.Prices)
	countChanges(&n, c.Commitments)
	return n[0], n[1], n[2]
}

func countChanges[T any](n *[3]int, changes []Change[T]) {
	for _, c := range changes {
		switch {
		case c.Before == nil:
			n[0]++
		case c.After != nil:
			n[1]++
		default:
			n[2]++
		}
	}
}

// Diff returns what differs between two catalogs. The lists of both are ordered as
// Catalog.Entries orders them. It takes about 20 ns for an entry that the two share,
// and nothing for a list that they share.
func Diff(before, after Entries) Changes {
	return Changes{
		Clients:     diff(before.Clients, after.Clients, (*Client).compareKey, same),
		Regions:     diff(before.Regions, after.Regions, (*Region).compareKey, same),
		Projects:    diff(before.Projects, after.Projects, (*Project).compareKey, same),
		Prices:      diff(before.Prices, after.Prices, (*Price).compareKey, samePrice),
		Commitments: diff(before.Commitments, after.Commitments, (*Commitment).compareKey, sameCommitment),
	}
}

// Effect returns what it changes in e to add the entries of change, in any order, and to
// replace those with the same key. Of several with one key the last one counts. The
// lists of e are ordered as Catalog.Entries orders them.
func (e Entries) Effect(change Entries) Changes {
	return Changes{
		Clients:     effect(e.Clients, change.Clients, (*Client).compareKey, same),
		Regions:     effect(e.Regions, change.Regions, (*Region).compareKey, same),
		Projects:    effect(e.Projects, change.Projects, (*Project).compareKey, same),
		Prices:      effect(e.Prices, change.Prices, (*Price).compareKey, samePrice),
		Commitments: effect(e.Commitments, change.Commitments, (*Commitment).compareKey, sameCommitment),
	}
}

// With returns the entries as they are after the changes, in the order of their keys. It
// shares the lists in which nothing changes, and leaves e as it is.
func (e Entries) With(c Changes) Entries {
	return Entries{
		Clients:     with(e.Clients, c.Clients, (*Client).compareKey),
		Regions:     with(e.Regions, c.Regions, (*Region).compareKey),
		Projects:    with(e.Projects, c.Projects, (*Project).compareKey),
		Prices:      with(e.Prices, c.Prices, (*Price).compareKey),
		Commitments: with(e.Commitments, c.Commitments, (*Commitment).compareKey),
	}
}

// Patch returns an index as it is after the changes, where item says under which key an
// entry is and as what. It leaves the index as it is, and returns it if there are none.
func Patch[T any, K comparable, V any](index map[K]V, changes []Change[T], item func(*T) (K, V)) map[K]V {
	if len(changes) == 0 {
		return index
	}
	next := make(map[K]V, len(index))
	maps.Copy(next, index)
	for _, c := range changes {
		key, value := item(c.entry())
		if c.After == nil {
			delete(next, key)
		} else {
			next[key] = value
		}
	}
	return next
}

// entry returns what has the key of the change.
func (c Change[T]) entry() *T {
	if c.After != nil {
		return c.After
	}
	return c.Before
}

func diff[T comparable](before, after []T, compare func(a, b *T) int, same func(a, b *T) bool) (changes []Change[T]) {
	if len(before) == len(after) && (len(before) == 0 || &before[0] == &after[0]) {
		return nil
	}
	for len(before) > 0 && len(after) > 0 {
		was, is := &before[0], &after[0]
		if *was == *is { // nearly always: they share all their texts and numbers
			before, after = before[1:], after[1:]
			continue
		}
		order := compare(was, is)
		switch {
		case order < 0:
			changes = append(changes, Change[T]{Before: was})
		case order > 0:
			changes = append(changes, Change[T]{After: is})
		case !same(was, is):
			changes = append(changes, Change[T]{was, is})
		}
		if order <= 0 {
			before = before[1:]
		}
		if order >= 0 {
			after = after[1:]
		}
	}
	for i := range before {
		changes = append(changes, Change[T]{Before: &before[i]})
	}
	for i := range after {
		changes = append(changes, Change[T]{After: &after[i]})
	}
	return changes
}

func effect[T any](list, change []T, compare func(a, b *T) int, same func(a, b *T) bool) (changes []Change[T]) {
	change = slices.Clone(change)
	slices.SortStableFunc(change, func(a, b T) int { return compare(&a, &b) })
	for i := range change {
		entry := &change[i]
		if i+1 < len(change) && compare(entry, &change[i+1]) == 0 {
			continue
		}
		at, found := find(list, entry, compare)
		if !found {
			changes = append(changes, Change[T]{After: entry})
		} else if !same(&list[at], entry) {
			changes = append(changes, Change[T]{&list[at], entry})
		}
	}
	return changes
}

func with[T any](list []T, changes []Change[T], compare func(a, b *T) int) []T {
	if len(changes) == 0 {
		return list
	}
	next := make([]T, 0, len(list)+len(changes))
	for _, c := range changes {
		at, found := find(list, c.entry(), compare)
		next = append(next, list[:at]...)
		if c.After != nil {
			next = append(next, *c.After)
		}
		if found {
			at++
		}
		list = list[at:]
	}
	return append(next, list...)
}

// find returns where in an ordered list the entry with the key of another is, or would be.
func find[T any](list []T, entry *T, compare func(a, b *T) int) (int, bool) {
	return sort.Find(len(list), func(i int) int { return compare(entry, &list[i]) })
}

// The orders of entries by their keys.

func (c *Client) compareKey(d *Client) int         { return cmp.Compare(c.ID, d.ID) }
func (r *Region) compareKey(s *Region) int         { return cmp.Compare(r.ID, s.ID) }
func (p *Project) compareKey(q *Project) int       { return cmp.Compare(p.ID, q.ID) }
func (c *Commitment) compareKey(d *Commitment) int { return strings.Compare(c.ID, d.ID) }

func (p *Price) compareKey(q *Price) int {
	if order := strings.Compare(string(p.Type), string(q.Type)); order != 0 {
		return order
	}
	if order := strings.Compare(p.Metric, q.Metric); order != 0 {
		return order
	}
	return cmp.Or(cmp.Compare(p.RegionID, q.RegionID), strings.Compare(p.Currency, q.Currency),
		cmp.Compare(p.ClientID, q.ClientID), cmp.Compare(p.EffectiveFrom, q.EffectiveFrom))
}

// Whether two entries say the same. Equal decimals need not be the same in memory.

func same[T comparable](a, b *T) bool { return *a == *b }

func samePrice(p, q *Price) bool {
	if !p.UnitSize.Equal(q.UnitSize) || !p.UnitPrice.Equal(q.UnitPrice) {
		return false
	}
	alike := *q
	alike.UnitSize, alike.UnitPrice = p.UnitSize, p.UnitPrice
	return *p == alike
}

// sameCommitment compares the written forms, in which equal numbers look equal.
func sameCommitment(c, d *Commitment) bool {
	if *c == *d {
		return true
	}
	x, errX := json.Marshal(c)
	y, errY := json.Marshal(d)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
