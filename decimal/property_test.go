package decimal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"costd.dev/costd/decimal"
)

// text draws the text of a number in any notation: many digits, few, zeros at
// either end, a point anywhere, an exponent. It may be too large for a Decimal.
var text = rapid.StringMatching(`[+-]?(0{0,3}[0-9]{1,20}(00)?(\.[0-9]{0,20}0{0,3})?|\.[0-9]{1,38}|9{36,39})([eE][+-]?[0-9]{1,2})?`)

// number draws a Decimal.
var number = rapid.Custom(func(t *rapid.T) decimal.Decimal {
	for {
		if d, err := decimal.Parse(text.Draw(t, "text")); err == nil {
			return d
		}
	}
})

// fraction draws a Rational and the same number as a big.Rat. Half of its
// denominators are the few that sums share.
var fraction = rapid.Custom(func(t *rapid.T) pair {
	num := big.NewInt(rapid.Int64().Draw(t, "numerator"))
	num.Mul(num, big.NewInt(rapid.Int64Range(1, 1<<40).Draw(t, "factor")))
	den := rapid.OneOf(
		rapid.SampledFrom([]int64{1, 2, 60, 1000, 60_000_000_000}),
		rapid.Int64Range(1, 1<<50),
		rapid.Int64Range(-100, -1),
	).Draw(t, "denominator")
	q, err := decimal.NewRational(num, big.NewInt(den))
	if err != nil {
		t.Fatal(err)
	}
	return pair{q, new(big.Rat).SetFrac(num, big.NewInt(den))}
})

// A pair is one number in two ways.
type pair struct {
	q decimal.Rational
	r *big.Rat
}

// TestParseAgainstBig: a text is read as the number that math/big reads, or as an
// overflow if that does not fit.
func TestParseAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := text.Draw(t, "s")
		want, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("math/big cannot read %q", s)
		}
		got, err := decimal.Parse(s)
		check(t, "Parse("+s+")", got, err, want)
	})
}

// TestOperationsAgainstBig: every operation gives the exact result, or ErrOverflow
// if and only if that does not fit.
func TestOperationsAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkOperations(t, number.Draw(t, "x"), number.Draw(t, "y"), rapid.IntRange(0, 45).Draw(t, "places"))
	})
}

// TestRationalAgainstBig: fractions compute what big.Rat computes.
func TestRationalAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkFractions(t, fraction.Draw(t, "x"), fraction.Draw(t, "y"), rapid.IntRange(0, 30).Draw(t, "places"))
	})
}

// TestSumsAgainstBig: so do long sums, whose denominators come and go.
func TestSumsAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sum := pair{decimal.Rational{}, new(big.Rat)}
		for _, p := range rapid.SliceOfN(fraction, 0, 30).Draw(t, "terms") {
			if rapid.Bool().Draw(t, "minus") {
				sum = pair{sum.q.Sub(p.q), new(big.Rat).Sub(sum.r, p.r)}
			} else {
				sum = pair{sum.q.Add(p.q), new(big.Rat).Add(sum.r, p.r)}
			}
		}
		if sum.q.String() != sum.r.RatString() {
			t.Errorf("got %v, want %s", sum.q, sum.r.RatString())
		}
	})
}

// TestRoundTrips: a number comes back from each of its texts.
func TestRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := number.Draw(t, "d")
		s := d.String()
		if back, err := decimal.Parse(s); err != nil || !back.Equal(d) || back.String() != s {
			t.Errorf("%s is read as %v, %v", s, back, err)
		}
		if strings.ContainsAny(s, "eE+") || strings.Contains(s, ".") && strings.HasSuffix(s, "0") || s == "-0" {
			t.Errorf("%s is not in plain notation", s)
		}
		for _, text := range []string{s, `"` + s + `"`} {
			var back decimal.Decimal
			if err := json.Unmarshal([]byte(text), &back); err != nil || !back.Equal(d) {
				t.Errorf("JSON %s is read as %v, %v", text, back, err)
			}
		}
		if text, err := json.Marshal(d); err != nil || string(text) != `"`+s+`"` {
			t.Errorf("%s is written as %s, %v", s, text, err)
		}
	})
}

