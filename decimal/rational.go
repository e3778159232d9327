package decimal

import (
	"fmt"
	"math/big"
)

// A Rational is an exact fraction of any size. It is immutable, its zero value
// is 0, and it lives only inside a computation: RoundHalfEven turns it into the
// Decimal that is shown. Compare with Equal or Cmp, never with ==.
type Rational struct {
	// The fraction is num/den, not always in lowest terms. Most sums are of many
	// numbers with one denominator: adding those is adding integers, and the
	// common divisor, which costs more than everything else, is never looked for.
	num *big.Int // nil for 0
	den *big.Int // nil for 1, else positive
}

var one = big.NewInt(1)

// NewRational returns num/den. It copies both, and returns ErrDivisionByZero if
// den is zero.
func NewRational(num, den *big.Int) (Rational, error) {
	if den.Sign() == 0 {
		return Rational{}, ErrDivisionByZero
	}
	return ownFraction(new(big.Int).Set(num), new(big.Int).Set(den)), nil
}

// Fraction returns num/den for constants and counts; it panics if den is zero.
func Fraction(num, den int64) Rational {
	if den == 0 {
		panic(ErrDivisionByZero)
	}
	return ownFraction(big.NewInt(num), big.NewInt(den))
}

// ownFraction returns num/den, of which it becomes the owner; den is not zero.
func ownFraction(num, den *big.Int) Rational {
	if den.Sign() < 0 {
		num.Neg(num)
		den.Neg(den)
	}
	if den.Cmp(one) == 0 {
		den = nil
	}
	return Rational{num: num, den: den}
}

// lowest returns num/den in lowest terms, of which it becomes the owner; den is
// not zero.
func lowest(num, den *big.Int) Rational {
	if num.Sign() == 0 {
		return Rational{}
	}
	if divisor := new(big.Int).GCD(nil, nil, num, den); divisor.Cmp(one) != 0 {
		num.Quo(num, divisor)
		den.Quo(den, divisor)
	}
	return ownFraction(num, den)
}

// numerator returns num, to be read only.
func (q Rational) numerator() *big.Int {
	if q.num == nil {
		return new(big.Int)
	}
	return q.num
}

// denominator returns den, to be read only.
func (q Rational) denominator() *big.Int {
	if q.den == nil {
		return one
	}
	return q.den
}

// common returns the numerators of q and p over a denominator common to both, all
// to be read only.
func common(q, p Rational) (qNum, pNum, den *big.Int) {
	if q.den == p.den || q.denominator().Cmp(p.denominator()) == 0 {
		return q.numerator(), p.numerator(), q.den
	}
	qDen, pDen := q.denominator(), p.denominator()
	divisor := new(big.Int).GCD(nil, nil, qDen, pDen)
	qTimes := new(big.Int).Quo(pDen, divisor)
	pTimes := new(big.Int).Quo(qDen, divisor)
	pNum = pTimes.Mul(pTimes, p.numerator())
	den = new(big.Int).Mul(qDen, qTimes)
	return qTimes.Mul(qTimes, q.numerator()), pNum, den
}

// Add returns q + p.
func (q Rational) Add(p Rational) Rational {
	switch {
	case q.IsZero():
		return p
	case p.IsZero():
		return q
	}
	qNum, pNum, den := common(q, p)
	return Rational{num: new(big.Int).Add(qNum, pNum), den: den}
}

// Sub returns q - p.
func (q Rational) Sub(p Rational) Rational {
	if p.IsZero() {
		return q
	}
	qNum, pNum, den := common(q, p)
	return Rational{num: new(big.Int).Sub(qNum, pNum), den: den}
}

// Mul returns q x p.
func (q Rational) Mul(p Rational) Rational {
	if q.IsZero() || p.IsZero() {
		return Rational{}
	}
	num := new(big.Int).Mul(q.num, p.num)
	return lowest(num, new(big.Int).Mul(q.denominator(), p.denominator()))
}

// Times returns q x n, over the denominator of q.
func (q Rational) Times(n *big.Int) Rational {
	return Rational{num: new(big.Int).Mul(q.numerator(), n), den: q.den}
}

// Quo returns q / p, or ErrDivisionByZero.
func (q Rational) Quo(p Rational) (Rational, error) {
	switch {
	case p.IsZero():
		return Rational{}, ErrDivisionByZero
	case q.IsZero():
		return Rational{}, nil
	}
	num := new(big.Int).Mul(q.num, p.denominator())
	den := new(big.Int).Mul(q.denominator(), p.num)
	return lowest(num, den), nil
}

// Cmp returns -1, 0 or +1 as q is less than, equal to or greater than p.
func (q Rational) Cmp(p Rational) int {
	qNum, pNum, _ := common(q, p)
	return qNum.Cmp(pNum)
}

// Equal reports whether q and p are the same number.
func (q Rational) Equal(p Rational) bool { return q == p || q.Cmp(p) == 0 }

// Sign returns -1, 0 or +1 for a negative number, zero and a positive one.
func (q Rational) Sign() int { return q.numerator().Sign() }

// IsZero reports whether q is 0.
func (q Rational) IsZero() bool { return q.num == nil || q.num.Sign() == 0 }

// Min returns the smaller of q and p.
func (q Rational) Min(p Rational) Rational {
	if p.Cmp(q) < 0 {
		return p
	}
	return q
}

// Scaled returns q x scale as an integer, and false if that is not one.
func (q Rational) Scaled(scale *big.Int) (*big.Int, bool) {
	num := new(big.Int).Mul(q.numerator(), scale)
	scaled, rest := num.QuoRem(num, q.denominator(), new(big.Int))
	if rest.Sign() != 0 {
		return nil, false
	}
	return scaled, true
}

// ScaledHalfEven returns q x scale rounded to an integer, a tie going to the even
// one.
func (q Rational) ScaledHalfEven(scale *big.Int) *big.Int {
	den := q.denominator()
	num := new(big.Int).Mul(q.numerator(), scale)
	floor, rest := num.DivMod(num, den, new(big.Int)) // Euclidean: rest >= 0
	switch rest.Lsh(rest, 1).Cmp(den) {
	case -1:
		return floor
	case 0:
		if floor.Bit(0) == 0 {
			return floor
		}
	}
	return floor.Add(floor, one)
}

// RoundHalfEven returns the Decimal nearest to q with at most the given number
// of decimal places, a tie going to the even one, or ErrOverflow if it needs
// more than MaxDigits digits. Places must not be negative.
func (q Rational) RoundHalfEven(places int) (Decimal, error) {
	return FromBig(q.ScaledHalfEven(pow10(places)), -int32(places))
}

// String returns the reduced fraction, "1/6", or the integer, "10"; for people
// and logs only.
func (q Rational) String() string {
	return new(big.Rat).SetFrac(q.numerator(), q.denominator()).RatString()
}

// Format makes %v print what String does, so that test failures can be read.
func (q Rational) Format(s fmt.State, _ rune) { fmt.Fprint(s, q.String()) }

// pow10 returns 10^n as a new integer. It panics if n is negative, for which
// big.Int.Exp would return 1.
func pow10(n int) *big.Int {
	if n < 0 {
		panic(fmt.Sprintf("decimal: negative number of places %d", n))
	}
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}
