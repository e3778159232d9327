package duckdb

import (
	"math"
	"math/big"
	"math/bits"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// An amount is a number of units of 128 bits, not negative. A sum that needs more
// stays at the largest, which is over every limit.
type amount struct{ high, low uint64 }

var tooMuch = amount{math.MaxUint64, math.MaxUint64}

// amountLimit is the smallest amount of more than decimal.MaxDigits digits.
var amountLimit = amountOf(unitsLimit)

// amountOf returns n, which is not negative.
func amountOf(n *big.Int) amount {
	if n.IsUint64() { // as nearly all do, without making numbers
		return amount{0, n.Uint64()}
	}
	if n.BitLen() > 128 {
		return tooMuch
	}
	low := new(big.Int).And(n, lowHalf)
	return amount{new(big.Int).Rsh(n, 64).Uint64(), low.Uint64()}
}

var lowHalf = new(big.Int).SetUint64(math.MaxUint64)

func (a amount) add(b amount) amount {
	low, carry := bits.Add64(a.low, b.low, 0)
	high, carry := bits.Add64(a.high, b.high, carry)
	if carry > 0 {
		return tooMuch
	}
	return amount{high, low}
}

// big returns the amount, or an Overflow error if it has too many digits.
func (a amount) big() (*big.Int, error) {
	if a.high > amountLimit.high || a.high == amountLimit.high && a.low >= amountLimit.low {
		return nil, costd.Errorf(costd.Overflow, "a sum of quantities needs more than %d digits", decimal.MaxDigits)
	}
	n := new(big.Int).SetUint64(a.low)
	if a.high > 0 {
		n.Or(n, new(big.Int).Lsh(new(big.Int).SetUint64(a.high), 64))
	}
	return n, nil
}

// amounts are one amount on each grid.
type amounts [costd.GridFinest + 1]amount

func (a *amounts) add(g costd.Grid, b amount) { a[g] = a[g].add(b) }

// rational returns the sum in the type's unit.
func (a *amounts) rational() (sum decimal.Rational, err error) {
	for g, amount := range a {
		if amount.high|amount.low == 0 {
			continue
		}
		units, err := amount.big()
		if err != nil {
			return sum, err
		}
		sum = sum.Add(costd.Quantity{Units: units, Grid: costd.Grid(g)}.Rational())
	}
	return sum, nil
}
