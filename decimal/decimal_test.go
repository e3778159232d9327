package decimal_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"costd.dev/costd/decimal"
)

var (
	nines = strings.Repeat("9", decimal.MaxDigits)
	tiny  = "0." + strings.Repeat("0", decimal.MaxDigits-1) + "1"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"19.90", "19.9"}, {"0", "0"}, {"-0.00", "0"}, {"1.99e1", "19.9"}, {"1E3", "1000"}, {"1e+3", "1000"},
		{"00012", "12"}, {".5", "0.5"}, {"5.", "5"}, {"-7", "-7"}, {"+7", "7"}, {"-1.5E-3", "-0.0015"},
		{"0e99999", "0"}, {"100000e-5", "1"},
		{"12345678901234567890.123456789", "12345678901234567890.123456789"},
		{nines, nines}, {"-" + nines, "-" + nines}, {"1e37", "1" + strings.Repeat("0", 37)},
		{tiny, tiny}, {"1e-38", tiny}, {"0." + nines, "0." + nines},
		{nines + ".000", nines}, {"1" + strings.Repeat("0", 60) + "e-60", "1"},
	} {
		got, err := decimal.Parse(tt.in)
		if err != nil || got.String() != tt.want {
			t.Errorf("Parse(%q) = %v, %v; want %s", tt.in, got, err, tt.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for want, texts := range map[error][]string{
		decimal.ErrSyntax: {
			"", " ", "x", "NaN", "Inf", "-Infinity", "sNaN1", "1e", "1e+", "e1", ".e1", ".", "+", "-.", "1_000", "1,5", "0x10",
			"1 ", " 1", "--1", "+-1", "1.2.3", "1e1e1", "1e1.5", "1-2", "1\n", "١", "½", "1f",
		},
		decimal.ErrOverflow: {
			"1e38", "1" + nines, "1e40", "1e-39", tiny + "5", "1." + nines, "1e99999", "1e999999999", "1e-999999999",
			"1e99999999999999999999", "0." + strings.Repeat("0", 200), strings.Repeat("x", 200),
			"100000000000000000000000000000000000001",
		},
	} {
		for _, in := range texts {
			if got, err := decimal.Parse(in); !errors.Is(err, want) || !got.IsZero() {
				t.Errorf("Parse(%q) = %v, %v; want 0, %v", in, got, err, want)
			}
		}
	}
}

func TestMustParse(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("MustParse of no number does not panic")
		}
	}()
	decimal.MustParse("ten")
}

func TestNew(t *testing.T) {
	for _, tt := range []struct {
		coefficient int64
		exponent    int32
		want        string
	}{
		{1990, -2, "19.9"}, {0, math.MaxInt32, "0"}, {-5, 3, "-5000"}, {math.MinInt64, 0, "-9223372036854775808"},
		{1, 38, ""}, {1, -39, ""}, {10, 37, ""}, {10, -39, tiny}, {10, math.MaxInt32, ""}, {1, math.MinInt32, ""},
	} {
		got, err := decimal.New(tt.coefficient, tt.exponent)
		if tt.want == "" && !errors.Is(err, decimal.ErrOverflow) || tt.want != "" && (err != nil || got.String() != tt.want) {
			t.Errorf("New(%d, %d) = %v, %v; want %q", tt.coefficient, tt.exponent, got, err, tt.want)
		}
	}
	if got := decimal.FromInt(math.MinInt64).String(); got != "-9223372036854775808" {
		t.Errorf("FromInt(min) = %s", got)
	}
}

