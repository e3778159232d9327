package storetest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// testRemoval removes entries of every kind, also together with a change of others, and
// brings them back.
func testRemoval(t *testing.T, s Stores) {
	all := someEntries()
	version := apply(t, s, 0, all)
	removal := costd.Removal{
		Clients: []int64{10, 10, 77}, Regions: []int64{-1}, Projects: []int64{501},
		Prices: []costd.PriceKey{all.Prices[3].Key(), all.Prices[0].Key()}, Commitments: []string{"a", "A"},
	}
	change := costd.Entries{Regions: []costd.Region{{ID: 9, Name: "new"}, {ID: 10, Name: "added"}}}
	next, err := s.Catalog.Apply(t.Context(), version, change, removal)
	if err != nil || next <= version {
		t.Fatalf("version %d after %d, %v", next, version, err)
	}
	left := costd.Entries{
		Clients: all.Clients[:1], Regions: []costd.Region{change.Regions[0], change.Regions[1], all.Regions[2]},
		Prices: []costd.Price{all.Prices[1], all.Prices[2], all.Prices[4]}, Commitments: all.Commitments[:1],
	}
	wantEntries(t, s, left, next)
	if again, err := s.Catalog.Apply(t.Context(), next, costd.Entries{}, removal); err != nil || again != next {
		t.Errorf("what is gone was removed again: version %d after %d, %v", again, next, err)
	}
	if _, err := s.Catalog.Apply(t.Context(), version, costd.Entries{}, costd.Removal{Regions: []int64{9}}); costd.ErrorCode(err) != costd.Unavailable {
		t.Errorf("a removal from an older version: %v, want Unavailable", err)
	}
	back := apply(t, s, next, all)
	all.Regions = []costd.Region{all.Regions[0], all.Regions[1], change.Regions[1], all.Regions[2]}
	wantEntries(t, s, all, back)
}

// testHistory makes random changes and asks for each version afterwards: its entries are
// those that were there, and its changes make them of the ones before.
func testHistory(t *testing.T, s Stores) {
	random := rand.New(rand.NewPCG(1, 2))
	states := []costd.Entries{{}}
	numbers := []int64{0}
	for i := range 30 {
		change, removal := randomChange(random)
		ctx := costd.WithActor(t.Context(), costd.Actor{Name: fmt.Sprint("key-", i), RequestID: fmt.Sprint("request-", i)})
		version, err := s.Catalog.Apply(ctx, numbers[len(numbers)-1], change, removal)
		if err != nil {
			t.Fatal(err)
		}
		entries, _, err := s.Catalog.Entries(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if version != numbers[len(numbers)-1] {
			states, numbers = append(states, entries), append(numbers, version)
		}
	}
	for i, want := range states {
		got, err := s.Catalog.EntriesAt(t.Context(), numbers[i])
		if err != nil || !sameEntries(got, want) {
			t.Errorf("version %d: %v, %+v; want %+v", numbers[i], err, got, want)
		}
	}
	wantVersions(t, s, states, numbers)
	for _, unknown := range []int64{-1, numbers[len(numbers)-1] + 1} {
		if _, err := s.Catalog.EntriesAt(t.Context(), unknown); costd.ErrorCode(err) != costd.NotFound {
			t.Errorf("version %d: %v, want NotFound", unknown, err)
		}
	}
}

// wantVersions wants the history to have the versions with these numbers and entries.
func wantVersions(t *testing.T, s Stores, states []costd.Entries, numbers []int64) {
	t.Helper()
	versions, err := s.Catalog.Versions(t.Context(), numbers[0], 1_000_000)
	if err != nil || len(versions) != len(numbers)-1 {
		t.Fatalf("%d versions, %v; want %d", len(versions), err, len(numbers)-1)
	}
	for i, v := range versions {
		if v.Number != numbers[i+1] || v.Actor.Name == "" || v.Actor.RequestID == "" || v.Time.IsZero() {
			t.Errorf("version %+v, want number %d, an actor, a request and a time", v, numbers[i+1])
		}
		if i > 0 && v.Time.Before(versions[i-1].Time) {
			t.Errorf("version %d is of %v, before the one before it", v.Number, v.Time)
		}
		if got := states[i].With(v.Changes); !sameEntries(got, states[i+1]) || v.Changes.None() {
			t.Errorf("the changes of version %d make %+v; want %+v", v.Number, got, states[i+1])
		}
	}
	last := versions[len(versions)-1]
	for at, want := range map[time.Time]int64{last.Time: last.Number, last.Time.Add(time.Hour): last.Number, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC): last.Number} {
		if got, err := s.Catalog.VersionAt(t.Context(), at); err != nil || got != want {
			t.Errorf("at %v: version %d, %v; want %d", at, got, err, want)
		}
	}
	for _, at := range []time.Time{{}, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if _, err := s.Catalog.VersionAt(t.Context(), at); costd.ErrorCode(err) != costd.NotFound {
			t.Errorf("at %v: %v, want NotFound", at, err)
		}
	}
	wantVersionPages(t, s, versions)
}

