package storetest

import (
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// holds wants the store to hold exactly the given records of the test client.
func holds(t *testing.T, s Stores, records ...costd.Record) {
	t.Helper()
	o := newOracle()
	o.write(records)
	agree(t, t.Context(), s, o, all, costd.Page{})
}

// every returns n times the same outcome.
func every(n int, o costd.Outcome) []costd.Outcome { return slices.Repeat([]costd.Outcome{o}, n) }

func testWrite(t *testing.T, s Stores) {
	write(t, s, nil)
	a, b := newRecord("a", "vm-1", 1, 2), newRecord("", "vm-2", 20, 30)
	accept(t, s, a, b)
	holds(t, s, a, b)
	write(t, s, []costd.Record{b, a}, every(2, costd.Unchanged)...)
	holds(t, s, a, b)
	write(t, s, []costd.Record{deletion(a), newRecord("c", "vm-3", 1, 1), deletion(b)}, costd.Deleted, costd.Accepted, costd.Deleted)
	holds(t, s, newRecord("c", "vm-3", 1, 1))
	write(t, s, []costd.Record{deletion(a), deletion(b)}, every(2, costd.Unchanged)...)
	accept(t, s, a, b)
	holds(t, s, a, b, newRecord("c", "vm-3", 1, 1))
}

// testContent changes each property of a record in turn: every change is seen,
// kept and seen again when it is undone.
func testContent(t *testing.T, s Stores) {
	r := newRecord("a", "vm-1", 20, 30)
	accept(t, s, r)
	for i, change := range changes {
		changed := newRecord("a", "vm-1", 20, 30)
		change(&changed)
		write(t, s, []costd.Record{changed}, costd.Replaced)
		write(t, s, []costd.Record{changed}, costd.Unchanged)
		holds(t, s, changed)
		write(t, s, []costd.Record{changed, r}, costd.Unchanged, costd.Replaced)
		if t.Failed() {
			t.Fatalf("after change %d", i)
		}
	}
	holds(t, s, r)
}

var changes = []func(*costd.Record){
	func(r *costd.Record) { r.ProjectID = 502 },
	func(r *costd.Record) { r.RegionID = -77 },
	func(r *costd.Record) { r.Type = costd.Baremetal },
	func(r *costd.Record) { r.ResourceID = "vm-2" },
	func(r *costd.Record) { r.Metric = "G1-standard-1-2_min" },
	func(r *costd.Record) { r.Flavor = "" },
	func(r *costd.Record) { r.Name = "" },
	func(r *costd.Record) { r.Size = size("0") },
	func(r *costd.Record) { r.Size = size("0.000000001") },
	func(r *costd.Record) { r.Tags = map[string]string{"": ""} },
	func(r *costd.Record) { r.Tags = map[string]string{"a": "b", "b": "a"} },
	func(r *costd.Record) { r.Tags = map[string]string{`a":"b`: "<\x00\u2028\\>"} },
	func(r *costd.Record) { r.Attributes.VolumeType = "x" },
	func(r *costd.Record) { r.Attributes.FileShareType = "x" },
	func(r *costd.Record) { r.Attributes.InstanceType = "x" },
	func(r *costd.Record) { r.Attributes.IPAddress = "x" },
	func(r *costd.Record) { r.Attributes.AttachedToVM = "x" },
	func(r *costd.Record) { r.Attributes.PortID = "x" },
	func(r *costd.Record) { r.Attributes.NetworkID = "x" },
	func(r *costd.Record) { r.Attributes.SubnetID = "x" },
	func(r *costd.Record) { r.Attributes.VMID = "x" },
	func(r *costd.Record) { r.Attributes.InstanceName = "x" },
	func(r *costd.Record) { r.Attributes.SourceVolumeUUID = "x" },
	func(r *costd.Record) { r.Attributes.ScheduleID = "x" },
	func(r *costd.Record) { r.Attributes.SizeUnit = "x" },
	func(r *costd.Record) { r.Parts[1].Quantity = minutes(7) },
	func(r *costd.Record) { r.Parts[1].Quantity.Grid = costd.GridAtto },
	func(r *costd.Record) { r.Start = r.Start.Add(1); r.Parts[0].Start = r.Start },
	func(r *costd.Record) { r.End = r.End.Add(-1); r.Parts[2].End = r.End },
	func(r *costd.Record) { r.Parts = r.Parts[:2]; r.End = r.Parts[1].End },
	func(r *costd.Record) {
		r.End = r.End.Add(48 * time.Hour)
		r.Parts = split(r.Start, r.End)
	},
}

// testIdentity writes records that are almost, but not, known by the same.
func testIdentity(t *testing.T, s Stores) {
	var records []costd.Record
	for _, id := range []string{"a", "A", "a ", " a", "a\x00", "a\x00b", "\u00e9", "e\u0301", "\U0001F600", "%", "'", "vm-1"} {
		records = append(records, newRecord(id, "vm-1", 1, 1), newRecord("", id, 1, 1))
	}
	records = append(records,
		newRecord("a", "vm-1", 25, 1), // the next day
		newRecord("", "vm-2", 1, 1),
		newRecord("", "vm-2", 1, 1, func(r *costd.Record) { r.Start = r.Start.Add(1); r.Parts[0].Start = r.Start }),
		newRecord("", "vm-2", 1, 1, func(r *costd.Record) { r.Metric = "other" }),
	)
	other := newRecord("a", "vm-1", 1, 1, func(r *costd.Record) { r.ClientID = 1002 })
	accept(t, s, other)
	accept(t, s, records...)
	write(t, s, records, every(len(records), costd.Unchanged)...)
	holds(t, s, records...)
	// Deleting any one leaves the rest.
	for i, r := range records {
		write(t, s, []costd.Record{deletion(r)}, costd.Deleted)
		holds(t, s, records[i+1:]...)
	}
	write(t, s, []costd.Record{other}, costd.Unchanged)
}

// testRepeats writes one identity several times in one batch.
func testRepeats(t *testing.T, s Stores) {
	a := newRecord("a", "vm-1", 1, 2)
	longer, moved := newRecord("a", "vm-1", 1, 50), newRecord("a", "vm-2", 3, 1)
	other := newRecord("b", "vm-1", 1, 2)
	write(t, s, []costd.Record{a, other, a, longer, deletion(a), deletion(a), moved, moved, a},
		costd.Accepted, costd.Accepted, costd.Unchanged, costd.Replaced, costd.Deleted, costd.Unchanged, costd.Accepted, costd.Unchanged, costd.Replaced)
	holds(t, s, a, other)
	write(t, s, []costd.Record{a, longer}, costd.Unchanged, costd.Replaced)
	holds(t, s, longer, other)
	write(t, s, []costd.Record{longer, deletion(a)}, costd.Unchanged, costd.Deleted)
	holds(t, s, other)
	write(t, s, []costd.Record{deletion(a), a, deletion(a), longer}, costd.Unchanged, costd.Accepted, costd.Deleted, costd.Accepted)
	holds(t, s, longer, other)
	write(t, s, []costd.Record{deletion(a), longer}, costd.Deleted, costd.Accepted)
	holds(t, s, longer, other)
	write(t, s, []costd.Record{a, longer}, costd.Replaced, costd.Replaced)
	holds(t, s, longer, other)
}

// testLength replaces records by longer and shorter ones.
func testLength(t *testing.T, s Stores) {
	for i, hours := range []int{100, 1, 5, 31 * 24 / 2, 30, 1} {
		want := costd.Replaced
		if i == 0 {
			want = costd.Accepted
		}
		with, without := newRecord("a", "vm-1", 20, hours), newRecord("", "vm-1", 20, hours)
		write(t, s, []costd.Record{with, without}, want, want)
		holds(t, s, with, without)
	}
}

// testRefused writes batches that are refused as a whole.
func testRefused(t *testing.T, s Stores) {
	a := newRecord("a", "vm-1", 1, 1)
	accept(t, s, a)
	for name, change := range map[string]func(*costd.Record){
		"an id that is not UTF-8":    func(r *costd.Record) { r.ID = "\xff" },
		"a tag that is not UTF-8":    func(r *costd.Record) { r.Tags = map[string]string{"k": "\xff"} },
		"no parts":                   func(r *costd.Record) { r.Parts = nil },
		"a negative quantity":        func(r *costd.Record) { r.Parts[0].Quantity.Units = big.NewInt(-1) },
		"no quantity":                func(r *costd.Record) { r.Parts[0].Quantity.Units = nil },
		"a quantity of 39 digits":    func(r *costd.Record) { r.Parts[0].Quantity.Units = digits("1", 38, "0") },
		"a size with ten decimals":   func(r *costd.Record) { r.Size = size("0.0000000001") },
		"a size of 21 digits":        func(r *costd.Record) { r.Size = size("100000000000000000000") },
		"a start in the year 1600":   func(r *costd.Record) { r.Start = time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC) },
		"an end in the year 2300":    func(r *costd.Record) { r.Parts[0].End = time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC) },
		"a record of over 31 days":   func(r *costd.Record) { r.End = r.Start.Add(costd.MaxRecordDays*24*time.Hour + 1) },
		"a part before the start":    func(r *costd.Record) { r.Parts[0].Day-- },
		"a part after the end":       func(r *costd.Record) { r.Parts[0].Day++ },
		"two parts of the same day":  func(r *costd.Record) { r.Parts = append(r.Parts, r.Parts[0]) },
		"an unknown grid":            func(r *costd.Record) { r.Parts[0].Quantity.Grid = costd.GridFinest + 1 },
		"a size of 38 digits before": func(r *costd.Record) { r.Size = size("12345678901234567890123456789012345678") },
	} {
		bad := newRecord("bad", "vm-2", 1, 1)
		change(&bad)
		outcomes, err := s.Usage.Write(t.Context(), []costd.Record{newRecord("new", "vm-3", 1, 1), deletion(a), bad})
		if costd.ErrorCode(err) != costd.Invalid || outcomes != nil {
			t.Errorf("%s: %v, %v; want Invalid", name, outcomes, err)
		}
	}
	tooMany := make([]costd.Record, costd.MaxBatch+1)
	if _, err := s.Usage.Write(t.Context(), tooMany); costd.ErrorCode(err) != costd.TooLarge {
		t.Errorf("a batch over the limit: %v, want TooLarge", err)
	}
	holds(t, s, a)
	accept(t, s, newRecord("new", "vm-3", 1, 1))
}

