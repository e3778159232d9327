package usage_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/usage"
	"costd.dev/costd/usage/driver"
)

// client is a client's usage over two months, as a driver would hand it out.
type client struct {
	states map[int64]*driver.State
	sums   []driver.Sum
}

var months = []costd.Month{costd.NewMonth(2026, time.September), costd.NewMonth(2026, time.October)}

func drawClient(t *rapid.T) client {
	c := client{states: map[int64]*driver.State{}}
	for n := range int64(rapid.IntRange(1, 8).Draw(t, "states")) {
		c.states[n+1] = &driver.State{
			Number: n + 1, ResourceID: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "resource"), Metric: "m",
			RegionID: rapid.Int64Range(1, 2).Draw(t, "region"), ProjectID: 1, Type: costd.Instance,
			Flavor: rapid.SampledFrom([]string{"small", "large"}).Draw(t, "flavor"),
			Tags:   map[string]string{"team": rapid.SampledFrom([]string{"red", "blue"}).Draw(t, "team")},
		}
	}
	type place struct {
		day   costd.Day
		state int64
		grid  costd.Grid
	}
	taken := map[place]bool{}
	for i := range rapid.IntRange(0, 30).Draw(t, "sums") {
		p := place{
			months[0].Period().From + costd.Day(rapid.IntRange(25, 35).Draw(t, "day")),
			rapid.Int64Range(1, int64(len(c.states))).Draw(t, "state"),
			rapid.SampledFrom([]costd.Grid{costd.GridSecond, costd.GridNano}).Draw(t, "grid"),
		}
		if taken[p] {
			continue
		}
		taken[p] = true
		at := p.day.Time().UnixNano() + int64(i) // no two are seen last
		c.sums = append(c.sums, driver.Sum{Day: p.day, State: p.state, Grid: p.grid, First: at,
			Units: driver.AmountOf(big.NewInt(rapid.Int64Range(0, 1000).Draw(t, "units"))), Seen: driver.Seen{Start: at, End: at + 1}})
	}
	return c
}

// read makes the aggregate of both months, of what a driver reads.
func (c client) read() *usage.Aggregate {
	var all []*usage.Aggregate
	for _, month := range months {
		b := usage.NewBuilder(month)
		b.Apply(&driver.Delta{Days: daysOf(month), Part: driver.Part{Sums: c.within(month.Period()), States: c.states}})
		all = append(all, b.Finish())
	}
	return usage.Join(all)
}

// added makes it part by part, in the given order.
func (c client) added(order []int) *usage.Aggregate {
	builders := []*usage.Builder{usage.NewBuilder(months[0]), usage.NewBuilder(months[1])}
	for _, i := range order {
		s := c.sums[i]
		builders[costd.MonthOf(s.Day)-months[0]].Apply(&driver.Delta{Added: []driver.Added{{State: c.states[s.State], Sum: s}}})
	}
	return usage.Join([]*usage.Aggregate{builders[0].Finish(), builders[1].Finish()})
}

func (c client) within(p costd.Period) []driver.Sum {
	return slices.DeleteFunc(slices.Clone(c.sums), func(s driver.Sum) bool { return !p.Contains(s.Day) })
}

func daysOf(month costd.Month) (days []costd.Day) {
	for day := month.Period().From; day < month.Period().To; day++ {
		days = append(days, day)
	}
	return days
}

// used adds up one flavor of a region, of the resources that have the tag, straight from the sums.
func (c client) used(p costd.Period, region int64, flavor, team string) (sum decimal.Rational) {
	last := map[string]driver.Sum{}
	for _, s := range c.within(p) {
		if l, seen := last[c.states[s.State].ResourceID]; !seen || s.End > l.End {
			last[c.states[s.State].ResourceID] = s
		}
	}
	for _, s := range c.within(p) {
		state := c.states[s.State]
		if state.RegionID == region && state.Flavor == flavor && c.states[last[state.ResourceID].State].Tags["team"] == team {
			sum = sum.Add(costd.Quantity{Units: s.Units.Big(), Grid: s.Grid}.Rational())
		}
	}
	return sum
}

