package ingest

import (
	"math/big"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// perGrid is how many times as fine a grid is as the one before.
const perGrid = 1_000_000_000

var (
	billion  = big.NewInt(perGrid)
	tooLarge = new(big.Int).Exp(big.NewInt(10), big.NewInt(decimal.MaxDigits), nil) // for Quantity.Units
)

// split returns the parts of a valid u, one for each UTC day. Quantities that
// follow from time are exact in every part; a given one is divided in proportion
// to time. Either way the parts add up exactly to the whole.
func split(u *costd.Usage) ([]costd.Part, error) {
	parts := days(u.Start, u.End)
	if u.Quantity != nil {
		return parts, apportion(parts, u)
	}
	return parts, derive(parts, u)
}

// days cuts the time from start to end at every UTC midnight.
func days(start, end time.Time) []costd.Part {
	first, last := costd.DayOf(start), costd.DayOf(end.Add(-1))
	parts := make([]costd.Part, 0, last-first+1)
	for day := first; day <= last; day++ {
		part := costd.Part{Day: day, Start: start, End: end}
		if day > first {
			part.Start = day.Time()
		}
		if day < last {
			part.End = (day + 1).Time()
		}
		parts = append(parts, part)
	}
	return parts
}

// derive sets the quantity of each part to elapsed time, times size for types that
// have one, times count. It works on GridNano, on which nanoseconds are whole numbers, and
// takes the next finer grid for each factor with decimals; quantity then makes it coarser.
func derive(parts []costd.Part, u *costd.Usage) (err error) {
	var factor *big.Int // nil for 1, as it mostly is
	grid := costd.GridNano
	multiply := func(d *decimal.Decimal) {
		if d == nil {
			return
		}
		places := 0
		if _, fraction := d.Digits(); fraction > 0 {
			places = maxDecimals
			grid++
		}
		scaled, _ := d.Scaled(places) // it has at most maxDecimals
		if factor != nil {
			scaled.Mul(scaled, factor)
		}
		factor = scaled
	}
	if info, _ := u.Type.Info(); info.Measure == costd.SizeElapsed {
		multiply(u.Size)
	}
	multiply(u.Count)
	for i := range parts {
		units := big.NewInt(int64(parts[i].End.Sub(parts[i].Start)))
		if factor != nil {
			units.Mul(units, factor)
		}
		if parts[i].Quantity, err = quantity(units, grid); err != nil {
			return err
		}
	}
	return nil
}

// apportion divides the given quantity in proportion to time. What was consumed up
// to the end of each part is rounded, half to even, to GridAtto, or to GridNano if the whole
// has more than 38 digits on GridAtto; the parts are the differences, so nothing is lost.
func apportion(parts []costd.Part, u *costd.Usage) (err error) {
	whole, _ := u.Quantity.Scaled(maxDecimals) // checkAmounts saw at most so many
	whole.Mul(whole, sixty)                    // on GridNano
	grid := costd.GridNano
	if len(parts) > 1 {
		if fine := new(big.Int).Mul(whole, billion); fine.Cmp(tooLarge) < 0 {
			whole, grid = fine, costd.GridAtto
		}
	}
	total := big.NewInt(int64(u.End.Sub(u.Start)))
	before := new(big.Int)
	for i := range parts {
		upTo := big.NewInt(int64(parts[i].End.Sub(u.Start)))
		upTo = quoHalfEven(upTo.Mul(upTo, whole), total)
		if parts[i].Quantity, err = quantity(new(big.Int).Sub(upTo, before), grid); err != nil {
			return err
		}
		before = upTo
	}
	return nil
}

// sixty takes billionths to GridNano.
var sixty = new(big.Int).Quo(costd.GridNano.Denominator(), billion)

// quoHalfEven returns n / d rounded half to even; neither is negative.
func quoHalfEven(n, d *big.Int) *big.Int {
	quotient, rest := new(big.Int).QuoRem(n, d, new(big.Int))
	switch rest.Lsh(rest, 1).Cmp(d) {
	case 1:
		quotient.Add(quotient, one)
	case 0:
		quotient.Add(quotient, new(big.Int).And(quotient, one))
	}
	return quotient
}

var one = big.NewInt(1)

// quantity returns units on the coarsest grid that holds them exactly, as
// costd.NewQuantity does but without fractions. It takes over units.
func quantity(units *big.Int, grid costd.Grid) (costd.Quantity, error) {
	for ; grid > costd.GridSecond; grid-- {
		if units.IsUint64() { // as nearly all do, without making numbers
			n := units.Uint64()
			if n%perGrid != 0 {
				break
			}
			units.SetUint64(n / perGrid)
			continue
		}
		coarser, rest := new(big.Int).QuoRem(units, billion, new(big.Int))
		if rest.Sign() != 0 {
			break
		}
		units = coarser
	}
	if units.Cmp(tooLarge) >= 0 {
		return costd.Quantity{}, costd.InvalidField("quantity",
			"cannot be kept exactly in %d digits; give size and count fewer digits, or state the quantity", decimal.MaxDigits)
	}
	return costd.Quantity{Units: units, Grid: grid}, nil
}