// digits returns the number written as first and then n times rest.
func digits(first string, n int, rest string) *big.Int {
	text := first
	for range n {
		text += rest
	}
	number, _ := new(big.Int).SetString(text, 10)
	return number
}

// testDigits keeps quantities and sizes of as many digits as there may be.
func testDigits(t *testing.T, s Stores) {
	largest := digits("9", 37, "9")
	var records []costd.Record
	for grid := costd.GridSecond; grid <= costd.GridFinest; grid++ {
		for i, units := range []*big.Int{largest, digits("1", 37, "0"), new(big.Int).Lsh(big.NewInt(1), 64), big.NewInt(1), big.NewInt(0)} {
			records = append(records, newRecord("", fmt.Sprintf("vm-%d-%d", grid, i), 1, 1, func(r *costd.Record) {
				r.Metric = r.ResourceID // a line of its own
				r.Parts[0].Quantity = costd.Quantity{Units: units, Grid: grid}
				r.Size = size([]string{"99999999999999999999.999999999", "0.000000001", "10000000000000000000", "0", "1.1"}[i])
			}))
		}
	}
	accept(t, s, records...)
	holds(t, s, records...)
	write(t, s, records, every(len(records), costd.Unchanged)...)
	for _, descending := range []bool{false, true} {
		o := newOracle()
		o.write(records)
		agree(t, t.Context(), s, o, all, costd.Page{OrderBy: []costd.SortKey{{By: costd.SortBillingValue, Descending: descending}}})
	}
}