// TestStringFixedAgainstBig: it is the number with exactly so many decimals, or an
// error where that would be another number.
func TestStringFixedAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, places := number.Draw(t, "d"), rapid.IntRange(0, 40).Draw(t, "places")
		s, err := d.StringFixed(places)
		r := ratOf(t, d)
		// FloatString rounds, so that it is the number only if there is nothing to round.
		want := r.FloatString(places)
		if back, _ := new(big.Rat).SetString(want); back.Cmp(r) != 0 {
			if !errors.Is(err, decimal.ErrInexact) {
				t.Errorf("%v with %d decimals = %q, %v; want ErrInexact", d, places, s, err)
			}
		} else if err != nil || s != want {
			t.Errorf("%v with %d decimals = %q, %v; want %s", d, places, s, err, want)
		}
	})
}

// TestCanonical: equal numbers are the same, however they came about.
func TestCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := number.Draw(t, "d")
		integer, fraction := d.Digits()
		back, err := d.Neg().Neg().Rational().RoundHalfEven(fraction)
		if err != nil || back.String() != d.String() || back.IsZero() != d.IsZero() {
			t.Errorf("%v comes back as %v, %v", d, back, err)
		}
		i, f := back.Digits()
		if i != integer || f != fraction {
			t.Errorf("%v has %d and %d digits, and then %d and %d", d, integer, fraction, i, f)
		}
		whole, rest, _ := strings.Cut(strings.TrimPrefix(d.String(), "-"), ".")
		if len(strings.TrimPrefix(whole, "0")) != integer || len(rest) != fraction {
			t.Errorf("%v has %d and %d digits?", d, integer, fraction)
		}
	})
}

// failer is what *testing.T and *rapid.T have in common here.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// checkOperations compares every operation on Decimals with math/big.
func checkOperations(t failer, x, y decimal.Decimal, places int) {
	t.Helper()
	a, b := ratOf(t, x), ratOf(t, y)
	for name, op := range map[string]struct {
		got  func(decimal.Decimal) (decimal.Decimal, error)
		want *big.Rat
	}{
		"+": {x.Add, new(big.Rat).Add(a, b)},
		"-": {x.Sub, new(big.Rat).Sub(a, b)},
		"x": {x.Mul, new(big.Rat).Mul(a, b)},
	} {
		got, err := op.got(y)
		check(t, fmt.Sprintf("%v %s %v", x, name, y), got, err, op.want)
	}
	check(t, fmt.Sprintf("-(%v)", x), x.Neg(), nil, new(big.Rat).Neg(a))
	rounded, err := x.RoundHalfEven(places)
	check(t, fmt.Sprintf("%v to %d places", x, places), rounded, err, roundHalfEven(a, places))
	if x.Cmp(y) != a.Cmp(b) || x.Equal(y) != (a.Cmp(b) == 0) || x.Sign() != a.Sign() || x.IsZero() != (a.Sign() == 0) {
		t.Errorf("%v and %v: Cmp %d, Equal %v, Sign %d, IsZero %v", x, y, x.Cmp(y), x.Equal(y), x.Sign(), x.IsZero())
	}
	if got := x.Rational().String(); got != a.RatString() {
		t.Errorf("%v as a fraction is %s, want %s", x, got, a.RatString())
	}
}