// TestThirtyNinthDigit: 38 digits are held, 39 are an error and not a wrong number.
func TestThirtyNinthDigit(t *testing.T) {
	most, one, least := decimal.MustParse(nines), decimal.FromInt(1), decimal.MustParse(tiny)
	for name, op := range map[string]func() (decimal.Decimal, error){
		"largest + 1":             func() (decimal.Decimal, error) { return most.Add(one) },
		"-largest - 1":            func() (decimal.Decimal, error) { return most.Neg().Sub(one) },
		"largest x largest":       func() (decimal.Decimal, error) { return most.Mul(most) },
		"largest + smallest":      func() (decimal.Decimal, error) { return most.Add(least) },
		"smallest x smallest":     func() (decimal.Decimal, error) { return least.Mul(least) },
		"smallest x a tenth":      func() (decimal.Decimal, error) { return least.Mul(decimal.MustParse("0.1")) },
		"1 + smallest":            func() (decimal.Decimal, error) { return one.Add(least) },
		"a third, to 39 decimals": func() (decimal.Decimal, error) { return decimal.Fraction(1, 3).RoundHalfEven(39) },
		"10^38, rounded":          func() (decimal.Decimal, error) { return most.Rational().Add(one.Rational()).RoundHalfEven(0) },
	} {
		if got, err := op(); !errors.Is(err, decimal.ErrOverflow) {
			t.Errorf("%s = %v, %v; want ErrOverflow", name, got, err)
		}
	}
	for name, op := range map[string]struct {
		got  func() (decimal.Decimal, error)
		want string
	}{
		"largest - 1":             {func() (decimal.Decimal, error) { return most.Sub(one) }, nines[1:] + "8"},
		"largest - largest":       {func() (decimal.Decimal, error) { return most.Sub(most) }, "0"},
		"smallest x 10":           {func() (decimal.Decimal, error) { return least.Mul(decimal.FromInt(10)) }, tiny[:38] + "1"},
		"5e-20 x 2e-19":           {func() (decimal.Decimal, error) { return decimal.MustParse("5e-20").Mul(decimal.MustParse("2e-19")) }, tiny},
		"a third, to 38 decimals": {func() (decimal.Decimal, error) { return decimal.Fraction(1, 3).RoundHalfEven(38) }, "0." + strings.Repeat("3", 38)},
		"a half, to 99 decimals":  {func() (decimal.Decimal, error) { return decimal.Fraction(1, 2).RoundHalfEven(99) }, "0.5"},
	} {
		if got, err := op.got(); err != nil || got.String() != op.want {
			t.Errorf("%s = %v, %v; want %s", name, got, err, op.want)
		}
	}
}

func TestRoundHalfEven(t *testing.T) {
	for _, tt := range []struct {
		in     string
		places int
		want   string
	}{
		{"0.5", 0, "0"}, {"1.5", 0, "2"}, {"2.5", 0, "2"}, {"-0.5", 0, "0"}, {"-1.5", 0, "-2"}, {"-2.5", 0, "-2"},
		{"0.51", 0, "1"}, {"2.5000000001", 0, "3"}, {"-2.5000000001", 0, "-3"}, {"2.4999999999", 0, "2"},
		{"0.000005", 5, "0"}, {"0.000015", 5, "0.00002"}, {"0.000025", 5, "0.00002"}, {"331.666666", 5, "331.66667"},
		{"19.9", 5, "19.9"}, {"0", 5, "0"}, {"99.999995", 5, "100"},
	} {
		d := decimal.MustParse(tt.in)
		if got, err := d.RoundHalfEven(tt.places); err != nil || got.String() != tt.want {
			t.Errorf("%s to %d places = %v, %v; want %s", tt.in, tt.places, got, err, tt.want)
		}
	}
}

// TestNegativePlaces: rounding to tens is not offered, and must not go wrong
// silently.
func TestNegativePlaces(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("rounding to -1 places does not panic")
		}
	}()
	_, _ = decimal.FromInt(15).RoundHalfEven(-1)
}

func TestStringFixed(t *testing.T) {
	for _, tt := range []struct {
		in     string
		places int
		want   string // "" for ErrInexact
	}{
		{"434.1519", 8, "434.15190000"}, {"0", 8, "0.00000000"}, {"0", 0, "0"}, {"7", 0, "7"}, {"-7", 2, "-7.00"},
		{"0.05", 2, "0.05"}, {"-0.05", 3, "-0.050"}, {"1e3", 1, "1000.0"}, {"0.05", 1, ""}, {"0.5", 0, ""}, {"5", -1, ""},
	} {
		got, err := decimal.MustParse(tt.in).StringFixed(tt.places)
		if got != tt.want || (err != nil) != (tt.want == "") || err != nil && !errors.Is(err, decimal.ErrInexact) {
			t.Errorf("%s.StringFixed(%d) = %q, %v; want %q", tt.in, tt.places, got, err, tt.want)
		}
	}
}