// testOverflow adds up to just 38 digits, and to more.
func testOverflow(t *testing.T, s Stores) {
	quantity := func(units *big.Int) func(*costd.Record) {
		return func(r *costd.Record) { r.Parts[0].Quantity = costd.Quantity{Units: units, Grid: costd.GridSecond} }
	}
	half, rest := digits("5", 37, "0"), digits("4", 37, "9") // together 38 nines
	a, b := newRecord("a", "vm-1", 1, 1, quantity(half)), newRecord("b", "vm-1", 2, 1, quantity(rest))
	tomorrow := newRecord("c", "vm-1", 25, 1, quantity(rest))
	accept(t, s, a, b)
	holds(t, s, a, b)
	// Days are added up one by one, so that a month may hold more than 38 digits.
	accept(t, s, tomorrow)
	holds(t, s, a, b, tomorrow)
	// One more is one too much; so is a sum beyond 128 bits, however often it wraps.
	var more []costd.Record
	for i, units := range []*big.Int{big.NewInt(1), rest, half, half, half, half, half, half} {
		more = append(more, newRecord(fmt.Sprint(i), "vm-1", 3+i, 1, quantity(units)))
		accept(t, s, more[i])
		wantOverflow(t, s, all)
	}
	for _, r := range more {
		write(t, s, []costd.Record{deletion(r)}, costd.Deleted)
	}
	holds(t, s, a, b, tomorrow)
}

// testLargeFractions adds up quantities that each need all digits of a fine grid, such as
// parts of large stated ones that cross midnight: the sums are numbers that fit.
func testLargeFractions(t *testing.T, s Stores) {
	var records []costd.Record
	for i := range 12 {
		for grid := costd.GridSecond; grid <= costd.GridFinest; grid++ {
			records = append(records, newRecord(fmt.Sprint(i, grid), fmt.Sprintf("vm-%d", i%5), 1, 1, func(r *costd.Record) {
				r.Parts[0].Quantity = costd.Quantity{Units: digits("8", 35, fmt.Sprint(i%10)), Grid: grid}
				if grid > costd.GridSecond {
					r.Parts[0].Quantity.Units = digits("9", 37, fmt.Sprint(9-i%7))
				}
			}))
		}
	}
	accept(t, s, records...)
	holds(t, s, records...)
	o := newOracle()
	o.write(records)
	for _, descending := range []bool{false, true} {
		agree(t, t.Context(), s, o, all, costd.Page{OrderBy: []costd.SortKey{{By: costd.SortBillingValue, Descending: descending}}})
	}
}

