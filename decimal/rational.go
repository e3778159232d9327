package decimal

import (
	"fmt"
	"math/big"
)

// A Rational is an exact fraction of any size. It is immutable, its zero value
// is 0, and it lives only inside a computation: RoundHalfEven turns it into the
// Decimal that is shown.
type Rational struct {
	r *big.Rat // nil for zero
}

// NewRational returns num/den. It copies both, and returns ErrDivisionByZero if
// den is zero.
func NewRational(num, den *big.Int) (Rational, error) {
	if den.Sign() == 0 {
		return Rational{}, ErrDivisionByZero
	}
	return Rational{r: new(big.Rat).SetFrac(num, den)}, nil
}

// Fraction returns num/den for constants and counts; it panics if den is zero.
func Fraction(num, den int64) Rational {
	return Rational{r: big.NewRat(num, den)}
}

func (q Rational) rat() *big.Rat {
	if q.r == nil {
		return new(big.Rat)
	}
	return q.r
}

// Add returns q + p.
func (q Rational) Add(p Rational) Rational {
	switch {
	case q.IsZero():
		return p
	case p.IsZero():
		return q
	}
	return Rational{r: new(big.Rat).Add(q.r, p.r)}
}

// Sub returns q - p.
func (q Rational) Sub(p Rational) Rational {
	if p.IsZero() {
		return q
	}
	return Rational{r: new(big.Rat).Sub(q.rat(), p.r)}
}

// Mul returns q x p.
func (q Rational) Mul(p Rational) Rational {
	if q.IsZero() || p.IsZero() {
		return Rational{}
	}
	return Rational{r: new(big.Rat).Mul(q.r, p.r)}
}

// Quo returns q / p, or ErrDivisionByZero.
func (q Rational) Quo(p Rational) (Rational, error) {
	if p.IsZero() {
		return Rational{}, ErrDivisionByZero
	}
	return Rational{r: new(big.Rat).Quo(q.rat(), p.r)}, nil
}

// Cmp returns -1, 0 or +1 as q is less than, equal to or greater than p.
func (q Rational) Cmp(p Rational) int { return q.rat().Cmp(p.rat()) }

// Equal reports whether q and p are the same number.
func (q Rational) Equal(p Rational) bool { return q.Cmp(p) == 0 }

// Sign returns -1, 0 or +1 for a negative number, zero and a positive one.
func (q Rational) Sign() int { return q.rat().Sign() }

// IsZero reports whether q is 0.
func (q Rational) IsZero() bool { return q.r == nil || q.r.Sign() == 0 }

// Min returns the smaller of q and p.
func (q Rational) Min(p Rational) Rational {
	if p.Cmp(q) < 0 {
		return p
	}
	return q
}

// Scaled returns q x scale as an integer, and false if that is not one.
func (q Rational) Scaled(scale *big.Int) (*big.Int, bool) {
	r := q.rat()
	quotient, rest := new(big.Int).QuoRem(scale, r.Denom(), new(big.Int))
	if rest.Sign() != 0 {
		// The denominator is reduced, so it divides num x scale only if it divides scale.
		return nil, false
	}
	return quotient.Mul(quotient, r.Num()), true
}

// ScaledHalfEven returns q x scale rounded to an integer, a tie going to the even one.
func (q Rational) ScaledHalfEven(scale *big.Int) *big.Int {
	r := q.rat()
	num := new(big.Int).Mul(r.Num(), scale)
	floor, rest := new(big.Int).DivMod(num, r.Denom(), new(big.Int)) // Euclidean: rest >= 0
	switch rest.Lsh(rest, 1).Cmp(r.Denom()) {
	case -1:
		return floor
	case 0:
		if floor.Bit(0) == 0 {
			return floor
		}
	}
	return floor.Add(floor, big.NewInt(1))
}

// RoundHalfEven returns the Decimal nearest to q with at most the given number
// of decimal places, a tie going to the even one, or ErrOverflow if it needs
// more than MaxDigits digits. Places must not be negative.
func (q Rational) RoundHalfEven(places int) (Decimal, error) {
	return FromBig(q.ScaledHalfEven(pow10(places)), -int32(places))
}

// String returns the reduced fraction, "1/6", or the integer, "10"; for people
// and logs only.
func (q Rational) String() string { return q.rat().RatString() }

// Format makes %v print what String does, so that test failures can be read.
func (q Rational) Format(s fmt.State, _ rune) { fmt.Fprint(s, q.String()) }

// pow10 returns 10^n as a new integer.
func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}
