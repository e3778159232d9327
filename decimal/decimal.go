package decimal

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// MaxDigits is the number of significant digits a Decimal holds at most. It is
// the width of the widest decimal the databases under costd can store.
const MaxDigits = 38

// maxTextLength bounds what Parse looks at. The longest plain notation of a
// Decimal is a sign, MaxDigits digits and a point; the rest is room for zeros
// that do not count.
const maxTextLength = 128

// Errors of this package, to be tested with errors.Is.
var (
	// ErrSyntax says that a text is not a number in decimal notation.
	ErrSyntax = errors.New("not a decimal number")
	// ErrOverflow says that a result needs more than MaxDigits digits.
	ErrOverflow = fmt.Errorf("needs more than %d digits", MaxDigits)
	// ErrInexact says that a number has more decimals than were asked for.
	ErrInexact = errors.New("cannot be written without rounding")
	// ErrDivisionByZero says that a divisor was zero.
	ErrDivisionByZero = errors.New("division by zero")
)

// exact computes within MaxDigits digits and traps every condition under which
// a result would not be exact.
var exact = apd.Context{
	Precision:   MaxDigits,
	MaxExponent: MaxDigits,
	MinExponent: -MaxDigits,
	Traps: apd.Inexact | apd.Overflow | apd.Underflow | apd.Subnormal |
		apd.InvalidOperation | apd.DivisionByZero | apd.DivisionUndefined | apd.DivisionImpossible |
		apd.SystemOverflow | apd.SystemUnderflow,
}

// A Decimal is a finite decimal number of at most MaxDigits significant digits,
// with at most MaxDigits digits on either side of the point. It is immutable and
// its zero value is 0. Compare with Equal or Cmp, never with ==.
type Decimal struct {
	// d is nil for zero, and otherwise reduced: it has no trailing zeros, so that
	// equal numbers have equal representations.
	d *apd.Decimal
}

// New returns coefficient x 10^exponent, or ErrOverflow.
func New(coefficient int64, exponent int32) (Decimal, error) {
	return reduce(apd.New(coefficient, exponent))
}

// FromInt returns n.
func FromInt(n int64) Decimal {
	d, err := New(n, 0)
	if err != nil {
		panic(err) // an int64 has at most 19 digits
	}
	return d
}

// FromBig returns n x 10^exponent, or ErrOverflow.
func FromBig(n *big.Int, exponent int32) (Decimal, error) {
	return reduce(apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(n), exponent))
}

// Parse reads a number in plain ("19.90") or exponent ("1.99e1") notation, with an
// optional sign. It returns ErrSyntax for anything else, infinities and NaN
// included, and ErrOverflow for a number that no Decimal holds, or one written in
// more than 128 bytes or with an exponent beyond 100000.
func Parse(s string) (Decimal, error) {
	if len(s) > maxTextLength {
		return Decimal{}, fmt.Errorf("%q...: %w", s[:16], ErrOverflow)
	}
	if !isNumber(s) {
		return Decimal{}, fmt.Errorf("%q: %w", s, ErrSyntax)
	}
	d, _, err := apd.NewFromString(s)
	if err != nil {
		return Decimal{}, fmt.Errorf("%q: %w", s, ErrOverflow) // what is left is its limit on exponents
	}
	r, err := reduce(d)
	if err != nil {
		return Decimal{}, fmt.Errorf("%q: %w", s, err)
	}
	return r, nil
}

// isNumber reports whether s is an optional sign, digits with at most one point
// among them, and an optional exponent.
func isNumber(s string) bool {
	mantissa, exponent := unsigned(s), "0"
	if e := strings.IndexAny(mantissa, "eE"); e >= 0 {
		mantissa, exponent = mantissa[:e], unsigned(mantissa[e+1:])
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	return whole+fraction != "" && exponent != "" &&
		strings.Trim(whole, digits) == "" && strings.Trim(fraction, digits) == "" && strings.Trim(exponent, digits) == ""
}

const digits = "0123456789"

// unsigned returns s without its sign, if it has one.
func unsigned(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		return s[1:]
	}
	return s
}

