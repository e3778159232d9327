package driver

import (
	"math"
	"math/big"
	"math/bits"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// An Amount is a sum of grid units, at least 0, in 192 bits. One part has fewer than
// 2^127 units, so that 2^64 parts cannot overflow it.
type Amount struct{ top, high, low uint64 }

// AmountOf returns n, which is not negative.
func AmountOf(n *big.Int) Amount {
	if n.IsUint64() { // as nearly all do, without making numbers
		return Amount{low: n.Uint64()}
	}
	word := func(i uint) uint64 {
		w := new(big.Int).Rsh(n, 64*i)
		return w.And(w, lowHalf).Uint64()
	}
	return Amount{word(2), word(1), word(0)}
}

// AmountOfWords returns the amount of which these are the 64 bits at the top, in the middle
// and at the bottom.
func AmountOfWords(top, high, low uint64) Amount { return Amount{top, high, low} }

var lowHalf = new(big.Int).SetUint64(math.MaxUint64)

// Add returns a + b.
func (a Amount) Add(b Amount) Amount {
	low, carry := bits.Add64(a.low, b.low, 0)
	high, carry := bits.Add64(a.high, b.high, carry)
	return Amount{a.top + b.top + carry, high, low}
}

// Big returns the amount.
func (a Amount) Big() *big.Int {
	n := new(big.Int).SetUint64(a.low)
	for i, word := range []uint64{a.high, a.top} {
		if word > 0 {
			w := new(big.Int).SetUint64(word)
			n.Or(n, w.Lsh(w, 64*uint(i+1)))
		}
	}
	return n
}

// UnitsLimit is the smallest number of units of one part, on any grid, that is too large: 10^38.
var UnitsLimit = new(big.Int).Exp(big.NewInt(10), big.NewInt(decimal.MaxDigits), nil)

// sumLimits are, for each grid, the first sum that is refused: 10^38 sixtieths of the
// type's unit, counted in units of that grid. Finer grids so allow more than 38 digits,
// but those are rounded when the sum is shown.
var sumLimits = func() (limits [costd.GridFinest + 1]*big.Int) {
	for g := range limits {
		limits[g] = new(big.Int).Mul(UnitsLimit, costd.Grid(g).Denominator())
		limits[g].Quo(limits[g], costd.GridSecond.Denominator())
	}
	return limits
}()

// CheckSum returns an Overflow error for a sum that is too large.
func CheckSum(units *big.Int, g costd.Grid) error {
	if units.Cmp(sumLimits[g]) >= 0 {
		return costd.Errorf(costd.Overflow, "a sum of quantities needs more than %d digits", decimal.MaxDigits)
	}
	return nil
}

// Amounts are one amount on each grid.
type Amounts [costd.GridFinest + 1]Amount

// Add adds b, which is of the grid.
func (a *Amounts) Add(g costd.Grid, b Amount) { a[g] = a[g].Add(b) }

// Rational returns the sum in the type's unit.
func (a *Amounts) Rational() (sum decimal.Rational, err error) {
	for g, amount := range a {
		if amount.top|amount.high|amount.low == 0 {
			continue
		}
		units := amount.Big()
		if err := CheckSum(units, costd.Grid(g)); err != nil {
			return sum, err
		}
		sum = sum.Add(costd.Quantity{Units: units, Grid: costd.Grid(g)}.Rational())
	}
	return sum, nil
}
