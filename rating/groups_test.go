package rating_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/rating"
)

// byResource numbers resources "A" to "D" from 0.
func byResource(r record) int { return int(r.resource[0] - 'A') }

func (l ledger) divide(line costd.Line, group func(record) int, n int) rating.Division {
	return rating.NewBook(l.entries).Divide(l.client, l.month, line, l.usageBy(line, group), n)
}

// TestGroupsAgainstOracle: each group's charges are those of the oracle for its resources.
func TestGroupsAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLedger(t)
		for _, line := range l.lines() {
			for i, charges := range l.divide(line, byResource, 4).Groups {
				selected := named(string(rune('A' + i)))
				equalRows(t, chargeTexts(charges), newOracle(l, line).rows(selected, true))
			}
		}
	})
}

// TestGroupsAddUp: the quantities and costs of all groups, and what is unused, are those
// of the line, exactly.
func TestGroupsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := everyDayPriced(randomLedger(t))
		used, cost := map[costd.Line]decimal.Rational{}, costs{}
		for _, c := range l.monthly() {
			used[c.Line] = used[c.Line].Add(c.Quantity)
			cost.add(c, decimal.Fraction(1, 1))
		}
		for _, line := range l.lines() {
			d := l.divide(line, byResource, 4)
			for _, c := range slices.Concat(d.Groups...) {
				used[line] = used[line].Sub(c.Quantity)
				cost.add(c, decimal.Fraction(-1, 1))
			}
			if d.Unused != nil {
				cost.add(*d.Unused, decimal.Fraction(-1, 1))
			}
			if !used[line].IsZero() {
				t.Errorf("%v: %v is in no group, or in two", line, used[line])
			}
			for kind := range costd.PAYG + 1 {
				if left := cost[costKey{line, kind}]; !left.IsZero() {
					t.Errorf("%v %v does not add up: %v is left", line, kind, left)
				}
			}
		}
	})
}

// TestUnusedIsTheRestOfThePools in quantity; with the groups it is the pool.
func TestUnusedIsTheRestOfThePools(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLedger(t)
		for _, line := range l.lines() {
			d := l.divide(line, byResource, 4)
			if d.Unused == nil {
				continue
			}
			left := d.Unused.Reserved.Sub(d.Unused.Quantity)
			for _, c := range slices.Concat(d.Groups...) {
				if c.Kind == costd.Commit {
					left = left.Sub(c.Quantity)
				}
			}
			if !left.IsZero() {
				t.Errorf("%v: %v of the pool is neither used nor unused", line, left)
			}
		}
	})
}

// TestNamesOfGroupsDoNotMatter, nor does their order within a day.
func TestNamesOfGroupsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLedger(t)
		number := rapid.Permutation([]int{0, 1, 2, 3}).Draw(t, "numbers")
		for _, line := range l.lines() {
			want := l.divide(line, byResource, 4)
			got := l.divide(line, func(r record) int { return number[byResource(r)] }, 4)
			for i := range want.Groups {
				equalRows(t, chargeTexts(got.Groups[number[i]]), chargeTexts(want.Groups[i]))
			}
		}
	})
}

// TestOneGroupIsNoFilter: a single group has what the whole line has, but for the unused
// rest of the fee.
func TestOneGroupIsNoFilter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := randomLedger(t)
		monthly := l.monthly()
		for _, line := range l.lines() {
			d := l.divide(line, func(record) int { return 0 }, 1)
			whole := slices.DeleteFunc(slices.Clone(monthly), func(c costd.Charge) bool { return c.Line != line })
			got := d.Groups[0]
			if d.Unused != nil {
				got = withUnused(got, *d.Unused)
			}
			equalRows(t, chargeTexts(got), chargeTexts(whole))
		}
	})
}

// withUnused adds the unused rest of the fees to the Commit charge, or puts a charge of
// value zero in its place.
func withUnused(charges []costd.Charge, unused costd.Charge) []costd.Charge {
	cost := *unused.Cost
	if len(charges) == 0 || charges[0].Kind != costd.Commit {
		unused.Quantity = decimal.Rational{}
		if len(charges) > 0 {
			unused.Feature = charges[0].Feature
		}
		return slices.Insert(charges, 0, unused)
	}
	cost = cost.Add(*charges[0].Cost)
	charges[0].Cost = &cost
	return charges
}