// checkFractions compares every operation on Rationals with math/big.
func checkFractions(t failer, x, y pair, places int) {
	t.Helper()
	results := map[string]pair{
		"+":   {x.q.Add(y.q), new(big.Rat).Add(x.r, y.r)},
		"-":   {x.q.Sub(y.q), new(big.Rat).Sub(x.r, y.r)},
		"x":   {x.q.Mul(y.q), new(big.Rat).Mul(x.r, y.r)},
		"min": {x.q.Min(y.q), x.r},
	}
	if y.r.Cmp(x.r) < 0 {
		results["min"] = pair{x.q.Min(y.q), y.r}
	}
	quotient, err := x.q.Quo(y.q)
	if zero := y.r.Sign() == 0; zero != errors.Is(err, decimal.ErrDivisionByZero) {
		t.Errorf("%v / %v: %v", x.q, y.q, err)
	} else if !zero {
		results["/"] = pair{quotient, new(big.Rat).Quo(x.r, y.r)}
	}
	for op, result := range results {
		if result.q.String() != result.r.RatString() {
			t.Errorf("%v %s %v = %v, want %s", x.q, op, y.q, result.q, result.r.RatString())
		}
		if result.q.Sign() != result.r.Sign() || result.q.IsZero() != (result.r.Sign() == 0) {
			t.Errorf("%v %s %v has sign %d", x.q, op, y.q, result.q.Sign())
		}
		checkRounding(t, result, places)
	}
	if x.q.Cmp(y.q) != x.r.Cmp(y.r) || x.q.Equal(y.q) != (x.r.Cmp(y.r) == 0) {
		t.Errorf("Cmp(%v, %v) = %d, Equal %v", x.q, y.q, x.q.Cmp(y.q), x.q.Equal(y.q))
	}
}

func checkRounding(t failer, x pair, places int) {
	t.Helper()
	rounded, err := x.q.RoundHalfEven(places)
	check(t, fmt.Sprintf("%v to %d places", x.q, places), rounded, err, roundHalfEven(x.r, places))
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	want := new(big.Rat).Mul(x.r, new(big.Rat).SetInt(scale))
	if got := x.q.Times(scale); got.String() != want.RatString() {
		t.Fatalf("%v times %v = %v, want %v", x.q, scale, got, want.RatString())
	}
	if got, ok := x.q.Scaled(scale); ok != want.IsInt() || ok && got.Cmp(want.Num()) != 0 {
		t.Errorf("%v x %v = %v, %v; want %s", x.q, scale, got, ok, want.RatString())
	}
}

// check compares a result with the exact one, which must be refused if and only if
// it does not fit.
func check(t failer, what string, got decimal.Decimal, err error, want *big.Rat) {
	t.Helper()
	if !fits(want) {
		if !errors.Is(err, decimal.ErrOverflow) || !got.IsZero() {
			t.Errorf("%s = %v, %v; want ErrOverflow", what, got, err)
		}
	} else if err != nil || ratOf(t, got).Cmp(want) != 0 {
		t.Errorf("%s = %v, %v; want %s", what, got, err, want.FloatString(40))
	}
}

// fits reports whether a Decimal holds r: at most 38 digits, and at most 38 on
// either side of the point.
func fits(r *big.Rat) bool {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(decimal.MaxDigits), nil)
	scaled := new(big.Rat).Mul(r, new(big.Rat).SetInt(limit))
	if !scaled.IsInt() || new(big.Rat).Abs(r).Cmp(new(big.Rat).SetInt(limit)) >= 0 {
		return false
	}
	return len(strings.Trim(scaled.Num().String(), "-0")) <= decimal.MaxDigits
}

// roundHalfEven rounds by comparing the two neighbours, unlike package decimal.
func roundHalfEven(r *big.Rat, places int) *big.Rat {
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
	scaled := new(big.Rat).Mul(r, scale)
	below := new(big.Rat).SetInt(new(big.Int).Div(scaled.Num(), scaled.Denom()))
	above := new(big.Rat).Add(below, big.NewRat(1, 1))
	nearest := below
	switch toBelow, toAbove := new(big.Rat).Sub(scaled, below), new(big.Rat).Sub(above, scaled); toAbove.Cmp(toBelow) {
	case -1:
		nearest = above
	case 0:
		if new(big.Int).Rem(below.Num(), big.NewInt(2)).Sign() != 0 {
			nearest = above
		}
	}
	return new(big.Rat).Quo(nearest, scale)
}

// ratOf reads d from its text.
func ratOf(t failer, d decimal.Decimal) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(d.String())
	if !ok {
		t.Fatalf("%q is not a number", d.String())
	}
	return r
}
