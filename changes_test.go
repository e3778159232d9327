package costd_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// randomEntries draws entries of so few keys that they meet, in any order, some twice.
func randomEntries(t *rapid.T) (e costd.Entries) {
	number := func(label string, limit int) int64 { return int64(rapid.IntRange(0, limit).Draw(t, label)) }
	amount := func(label string) decimal.Decimal { return decimal.FromInt(number(label, 2)) }
	for range rapid.IntRange(0, 3).Draw(t, "clients") {
		e.Clients = append(e.Clients, costd.Client{ID: number("client", 3), Name: fmt.Sprint(number("name", 1))})
	}
	for range rapid.IntRange(0, 3).Draw(t, "regions") {
		e.Regions = append(e.Regions, costd.Region{ID: number("region", 3) - 1, Name: fmt.Sprint(number("name", 1))})
	}
	for range rapid.IntRange(0, 3).Draw(t, "projects") {
		e.Projects = append(e.Projects, costd.Project{ID: number("project", 3), ClientID: number("of", 1)})
	}
	for range rapid.IntRange(0, 6).Draw(t, "prices") {
		e.Prices = append(e.Prices, costd.Price{
			Type: costd.Types[number("type", 1)].Type, Metric: fmt.Sprint("m", number("metric", 1)), RegionID: number("region", 1),
			Currency: []string{"EUR", "USD"}[number("currency", 1)], ClientID: number("client", 1), EffectiveFrom: costd.Day(number("from", 1)),
			UnitSize: amount("size"), UnitPrice: amount("price"),
		})
	}
	for range rapid.IntRange(0, 3).Draw(t, "commitments") {
		fee := amount("fee")
		e.Commitments = append(e.Commitments, costd.Commitment{
			ID: fmt.Sprint(number("commitment", 3)), Count: number("count", 1), UnitPrice: amount("price"), PricePerMonth: &fee,
		})
	}
	return e
}

// A model is a catalog as a map of texts: the kind and the key, to the entry.
type model map[string]string

func modelOf(e costd.Entries) model {
	m := model{}
	m.add(e)
	return m
}

func (m model) add(e costd.Entries) {
	for _, c := range e.Clients {
		m[fmt.Sprintf("client %4d", c.ID)] = fmt.Sprint(c)
	}
	for _, r := range e.Regions {
		m[fmt.Sprintf("region %4d", r.ID+1)] = fmt.Sprint(r)
	}
	for _, p := range e.Projects {
		m[fmt.Sprintf("project %4d", p.ID)] = fmt.Sprint(p)
	}
	for _, p := range e.Prices {
		m[fmt.Sprint("price ", p.Type, " ", p.Metric, " ", p.RegionID, " ", p.Currency, " ", p.ClientID, " ", int(p.EffectiveFrom))] = fmt.Sprint(p)
	}
	for _, c := range e.Commitments {
		m["commitment "+c.ID] = fmt.Sprint(c.Count, c.UnitPrice, c.PricePerMonth)
	}
}

// keys returns the keys of a catalog's entries in the order of its lists.
func keys(e costd.Entries) (keys []string) {
	for _, alone := range slices.Concat(
		each(e.Clients, func(l []costd.Client) costd.Entries { return costd.Entries{Clients: l} }),
		each(e.Commitments, func(l []costd.Commitment) costd.Entries { return costd.Entries{Commitments: l} }),
		each(e.Prices, func(l []costd.Price) costd.Entries { return costd.Entries{Prices: l} }),
		each(e.Projects, func(l []costd.Project) costd.Entries { return costd.Entries{Projects: l} }),
		each(e.Regions, func(l []costd.Region) costd.Entries { return costd.Entries{Regions: l} }),
	) {
		keys = slices.AppendSeq(keys, maps.Keys(modelOf(alone)))
	}
	return keys
}

func each[T any](list []T, alone func([]T) costd.Entries) (entries []costd.Entries) {
	for i := range list {
		entries = append(entries, alone(list[i:i+1]))
	}
	return entries
}

// withoutSome returns the changes that take some entries out of a catalog.
func withoutSome(t *rapid.T, e costd.Entries) (c costd.Changes) {
	for i := range e.Prices {
		if rapid.IntRange(0, 3).Draw(t, "price goes") == 0 {
			c.Prices = append(c.Prices, costd.Change[costd.Price]{Before: &e.Prices[i]})
		}
	}
	for i := range e.Clients {
		if rapid.IntRange(0, 3).Draw(t, "client goes") == 0 {
			c.Clients = append(c.Clients, costd.Change[costd.Client]{Before: &e.Clients[i]})
		}
	}
	for i := range e.Commitments {
		if rapid.IntRange(0, 3).Draw(t, "commitment goes") == 0 {
			c.Commitments = append(c.Commitments, costd.Change[costd.Commitment]{Before: &e.Commitments[i]})
		}
	}
	return c
}

// A catalog that follows changes one by one holds what a map would, in the order of the
// keys, and what differs between any two of its states leads from one to the other. No
// state changes after it was left.
func TestEntriesFollowChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		states, models := []costd.Entries{{}}, []model{{}}
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			state, want := states[len(states)-1], maps.Clone(models[len(models)-1])
			if rapid.Bool().Draw(t, "deletes") {
				gone := withoutSome(t, state)
				state = state.With(gone)
				for _, c := range gone.Prices {
					maps.DeleteFunc(want, in(modelOf(costd.Entries{Prices: []costd.Price{*c.Before}})))
				}
				for _, c := range gone.Clients {
					maps.DeleteFunc(want, in(modelOf(costd.Entries{Clients: []costd.Client{*c.Before}})))
				}
				for _, c := range gone.Commitments {
					maps.DeleteFunc(want, in(modelOf(costd.Entries{Commitments: []costd.Commitment{*c.Before}})))
				}
			} else {
				change := randomEntries(t)
				state = state.With(state.Effect(change))
				want.add(change)
				if again := state.Effect(distinct(change)); !again.None() {
					t.Fatalf("the same again changes %+v", again)
				}
			}
			states, models = append(states, state), append(models, want)
		}
		for i, state := range states {
			if got := modelOf(state); !maps.Equal(got, models[i]) {
				t.Fatalf("state %d holds %v\nwant %v", i, got, models[i])
			}
			if got := keys(state); !slices.Equal(got, slices.SortedFunc(maps.Keys(models[i]), cmp.Compare[string])) {
				t.Fatalf("state %d is in the order %q", i, got)
			}
			for j, other := range states {
				diff := costd.Diff(state, other)
				if got := modelOf(state.With(diff)); !maps.Equal(got, models[j]) || diff.None() != maps.Equal(models[i], models[j]) {
					t.Fatalf("from state %d to %d by %+v: %v\nwant %v", i, j, diff, got, models[j])
				}
			}
		}
	})
}

// in reports whether a key is in the model.
func in(m model) func(string, string) bool {
	return func(key, _ string) bool { _, found := m[key]; return found }
}

// distinct returns the entries with the last of each key alone.
func distinct(e costd.Entries) costd.Entries { return costd.Entries{}.With(costd.Entries{}.Effect(e)) }
