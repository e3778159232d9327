package rating_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/rating"
)

// A book that followed the changes of a catalog one by one rates as one that was made of
// the whole catalog, and a report that still uses an earlier one is not disturbed.
func TestBookFollowsChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLedger(t)
		entries := ordered(l.entries)
		book := rating.NewBook(l.entries)
		var states []costd.Entries
		var books []*rating.Book
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			states, books = append(states, entries), append(books, book)
			changes := randomChanges(t, entries)
			entries, book = entries.With(changes), book.With(changes)
		}
		states, books = append(states, entries), append(books, book)
		for i, book := range books {
			l.entries = states[i]
			scratch := rating.NewBook(states[i])
			for id := range int64(4) {
				got, ok := book.Client(id)
				want, known := scratch.Client(id)
				if got != want || ok != known || book.RegionName(id) != scratch.RegionName(id) {
					t.Fatalf("state %d: client or region %d is %v %s, want %v %s", i, id, got, book.RegionName(id), want, scratch.RegionName(id))
				}
			}
			equalRows(t, rowsOf(book, l), rowsOf(scratch, l))
		}
	})
}

// rowsOf returns what a book says of the usage of a ledger, in every way.
func rowsOf(book *rating.Book, l ledger) (rows []string) {
	usage := usageOf(l.records, everything)
	for _, client := range []int64{1, 2} {
		rows = append(rows, chargeTexts(book.Monthly(client, l.month, usage, rating.Selection{}))...)
		for _, u := range usage {
			rows = append(rows, chargeTexts([]costd.Charge{book.PayAsYouGo(client, u)})...)
		}
	}
	return rows
}

// ordered returns the entries in the order of their keys.
func ordered(e costd.Entries) costd.Entries { return costd.Entries{}.With(costd.Entries{}.Effect(e)) }

// randomChanges draws changes to a catalog: entries come, become others, and go.
func randomChanges(t *rapid.T, e costd.Entries) costd.Changes {
	if rapid.Bool().Draw(t, "deletes") {
		return costd.Diff(e, costd.Entries{
			Clients: some(t, e.Clients), Regions: some(t, e.Regions), Prices: some(t, e.Prices), Commitments: some(t, e.Commitments),
		})
	}
	change := randomLedger(t).entries
	change.Clients = some(t, change.Clients)
	if rapid.Bool().Draw(t, "another currency") {
		change.Clients = append(change.Clients, costd.Client{ID: 1, Currency: "USD"})
	}
	change.Regions = []costd.Region{{ID: 1, Name: rapid.SampledFrom([]string{"One", "Uno"}).Draw(t, "region")}}
	return e.Effect(change)
}

// some returns a part of a list.
func some[T any](t *rapid.T, list []T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(T) bool { return rapid.IntRange(0, 3).Draw(t, "goes") == 0 })
}
