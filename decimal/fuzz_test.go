package decimal_test

import (
	"errors"
	"math/big"
	"regexp"
	"testing"

	"costd.dev/costd/decimal"
)

// FuzzDecimal reads two texts and compares every operation on what they say with
// math/big. Run it with: go test -fuzz FuzzDecimal ./decimal
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "19.90", "-0.05", "1e37", "1e-38", nines, tiny, ".5", "5.", "1e38", "NaN", "--1", "1e99999999999"} {
		f.Add(s, "12.5", 5)
		f.Add("-"+s, s, 0)
	}
	f.Fuzz(func(t *testing.T, s, u string, places int) {
		x, ok := fuzzParse(t, s)
		y, alsoOK := fuzzParse(t, u)
		if ok && alsoOK {
			checkOperations(t, x, y, places&0x3f)
			checkFractions(t, pair{x.Rational(), ratOf(t, x)}, pair{y.Rational(), ratOf(t, y)}, places&0x3f)
		}
	})
}

var grammar = regexp.MustCompile(`\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z`)

// fuzzParse checks what Parse makes of a text: a number, or the right error.
func fuzzParse(t *testing.T, s string) (decimal.Decimal, bool) {
	d, err := decimal.Parse(s)
	switch {
	case len(s) > 128:
		if !errors.Is(err, decimal.ErrOverflow) {
			t.Errorf("Parse of %d bytes: %v", len(s), err)
		}
	case !grammar.MatchString(s):
		if !errors.Is(err, decimal.ErrSyntax) {
			t.Errorf("Parse(%q) = %v, %v; want ErrSyntax", s, d, err)
		}
	case hugeExponent.MatchString(s): // math/big would build the number
		if err == nil && !d.IsZero() || err != nil && !errors.Is(err, decimal.ErrOverflow) {
			t.Errorf("Parse(%q) = %v, %v; want ErrOverflow", s, d, err)
		}
	default:
		want, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("math/big cannot read %q", s)
		}
		check(t, "Parse("+s+")", d, err, want)
	}
	return d, err == nil
}

// hugeExponent matches what no mantissa of 128 bytes can bring back into range.
var hugeExponent = regexp.MustCompile(`[eE][+-]?0*[1-9][0-9]{3,}\z`)

// FuzzRational compares every operation on two fractions with math/big.
func FuzzRational(f *testing.F) {
	f.Add([]byte{1}, []byte{6}, false, []byte{5}, []byte{60}, 9)
	f.Add([]byte{0}, []byte{1}, true, []byte{255, 255}, []byte{255, 255, 255, 255, 255, 255, 255, 255, 255}, 0)
	f.Fuzz(func(t *testing.T, xNum, xDen []byte, negative bool, yNum, yDen []byte, places int) {
		if len(xNum)+len(xDen)+len(yNum)+len(yDen) > 200 {
			t.Skip("larger numbers only take longer")
		}
		x, ok := fuzzFraction(xNum, xDen, negative)
		y, alsoOK := fuzzFraction(yNum, yDen, false)
		if ok && alsoOK {
			checkFractions(t, x, y, places&0x3f)
		}
	})
}

func fuzzFraction(num, den []byte, negative bool) (pair, bool) {
	n, d := new(big.Int).SetBytes(num), new(big.Int).SetBytes(den)
	if negative {
		d.Neg(d)
	}
	q, err := decimal.NewRational(n, d)
	if err != nil {
		return pair{}, false
	}
	return pair{q, new(big.Rat).SetFrac(n, d)}, true
}