func TestDigits(t *testing.T) {
	for in, want := range map[string][2]int{
		"0": {0, 0}, "19.90": {2, 1}, "0.05": {0, 2}, "-100": {3, 0}, "1e37": {38, 0}, tiny: {0, 38}, nines: {38, 0}, "10.01": {2, 2},
	} {
		integer, fraction := decimal.MustParse(in).Digits()
		if got := [2]int{integer, fraction}; got != want {
			t.Errorf("Digits of %s = %v, want %v", in, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	type prices struct {
		Unit decimal.Decimal  `json:"unit"`
		Over *decimal.Decimal `json:"over,omitempty"`
	}
	for in, want := range map[string]string{
		`{"unit":19.90}`:                     `{"unit":"19.9"}`,
		`{"unit":"19.90","over":null}`:       `{"unit":"19.9"}`,
		`{"unit":1e2,"over":"0.1"}`:          `{"unit":"100","over":"0.1"}`,
		`{"unit":0.1234567890123456789}`:     `{"unit":"0.1234567890123456789"}`, // a float64 holds 16 of these
		`{"unit":9007199254740993}`:          `{"unit":"9007199254740993"}`,      // 2^53 + 1
		`{}`:                                 `{"unit":"0"}`,
		`{"unit":null}`:                      "",
		`{"unit":""}`:                        "",
		`{"unit":"x"}`:                       "",
		`{"unit":"NaN"}`:                     "",
		`{"unit":true}`:                      "",
		`{"unit":[1]}`:                       "",
		`{"unit":" 1"}`:                      "",
		`{"unit":"\u0031"}`:                  "",
		`{"unit":1` + nines + `}`:            "",
		`{"unit":1,"over":` + `1e-39` + `}`:  "",
		`{"unit":"1` + nines + `","over":1}`: "",
	} {
		var p prices
		err := json.Unmarshal([]byte(in), &p)
		if want == "" {
			if err == nil {
				t.Errorf("%s is read as %v", in, p)
			}
			continue
		}
		if got, marshalErr := json.Marshal(p); err != nil || marshalErr != nil || string(got) != want {
			t.Errorf("%s comes back as %s, %v, %v; want %s", in, got, err, marshalErr, want)
		}
	}
}

// TestUnmarshalErrorChangesNothing: what cannot be read leaves the old value.
func TestUnmarshalErrorChangesNothing(t *testing.T) {
	d := decimal.FromInt(7)
	if err := d.UnmarshalText([]byte("seven")); err == nil || d.String() != "7" {
		t.Errorf("after %v the value is %v, want an error and 7", err, d)
	}
}

// TestImmutable: neither what a number was made of nor what it gave away is tied
// to it.
func TestImmutable(t *testing.T) {
	for _, text := range []string{"5", "123456789012345678901234567890", "-1.5"} {
		d := decimal.MustParse(text)
		n, ok := d.Scaled(1)
		if !ok {
			t.Fatalf("%s has more than one decimal", text)
		}
		e, err := decimal.FromBig(n, -1)
		if err != nil {
			t.Fatal(err)
		}
		den := big.NewInt(10)
		q, err := decimal.NewRational(n, den)
		if err != nil {
			t.Fatal(err)
		}
		whole, fraction := d.Rational(), q.String()
		n.SetInt64(42)
		den.SetInt64(42)
		scaled, ok := q.Scaled(big.NewInt(10))
		if !ok {
			t.Fatalf("%v is no number of tenths", q)
		}
		scaled.SetInt64(42)
		q.ScaledHalfEven(big.NewInt(1)).SetInt64(42)
		whole.ScaledHalfEven(big.NewInt(1)).SetInt64(42)
		if d.String() != text || !e.Equal(d) || !whole.Equal(q) || q.String() != fraction {
			t.Errorf("%s became %v, %v, %v and %v", text, d, e, whole, q)
		}
	}
}

func TestDivisionByZero(t *testing.T) {
	if _, err := decimal.NewRational(big.NewInt(1), new(big.Int)); !errors.Is(err, decimal.ErrDivisionByZero) {
		t.Errorf("NewRational(1, 0): %v", err)
	}
	if _, err := decimal.Fraction(1, 3).Quo(decimal.Rational{}); !errors.Is(err, decimal.ErrDivisionByZero) {
		t.Errorf("1/3 / 0: %v", err)
	}
	if _, err := (decimal.Rational{}).Quo(decimal.Fraction(0, 3)); !errors.Is(err, decimal.ErrDivisionByZero) {
		t.Errorf("0 / 0: %v", err)
	}
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, decimal.ErrDivisionByZero) {
			t.Errorf("Fraction(1, 0) panics with %v", err)
		}
	}()
	decimal.Fraction(1, 0)
}

func TestRationalString(t *testing.T) {
	for want, q := range map[string]decimal.Rational{
		"0":                    {},
		"1/6":                  decimal.Fraction(10, 60),
		"-1/6":                 decimal.Fraction(10, -60),
		"10":                   decimal.Fraction(600, 60),
		"-9223372036854775808": decimal.Fraction(math.MinInt64, 1),
		"1":                    decimal.Fraction(math.MinInt64, math.MinInt64),
	} {
		if got := q.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
