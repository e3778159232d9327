package rating_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/rating"
)

// TestAgainstOracle compares whole reports of random months with the oracle's.
func TestAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLedger(t)
		sel := rating.Selection{
			Regions: rapid.SampledFrom([][]int64{nil, nil, {1}, {2, 3}}).Draw(t, "regions"),
			Types:   rapid.SampledFrom([][]costd.Type{nil, nil, {costd.AICluster}, {costd.Backup, costd.Image}}).Draw(t, "types"),
		}
		records := slices.DeleteFunc(slices.Clone(l.records), func(r record) bool { return !selectsLine(sel, r.line) })
		equalRows(t, chargeTexts(l.monthlyOf(records, everything, sel)), oracleMonthly(l, everything, sel))
		sel.Resources = true
		for _, resources := range []string{"A", "BC", "ABCD", "X"} {
			equalRows(t, chargeTexts(l.monthlyOf(records, named(resources), sel)), oracleMonthly(l, named(resources), sel))
		}
	})
}

// TestPayAsYouGoAgainstOracle does so for the reports that ignore commitments.
func TestPayAsYouGoAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLedger(t)
		book := rating.NewBook(l.entries)
		var got []string
		for _, u := range usageOf(l.records, named("AB")) {
			if c := book.PayAsYouGo(l.client, u); !c.Quantity.IsZero() {
				got = append(got, chargeTexts([]costd.Charge{c})...)
			}
		}
		l.entries.Commitments = nil
		equalRows(t, got, oracleMonthly(l, named("AB"), rating.Selection{}))
	})
}

// TestUsageIsConserved: what commitments cover and what is above them is what was
// used, of the whole line and of every selection.
func TestUsageIsConserved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLedger(t)
		for _, selected := range []func(record) bool{everything, named("A"), named("BCD")} {
			used := map[costd.Line]decimal.Rational{}
			for _, r := range l.records {
				if selected(r) {
					used[r.line] = used[r.line].Add(r.quantity)
				}
			}
			for _, c := range l.monthlyBy(selected) {
				used[c.Line] = used[c.Line].Sub(c.Quantity)
			}
			for line, rest := range used {
				if !rest.IsZero() {
					t.Errorf("%v: %v of the usage is in no row, or in two", line, rest)
				}
			}
		}
	})
}

// TestSharesAddUp: the shares of all resources and what is unused are the fee, and
// the overcommit of all resources is that of the line.
func TestSharesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := everyDayPriced(randomLedger(t))
		l.entries.Commitments = onePerLine(l.entries.Commitments)
		left := costs{}
		for _, c := range l.monthly() {
			left.add(c, decimal.Fraction(1, 1))
			if c.Kind == costd.Commit {
				left.add(c, unusedPart(c).Mul(decimal.Fraction(-1, 1)))
			}
		}
		for _, resource := range l.resources() {
			for _, c := range l.monthlyBy(named(resource)) {
				left.add(c, decimal.Fraction(-1, 1))
			}
		}
		left.mustBeZero(t)
	})
}

// TestPartsAddUp: with any number of commitments, the resources of a selection
// cost one by one what they cost together.
func TestPartsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := everyDayPriced(randomLedger(t))
		left := costs{}
		for _, c := range l.monthlyBy(named("ABC")) {
			left.add(c, decimal.Fraction(1, 1))
		}
		for _, resource := range []string{"A", "B", "C"} {
			for _, c := range l.monthlyBy(named(resource)) {
				left.add(c, decimal.Fraction(-1, 1))
			}
		}
		left.mustBeZero(t)
	})
}

// TestOrderDoesNotMatter: neither that of records nor that of the catalog.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLedger(t)
		shuffled := l
		shuffled.records = rapid.Permutation(l.records).Draw(t, "records")
		shuffled.entries.Prices = rapid.Permutation(l.entries.Prices).Draw(t, "prices")
		shuffled.entries.Commitments = rapid.Permutation(l.entries.Commitments).Draw(t, "commitments")
		for _, selected := range []func(record) bool{everything, named("AB")} {
			equalRows(t, chargeTexts(shuffled.monthlyBy(selected)), chargeTexts(l.monthlyBy(selected)))
		}
		lines := usageOf(l.records, everything)
		slices.Reverse(lines)
		book := rating.NewBook(l.entries)
		equalRows(t, chargeTexts(book.Monthly(l.client, l.month, lines, rating.Selection{})), chargeTexts(l.monthly()))
	})
}

