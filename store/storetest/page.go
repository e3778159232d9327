package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
)

// testOrder orders rows by each key, up and down, with many ties, and reads them
// page by page.
func testOrder(t *testing.T, s Stores) {
	var records []costd.Record
	for i := range 40 {
		records = append(records, newRecord("", fmt.Sprintf("%c-%d", 'z'-rune(i%7), i%5), 1+i%3, 1+i%4, func(r *costd.Record) {
			r.Metric = fmt.Sprint("m", i%2)
			r.ProjectID, r.RegionID = int64(i%3)*10-10, int64(100-i%4)
			r.Type = []costd.Type{costd.Instance, costd.Volume, costd.Inference}[i%3]
			r.Name = []string{"", "B", "a", "é", "Z"}[i%5]
			r.Start = r.Start.Add(time.Duration(i%2) * time.Nanosecond)
			r.Parts[0].Start = r.Start
			// Nearly equal values on different grids.
			r.Parts[0].Quantity = costd.Quantity{Units: costd.GridFinest.Denominator(), Grid: costd.GridFinest}
			if grid := costd.Grid(i) % costd.GridFinest; i%4 > 0 {
				r.Parts[0].Quantity = costd.Quantity{Units: grid.Denominator(), Grid: grid}
				r.Parts[0].Quantity.Units.Add(r.Parts[0].Quantity.Units, minutes(0).Units.SetInt64(int64(i%3-1)))
			}
		}))
	}
	accept(t, s, records...)
	o := newOracle()
	o.write(records)
	for _, keys := range orders() {
		agree(t, t.Context(), s, o, all, costd.Page{OrderBy: keys})
		wantPages(t, s, keys)
	}
	if _, _, err := s.Usage.Resources(t.Context(), all, costd.Page{OrderBy: []costd.SortKey{{By: "name; DROP"}}}); costd.ErrorCode(err) != costd.Invalid {
		t.Errorf("an unknown sort field: %v, want Invalid", err)
	}
}

// orders returns every single key, up and down, and some combinations.
func orders() [][]costd.SortKey {
	fields := []costd.SortField{costd.SortBillingValue, costd.SortFirstSeen, costd.SortLastName, costd.SortLastSeen,
		costd.SortProject, costd.SortRegion, costd.SortType}
	orders := [][]costd.SortKey{nil}
	for i, by := range fields {
		next := fields[(i+1)%len(fields)]
		orders = append(orders, []costd.SortKey{{By: by}}, []costd.SortKey{{By: by, Descending: true}},
			[]costd.SortKey{{By: by}, {By: next, Descending: true}, {By: by, Descending: true}})
	}
	return orders
}

// wantPages wants pages of several sizes to make up the whole, and their count to
// be that of the whole.
func wantPages(t *testing.T, s Stores, keys []costd.SortKey) {
	t.Helper()
	count, rows := resources(t, s, all, costd.Page{OrderBy: keys})
	whole := textsOf(rows, rowText)
	if count != len(whole) {
		t.Errorf("count %d of %d rows", count, len(whole))
	}
	for _, limit := range []int{9, count} {
		var pages []string
		for offset := 0; offset <= count; offset += limit {
			n, page := resources(t, s, all, costd.Page{OrderBy: keys, Offset: offset, Limit: limit})
			if n != count || len(page) > limit {
				t.Errorf("page at %d: count %d with %d rows, want count %d with at most %d", offset, n, len(page), count, limit)
			}
			pages = append(pages, textsOf(page, rowText)...)
		}
		diff(t, fmt.Sprintf("pages of %d by %v", limit, keys), pages, whole)
	}
}

// testManyRows reads more rows than a store would hold in memory at a time, as a
// whole and in pages that begin and end anywhere.
func testManyRows(t *testing.T, s Stores) {
	const n = 3333
	var records []costd.Record
	for i := range n {
		records = append(records, newRecord("", fmt.Sprintf("vm-%05d", n-i), i%24, 2))
	}
	accept(t, s, records...)
	slices.Reverse(records)
	for _, page := range []costd.Page{{}, {Offset: 500}, {Offset: 999, Limit: 1002}, {Offset: 3000, Limit: 5000}, {Offset: n}, {Offset: n + 1, Limit: 1}} {
		count, rows := resources(t, s, all, page)
		want := records[min(page.Offset, n):]
		if page.Limit > 0 {
			want = want[:min(page.Limit, len(want))]
		}
		if count != n || len(rows) != len(want) {
			t.Fatalf("page %+v: count %d, %d rows; want %d, %d", page, count, len(rows), n, len(want))
		}
		for i, row := range rows {
			if row.ResourceID != want[i].ResourceID || len(row.Days) != len(want[i].Parts) {
				t.Fatalf("page %+v: row %d is %+v, want %s", page, i, row, want[i].ResourceID)
			}
		}
	}
}

// testRows tells rows apart by everything that tells them apart, and shows of each
// the record with the latest end.
func testRows(t *testing.T, s Stores) {
	later := newRecord("", "vm-1", 5, 1, func(r *costd.Record) {
		r.Name, r.Size, r.Tags, r.Attributes.IPAddress = "later", size("1.5"), map[string]string{"a": "b"}, "10.0.0.1"
	})
	records := []costd.Record{
		later,
		newRecord("", "vm-1", 1, 2),
		newRecord("", "vm-1", 1, 1, func(r *costd.Record) { r.Metric = "another" }),
		newRecord("x", "vm-1", 1, 1, func(r *costd.Record) { r.Flavor = "another" }),
		newRecord("y", "vm-1", 1, 1, func(r *costd.Record) { r.ProjectID = 502 }),
		newRecord("z", "vm-1", 1, 1, func(r *costd.Record) { r.RegionID = 77 }),
		newRecord("i", "vm-1", 1, 1, func(r *costd.Record) { r.Type = costd.Inference }),
		newRecord("j", "vm-1", 2, 1, func(r *costd.Record) { r.Type, r.Flavor = costd.Inference, "another" }),
	}
	accept(t, s, records...)
	holds(t, s, records...)
	count, rows := resources(t, s, all, costd.Page{OrderBy: []costd.SortKey{{By: costd.SortLastName}, {By: costd.SortType, Descending: true}}})
	if last := rows[0]; count != 7 || last.Name != "later" || last.Tags["a"] != "b" || last.Size.String() != "1.5" || last.Attributes.IPAddress != "10.0.0.1" {
		t.Errorf("%d rows, the first %+v", count, last)
	}
	if n := len(lines(t, s, all)); n != 5 { // inference has no dimension on lines
		t.Errorf("%d lines, want 5", n)
	}
}
