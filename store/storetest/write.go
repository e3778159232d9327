package storetest

import (
	"testing"

	"costd"
)

func testWrite(t *testing.T, s Stores) {
	a, b := newRecord("a", "vm-1", 1, 2), newRecord("", "vm-2", 20, 30)
	accept(t, s, a, b)
	write(t, s, []costd.Record{a, b}, costd.Unchanged, costd.Unchanged)
	o := newOracle()
	o.write([]costd.Record{a, b})
	agree(t, t.Context(), s, o, all, costd.Page{})
	write(t, s, []costd.Record{deletion(a), deletion(b), deletion(b)}, costd.Deleted, costd.Deleted, costd.Unchanged)
	agree(t, t.Context(), s, newOracle(), all, costd.Page{})
}