// wantOverflow wants an error from both reports, and no wrong sum.
func wantOverflow(t *testing.T, s Stores, q costd.Query) {
	t.Helper()
	if got, err := s.Usage.Lines(t.Context(), q); costd.ErrorCode(err) != costd.Overflow {
		t.Errorf("Lines: %v, %v; want Overflow", got, err)
	}
	for _, order := range [][]costd.SortKey{nil, {{By: costd.SortBillingValue}}} {
		if _, got, err := collect(t.Context(), s, q, costd.Page{OrderBy: order}); costd.ErrorCode(err) != costd.Overflow {
			t.Errorf("Resources: %v, %v; want Overflow", got, err)
		}
	}
}

// testTimes keeps instants to the nanosecond, whatever zone they come in.
func testTimes(t *testing.T, s Stores) {
	zone := time.FixedZone("", 5*3600+1800) // today, here, is yesterday's evening in UTC
	start := time.Date(2026, 10, 12, 2, 0, 0, 123456789, zone)
	r := newRecord("a", "vm-1", 0, 1, func(r *costd.Record) {
		r.Start, r.End = start, start.Add(5*time.Hour+1)
		r.Parts = split(r.Start, r.End)
	})
	accept(t, s, r)
	utc := r
	utc.Start, utc.End, utc.Parts = r.Start.UTC(), r.End.UTC(), split(r.Start.UTC(), r.End.UTC())
	write(t, s, []costd.Record{utc}, costd.Unchanged)
	holds(t, s, utc)
	_, rows := resources(t, s, all, costd.Page{})
	if got := rows[0]; got.FirstSeen.Location() != time.UTC || got.FirstSeen.Nanosecond() != 123456789 || got.LastSeen.Nanosecond() != 123456790 {
		t.Errorf("seen from %v to %v", got.FirstSeen, got.LastSeen)
	}
	// A part belongs to its day; one that ends at midnight to the day before.
	yesterday := all
	yesterday.Period = costd.Period{From: today - 1, To: today}
	_, rows = resources(t, s, yesterday, costd.Page{})
	if len(rows) != 1 || !rows[0].LastSeen.Equal(today.Time()) || len(rows[0].Days) != 1 {
		t.Errorf("yesterday: %+v", rows)
	}
	if late := lines(t, s, costd.Query{ClientID: 1001, Period: costd.Period{From: today + 1, To: today + 20}}); len(late) != 0 {
		t.Errorf("after the end: %+v", late)
	}
}

// testOldAndNew keeps records of the first and last years that there are.
func testOldAndNew(t *testing.T, s Stores) {
	for _, year := range []int{1678, 1969, 1970, 2261} {
		start := time.Date(year, 12, 31, 23, 0, 0, 1, time.UTC)
		r := newRecord("", "vm-1", 0, 1, func(r *costd.Record) {
			r.Start, r.End = start, start.Add(2*time.Hour)
			r.Parts = split(r.Start, r.End)
		})
		accept(t, s, r)
		write(t, s, []costd.Record{r}, costd.Unchanged)
		o := newOracle()
		o.write([]costd.Record{r})
		day := costd.DayOf(start)
		agree(t, t.Context(), s, o, costd.Query{ClientID: 1001, Period: costd.Period{From: day, To: day + 2}}, costd.Page{})
	}
}

// testZero keeps usage that is zero, as usage.
func testZero(t *testing.T, s Stores) {
	none := func(name string) func(*costd.Record) {
		return func(r *costd.Record) { r.Parts[0].Quantity, r.Name = minutes(0), name }
	}
	r := newRecord("a", "vm-1", 1, 1, none("all zero"))
	accept(t, s, r)
	got := lines(t, s, all)
	if len(got) != 1 || len(got[0].Days) != 1 || !got[0].Days[0].Used.Equal(decimal.Rational{}) {
		t.Errorf("lines %+v, want one with a day of zero", got)
	}
	used, renamed := newRecord("b", "vm-2", 1, 1), newRecord("c", "vm-2", 2, 1, none("renamed"))
	accept(t, s, used, renamed)
	_, rows := resources(t, s, all, costd.Page{})
	if len(rows) != 2 || rows[0].Name != "all zero" || rows[1].Name != "renamed" || !rows[1].LastSeen.Equal(renamed.End) {
		t.Errorf("rows %+v, want the names that the records of zero gave", rows)
	}
	holds(t, s, r, used, renamed)
}