// TestSplittingChangesNothing: a record may as well be two, of one resource or,
// where both are selected, of two.
func TestSplittingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLedger(t)
		split := l
		split.records = nil
		for _, r := range l.records {
			part, rest := r, r
			part.quantity = r.quantity.Mul(decimal.Fraction(int64(rapid.IntRange(0, 7).Draw(t, "sevenths")), 7))
			rest.quantity = r.quantity.Sub(part.quantity)
			if rapid.Bool().Draw(t, "to another resource") && r.resource != "A" {
				rest.resource = "E"
			}
			split.records = append(split.records, part, rest)
		}
		equalRows(t, chargeTexts(split.monthly()), chargeTexts(l.monthly()))
		equalRows(t, chargeTexts(split.monthlyBy(named("A"))), chargeTexts(l.monthlyBy(named("A"))))
		equalRows(t, chargeTexts(split.monthlyBy(named("BCDE"))), chargeTexts(l.monthlyBy(named("BCD"))))
	})
}

// TestFinishedDaysStay: what later days bring does not touch the charges of what
// was used before.
func TestFinishedDaysStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLedger(t)
		days := l.month.Period()
		first := days.From + costd.Day(rapid.IntRange(1, days.Days()).Draw(t, "finished days"))
		finished := func(r record) bool { return r.day < first }
		before := l
		before.records = slices.DeleteFunc(slices.Clone(l.records), func(r record) bool { return !finished(r) })
		for _, resources := range []string{"A", "ABCD"} {
			selected := func(r record) bool { return finished(r) && named(resources)(r) }
			equalRows(t, chargeTexts(l.monthlyBy(selected)), chargeTexts(before.monthlyBy(selected)))
		}
	})
}

// TestRowsAreWellFormed: ordered, never two of a kind, a cost or an error, and
// nothing of value zero where resources are selected.
func TestRowsAreWellFormed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLedger(t)
		for _, sel := range []rating.Selection{{}, {Resources: true}} {
			var last costd.Charge
			for i, c := range l.monthlyOf(l.records, everything, sel) {
				order := c.Line.Compare(last.Line)
				if i > 0 && (order < 0 || order == 0 && (c.Kind <= last.Kind || c.Kind == costd.PAYG)) {
					t.Errorf("%v %v comes after %v %v", c.Line, c.Kind, last.Line, last.Kind)
				}
				if (c.Cost == nil) != (c.Err != "") {
					t.Errorf("%v has cost %v and error %q", c.Line, c.Cost, c.Err)
				}
				if c.Quantity.IsZero() && (sel.Resources || c.Kind != costd.Commit) {
					t.Errorf("%v %v has value zero", c.Line, c.Kind)
				}
				last = c
			}
		}
	})
}

// named selects the resources whose one-letter names are given.
func named(resources string) func(record) bool {
	return func(r record) bool { return slices.Contains([]byte(resources), r.resource[0]) }
}

// everyDayPriced adds prices that leave no day without one.
func everyDayPriced(l ledger) ledger {
	l.entries.Prices = slices.Clone(l.entries.Prices)
	for _, typ := range []costd.Type{costd.AICluster, costd.Backup} {
		for _, metric := range []string{"m", "n"} {
			l.entries.Prices = append(l.entries.Prices, costd.Price{
				Type: typ, Metric: metric, Currency: "EUR", Feature: "any",
				UnitSize: decimal.FromInt(60), UnitPrice: decimal.MustParse("0.07"),
			})
		}
	}
	return l
}

// unusedPart returns the part of a whole Commit row that no usage covers.
func unusedPart(c costd.Charge) decimal.Rational {
	part, err := c.Reserved.Sub(c.Quantity).Quo(c.Reserved)
	if err != nil {
		return decimal.Fraction(1, 1) // of a pool of nothing, all is unused
	}
	return part
}

// costs adds up costs by line and kind.
type costs map[costKey]decimal.Rational

type costKey struct {
	line costd.Line
	kind costd.Kind
}

func (c costs) add(charge costd.Charge, times decimal.Rational) {
	key := costKey{charge.Line, charge.Kind}
	c[key] = c[key].Add(charge.Cost.Mul(times))
}

func (c costs) mustBeZero(t *rapid.T) {
	for key, left := range c {
		if !left.IsZero() {
			t.Errorf("%v %v does not add up: %v is left", key.line, key.kind, left)
		}
	}
}

func onePerLine(commitments []costd.Commitment) []costd.Commitment {
	seen := map[costd.Line]bool{}
	return slices.DeleteFunc(slices.Clone(commitments), func(c costd.Commitment) bool {
		twin := seen[c.Line()]
		seen[c.Line()] = true
		return twin
	})
}

func equalRows(t *rapid.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("missing row %s", want[i])
		case i >= len(want):
			t.Errorf("unexpected row %s", got[i])
		case got[i] != want[i]:
			t.Errorf("row %d is\n%s, want\n%s", i, got[i], want[i])
		}
	}
}
