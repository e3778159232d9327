package duckdb

import (
	"math"
	"math/big"
	"math/bits"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// An amount is a sum of grid units, at least 0, in 192 bits. One part has fewer than
// 2^127 units, so that 2^64 parts cannot overflow it.
type amount struct{ top, high, low uint64 }

// amountOf returns n, which is not negative.
func amountOf(n *big.Int) amount {
	if n.IsUint64() { // as nearly all do, without making numbers
		return amount{low: n.Uint64()}
	}
	word := func(i uint) uint64 {
		w := new(big.Int).Rsh(n, 64*i)
		return w.And(w, lowHalf).Uint64()
	}
	return amount{word(2), word(1), word(0)}
}

var lowHalf = new(big.Int).SetUint64(math.MaxUint64)

func (a amount) add(b amount) amount {
	low, carry := bits.Add64(a.low, b.low, 0)
	high, carry := bits.Add64(a.high, b.high, carry)
	return amount{a.top + b.top + carry, high, low}
}

// big returns the amount.
func (a amount) big() *big.Int {
	n := new(big.Int).SetUint64(a.low)
	for i, word := range []uint64{a.high, a.top} {
		if word > 0 {
			w := new(big.Int).SetUint64(word)
			n.Or(n, w.Lsh(w, 64*uint(i+1)))
		}
	}
	return n
}

// sumLimits are, for each grid, the first sum that is refused: 10^38 sixtieths of the
// type's unit, counted in units of that grid. Finer grids so allow more than 38 digits,
// but those are rounded when the sum is shown.
var sumLimits = func() (limits [costd.GridFinest + 1]*big.Int) {
	for g := range limits {
		limits[g] = new(big.Int).Mul(unitsLimit, costd.Grid(g).Denominator())
		limits[g].Quo(limits[g], costd.GridSecond.Denominator())
	}
	return limits
}()

// checkSum returns an Overflow error for a sum that is too large.
func checkSum(units *big.Int, g costd.Grid) error {
	if units.Cmp(sumLimits[g]) >= 0 {
		return costd.Errorf(costd.Overflow, "a sum of quantities needs more than %d digits", decimal.MaxDigits)
	}
	return nil
}

// amounts are one amount on each grid.
type amounts [costd.GridFinest + 1]amount

func (a *amounts) add(g costd.Grid, b amount) { a[g] = a[g].add(b) }

// rational returns the sum in the type's unit.
func (a *amounts) rational() (sum decimal.Rational, err error) {
	for g, amount := range a {
		if amount.top|amount.high|amount.low == 0 {
			continue
		}
		units := amount.big()
		if err := checkSum(units, costd.Grid(g)); err != nil {
			return sum, err
		}
		sum = sum.Add(costd.Quantity{Units: units, Grid: costd.Grid(g)}.Rational())
	}
	return sum, nil
}