// TestLinesAcrossMonths compares lines, selected by a tag as last seen in the period, with
// sums made one by one; of aggregates that were read, and of those made part by part.
func TestLinesAcrossMonths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawClient(t)
		from := months[0].Period().From + costd.Day(rapid.IntRange(24, 32).Draw(t, "from"))
		q := costd.Query{ClientID: 1, Period: costd.Period{From: from, To: from + costd.Day(rapid.IntRange(1, 12).Draw(t, "days"))},
			Tags: &costd.TagFilter{Conditions: []costd.TagCondition{{Key: "team", Value: "red"}}}}
		numbers := make([]int, len(c.sums))
		for i := range numbers {
			numbers[i] = i
		}
		for name, a := range map[string]*usage.Aggregate{"read": c.read(), "added": c.added(rapid.Permutation(numbers).Draw(t, "order"))} {
			lines, err := a.Lines(q)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]decimal.Rational{}
			for _, l := range lines {
				for _, day := range l.Days {
					key := fmt.Sprint(l.Line.RegionID, l.Line.Dimension)
					got[key] = got[key].Add(day.Selected)
				}
			}
			for _, region := range []int64{1, 2} {
				for _, flavor := range []string{"small", "large"} {
					want := c.used(q.Period, region, flavor, "red")
					if sum := got[fmt.Sprint(region, flavor)]; !sum.Equal(want) {
						t.Errorf("%s: %s in region %d: %s is selected, want %s", name, flavor, region, sum, want)
					}
				}
			}
		}
	})
}

// TestRowsAcrossMonths wants each resource row once, with the times of the whole period and
// the flavor as it was used, and pages that neither overlap nor miss one.
func TestRowsAcrossMonths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawClient(t)
		a := c.read()
		q := costd.Query{ClientID: 1, Period: costd.Period{From: months[0].Period().From, To: months[1].Period().To}}
		count, all, err := a.Resources(q, costd.Page{})
		if err != nil {
			t.Fatal(err)
		}
		var whole, paged []string
		sum := decimal.Rational{}
		for row := range all {
			whole = append(whole, rowText(row))
			for _, day := range row.Days {
				sum = sum.Add(day.Used)
			}
		}
		for offset := 0; offset < count; offset += 2 {
			_, page, err := a.Resources(q, costd.Page{Offset: offset, Limit: 2})
			if err != nil {
				t.Fatal(err)
			}
			for row := range page {
				paged = append(paged, rowText(row))
			}
		}
		if count != len(whole) || !slices.Equal(whole, paged) || len(slices.Compact(slices.Sorted(slices.Values(whole)))) != count {
			t.Errorf("%d rows, pages of %q, all %q", count, paged, whole)
		}
		var want decimal.Rational
		for _, s := range c.sums {
			want = want.Add(costd.Quantity{Units: s.Units.Big(), Grid: s.Grid}.Rational())
		}
		if !sum.Equal(want) {
			t.Errorf("rows add up to %s, the sums to %s", sum, want)
		}
	})
}

func rowText(r costd.ResourceUsage) string {
	return fmt.Sprint(r.ResourceID, r.Line, r.FirstSeen, r.LastSeen)
}

// TestAggregatesStay: an aggregate shows what it did when it was finished, whatever its
// builder does afterwards.
func TestAggregatesStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawClient(t)
		month := months[1]
		b := usage.NewBuilder(month)
		var kept []*usage.Aggregate
		var want []string
		for _, s := range c.within(month.Period()) {
			b.Apply(&driver.Delta{Added: []driver.Added{{State: c.states[s.State], Sum: s}}})
			kept = append(kept, b.Finish())
			want = append(want, linesText(t, kept[len(kept)-1], month))
		}
		for i, a := range kept {
			if got := linesText(t, a, month); got != want[i] {
				t.Errorf("aggregate %d shows\n%s, and did\n%s", i, got, want[i])
			}
		}
	})
}

func linesText(t *rapid.T, a *usage.Aggregate, month costd.Month) string {
	lines, err := a.Lines(costd.Query{ClientID: 1, Period: month.Period()})
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, l := range lines {
		for _, d := range l.Days {
			text += fmt.Sprint(l.Line, d.Day, d.Used, "\n")
		}
	}
	return text
}