// wantVersionPages wants the versions also in pages of a few entries.
func wantVersionPages(t *testing.T, s Stores, want []costd.Version) {
	t.Helper()
	since := want[0].Number - 1
	for len(want) > 0 {
		page, err := s.Catalog.Versions(t.Context(), since, 5)
		if err != nil || len(page) == 0 || len(page) > len(want) {
			t.Fatalf("a page of %d versions, %v; %d are left", len(page), err, len(want))
		}
		entries := 0
		for i, v := range page {
			entries += changed(v.Changes)
			if !reflect.DeepEqual(v, want[i]) {
				t.Errorf("version %+v in a page, %+v in all", v, want[i])
			}
		}
		if entries > 5 && len(page) > 1 {
			t.Errorf("%d entries in a page of %d versions, want 5 at most", entries, len(page))
		}
		since, want = page[len(page)-1].Number, want[len(page):]
	}
	if page, err := s.Catalog.Versions(t.Context(), since, 5); err != nil || len(page) > 0 {
		t.Errorf("%d versions after the last, %v", len(page), err)
	}
}

func changed(c costd.Changes) int {
	return len(c.Clients) + len(c.Regions) + len(c.Projects) + len(c.Prices) + len(c.Commitments)
}

func sameEntries(a, b costd.Entries) bool { return costd.Diff(a, b).None() }

// randomChange returns entries to set and others to remove, of a few keys.
func randomChange(random *rand.Rand) (change costd.Entries, gone costd.Removal) {
	base := someEntries()
	for id := range int64(6) {
		region := costd.Region{ID: id, Name: fmt.Sprint(random.IntN(3))}
		price := base.Prices[0]
		price.RegionID, price.UnitPrice = id, decimal.FromInt(random.Int64N(3))
		commitment := base.Commitments[0]
		commitment.ID, commitment.Count = fmt.Sprint(id), random.Int64N(3)
		switch random.IntN(5) {
		case 0:
			change.Regions = append(change.Regions, region)
			change.Prices = append(change.Prices, price)
			gone.Commitments = append(gone.Commitments, commitment.ID)
		case 1:
			change.Commitments = append(change.Commitments, commitment)
			change.Clients = append(change.Clients, costd.Client{ID: id, Currency: "EUR"})
			gone.Regions = append(gone.Regions, id)
			gone.Prices = append(gone.Prices, price.Key())
		case 2:
			change.Projects = append(change.Projects, costd.Project{ID: id, Name: fmt.Sprint(random.IntN(2))})
			gone.Clients = append(gone.Clients, id)
		case 3:
			gone.Projects = append(gone.Projects, id)
		}
	}
	slices.Reverse(change.Prices)
	return change, gone
}