// MustParse is Parse for constants; it panics where Parse returns an error.
func MustParse(s string) Decimal {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// reduce takes ownership of d and returns it in canonical form.
func reduce(d *apd.Decimal) (Decimal, error) {
	if d.IsZero() {
		return Decimal{}, nil
	}
	d.Reduce(d)
	significant := d.NumDigits()
	if significant > MaxDigits || significant+int64(d.Exponent) > MaxDigits || d.Exponent < -MaxDigits {
		return Decimal{}, ErrOverflow
	}
	return Decimal{d: d}, nil
}

// apd returns the number in apd's form, to be read only.
func (d Decimal) apd() *apd.Decimal {
	if d.d == nil {
		return new(apd.Decimal)
	}
	return d.d
}

type operation func(result, x, y *apd.Decimal) (apd.Condition, error)

func apply(op operation, x, y Decimal) (Decimal, error) {
	result := new(apd.Decimal)
	if _, err := op(result, x.apd(), y.apd()); err != nil {
		// Every operation used here is total on finite numbers, so the only
		// condition left to trap is a result that does not fit.
		return Decimal{}, ErrOverflow
	}
	return reduce(result)
}

// Add returns d + e, or ErrOverflow.
func (d Decimal) Add(e Decimal) (Decimal, error) { return apply(exact.Add, d, e) }

// Sub returns d - e, or ErrOverflow.
func (d Decimal) Sub(e Decimal) (Decimal, error) { return apply(exact.Sub, d, e) }

// Mul returns d x e, or ErrOverflow.
func (d Decimal) Mul(e Decimal) (Decimal, error) { return apply(exact.Mul, d, e) }

// Neg returns -d.
func (d Decimal) Neg() Decimal {
	if d.d == nil {
		return d
	}
	return Decimal{d: new(apd.Decimal).Neg(d.d)}
}

// Cmp returns -1, 0 or +1 as d is less than, equal to or greater than e.
func (d Decimal) Cmp(e Decimal) int { return d.apd().Cmp(e.apd()) }

// Equal reports whether d and e are the same number.
func (d Decimal) Equal(e Decimal) bool { return d.Cmp(e) == 0 }

// Sign returns -1, 0 or +1 for a negative number, zero and a positive one.
func (d Decimal) Sign() int { return d.apd().Sign() }

// IsZero reports whether d is 0.
func (d Decimal) IsZero() bool { return d.d == nil }

// Digits returns how many digits stand before and after the point in plain
// notation, not counting zeros at either end: (2, 1) for 19.90, (0, 2) for 0.05.
func (d Decimal) Digits() (integer, fraction int) {
	if d.d == nil {
		return 0, 0
	}
	exponent := int(d.d.Exponent)
	return max(0, int(d.d.NumDigits())+exponent), max(0, -exponent)
}

// RoundHalfEven returns d rounded to the given number of decimal places, a tie
// going to the even neighbour. Places must not be negative.
func (d Decimal) RoundHalfEven(places int) (Decimal, error) {
	return d.Rational().RoundHalfEven(places)
}

// Rational returns d as a fraction.
func (d Decimal) Rational() Rational {
	if d.d == nil {
		return Rational{}
	}
	n := d.d.Coeff.MathBigInt()
	if d.d.Negative {
		n.Neg(n)
	}
	if d.d.Exponent >= 0 {
		return Rational{num: n.Mul(n, pow10(int(d.d.Exponent)))}
	}
	return Rational{num: n, den: pow10(-int(d.d.Exponent))}
}

// Scaled returns d x 10^places as an integer, and false if that is not one.
func (d Decimal) Scaled(places int) (*big.Int, bool) {
	if d.d == nil {
		return new(big.Int), true
	}
	shift := int(d.d.Exponent) + places
	if shift < 0 { // d is reduced: its last digit is not a zero that could go
		return nil, false
	}
	n := d.d.Coeff.MathBigInt()
	if d.d.Negative {
		n.Neg(n)
	}
	return n.Mul(n, pow10(shift)), true
}

// String returns d in plain notation without trailing zeros: "19.9".
func (d Decimal) String() string {
	if d.d == nil {
		return "0"
	}
	return d.d.Text('f')
}

// StringFixed returns d with exactly the given number of decimals, "434.15190000"
// for 8, or ErrInexact if d has more of them; it never rounds.
func (d Decimal) StringFixed(places int) (string, error) {
	_, fraction := d.Digits()
	if fraction > places {
		return "", fmt.Errorf("%s with %d decimals: %w", d, places, ErrInexact)
	}
	s := d.String()
	if places == 0 {
		return s, nil
	}
	if fraction == 0 {
		s += "."
	}
	return s + strings.Repeat("0", places-fraction), nil
}

// MarshalText writes plain notation; encoding/json therefore writes a string.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what Parse reads.
func (d *Decimal) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// UnmarshalJSON reads a JSON number, from its digits, or a string of one. Null is
// no number: a field that may be null is a *Decimal.
func (d *Decimal) UnmarshalJSON(text []byte) error {
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	return d.UnmarshalText(text)
}
