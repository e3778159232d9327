// Package decimal holds the two kinds of exact numbers costd works with.
//
// A [Decimal] is what people write and read: a finite number of at most
// [MaxDigits] significant digits, such as a price, a size or a reported cost.
// A [Rational] is what arithmetic needs in between: a third of an hour times a
// price is kept as the fraction it is.
//
// The contract, for both:
//
//   - immutable: no method changes its receiver or its arguments, values may be
//     copied and shared between goroutines, and the zero value is the number 0;
//   - exact or an error: an operation returns the mathematically exact result,
//     or an error wrapping [ErrOverflow] or [ErrDivisionByZero];
//   - rounding happens only in methods whose name says so, half to even;
//   - there are no infinities, no NaN, no negative zero, and no float64 anywhere.
package decimal
