// Package storetest is the one conformance suite of the stores: whatever keeps
// usage and the catalog has to pass Run. It is imported by tests only.
//
// Beside what the contracts costd.UsageStore and costd.Catalog say, it fixes what
// they leave open, so that all stores answer alike:
//
//   - "last seen" is the part with the greatest (end, start of the record, metric,
//     id) among those that the query's lists select;
//   - letter case is set aside by comparing in lower case, code point by code point;
//   - a day, and a line, whose quantities are all zero has usage: it is returned;
//   - an empty tag filter selects everything if All, else nothing;
//   - records that cannot be kept exactly, or are not UTF-8, or are longer than
//     costd.MaxRecordDays, are Invalid, and the batch with them;
//   - a change of the catalog that changes nothing keeps the version.
package storetest

import (
	"slices"
	"testing"

	"costd.dev/costd"
)

// Stores are what is tested: the two contracts over one empty database.
type Stores struct {
	Usage   costd.UsageStore
	Catalog costd.Catalog
}

// Run runs the suite, several tests at a time, or only the named tests of it, for a
// store that has passed the others in another configuration. Open returns empty
// stores, and closes them by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Stores, only ...string) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Stores)
	}{
		{"Write", testWrite},
		{"Content", testContent},
		{"Identity", testIdentity},
		{"Repeats", testRepeats},
		{"Length", testLength},
		{"Refused", testRefused},
		{"Digits", testDigits},
		{"Overflow", testOverflow},
		{"LargeFractions", testLargeFractions},
		{"Times", testTimes},
		{"OldAndNew", testOldAndNew},
		{"Zero", testZero},
		{"Lists", testLists},
		{"ManyValues", testManyValues},
		{"Fields", testFields},
		{"Selected", testSelected},
		{"Tags", testTags},
		{"LastSize", testLastSize},
		{"Sizes", testSizes},
		{"Rows", testRows},
		{"Order", testOrder},
		{"ManyRows", testManyRows},
		{"Concurrency", testConcurrency},
		{"Snapshot", testSnapshot},
		{"OneState", testOneState},
		{"Break", testBreak},
		{"Cancellation", testCancellation},
		{"Revision", testRevision},
		{"Catalog", testCatalog},
		{"Conflict", testConflict},
		{"Removal", testRemoval},
		{"History", testHistory},
		{"Audit", testAudit},
		{"Keys", testKeys},
		{"GuardedDeletes", testGuardedDeletes},
		{"Check", testCheck},
		{"Model", testModel},
	} {
		if len(only) > 0 && !slices.Contains(only, test.name) {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, open(t))
		})
	}
}
