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
//     or an error wrapping [ErrOverflow], [ErrInexact] or [ErrDivisionByZero];
//   - rounding happens only in methods whose name says so, half to even;
//   - there are no infinities, no NaN, no negative zero, and no float64 anywhere.
//
// # Text
//
// A Decimal has one text: plain notation without trailing zeros, "19.9" for 19.90
// and for 1.99e1. [Decimal.StringFixed] adds zeros where a contract asks for them.
// JSON is read from numbers and from strings, digit by digit, and written as a
// string; who owes a JSON number writes the text itself.
//
// # Limits
//
// A Decimal has at most 38 digits before the point, 38 after it and 38 in all, so
// 10^38 and 10^-39 are overflows and so is their like as the sum, difference or
// product of two numbers. It has no division: that is what fractions are for.
// A Rational has no limit but memory; it is for numbers that come from Decimals
// and counts, and it grows with what is multiplied into it.
package decimal
