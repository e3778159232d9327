package costd_test

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

func TestNewQuantityTakesTheCoarsestGrid(t *testing.T) {
	tenToThe := func(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }
	fraction := func(den *big.Int) decimal.Rational {
		r, err := decimal.NewRational(big.NewInt(1), den)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, tt := range []struct {
		name     string
		quantity decimal.Rational
		grid     costd.Grid
		ok       bool
	}{
		{"zero", decimal.Rational{}, costd.GridSecond, true},
		{"ten seconds", decimal.Fraction(1, 6), costd.GridSecond, true},
		{"ten seconds and a half", decimal.Fraction(21, 120), costd.GridNano, true},
		{"a nanosecond", decimal.Fraction(1, 60_000_000_000), costd.GridNano, true},
		{"a billionth of a GiB for a nanosecond", fraction(new(big.Int).Mul(big.NewInt(6), tenToThe(19))), costd.GridAtto, true},
		{"a billionth of that", fraction(new(big.Int).Mul(big.NewInt(6), tenToThe(28))), costd.GridFinest, true},
		{"a seventh", decimal.Fraction(1, 7), 0, false},
		{"29 whole digits", decimal.MustParse("99999999999999999999999999999").Rational(), costd.GridSecond, true},
		{"29 digits", decimal.MustParse("12345678901234567890.123456789").Rational(), costd.GridNano, true},
		{"too large for 38 digits", decimal.MustParse("9999999999999999999999999999999999.001").Rational(), 0, false},
	} {
		got, err := costd.NewQuantity(tt.quantity)
		switch {
		case !tt.ok:
			if costd.ErrorCode(err) != costd.Overflow {
				t.Errorf("%s: got %v, %v; want an overflow", tt.name, got, err)
			}
		case err != nil || got.Grid != tt.grid || !got.Rational().Equal(tt.quantity):
			t.Errorf("%s: got %v, %v; want %v on grid %d", tt.name, got, err, tt.quantity, tt.grid)
		}
	}
}

func TestWrapKeepsWhatACallerMaySee(t *testing.T) {
	fail := func(cause error) (err error) {
		defer costd.Wrap(&err, "test.fail")
		return cause
	}
	if err := fail(nil); err != nil {
		t.Errorf("no error became %v", err)
	}
	field := costd.InvalidField("count", "must not be negative")
	err := fail(fmt.Errorf("deep: %w", field))
	wrapped, ok := errors.AsType[*costd.Error](err)
	if !ok || wrapped.Code != costd.Invalid || wrapped.Message != field.Message || len(wrapped.Fields) != 1 || wrapped.Op != "test.fail" {
		t.Errorf("got %#v", err)
	}
	secret := errors.New("password is 1234")
	err = fail(secret)
	wrapped, ok = errors.AsType[*costd.Error](err)
	if !ok || wrapped.Code != costd.Internal || strings.Contains(wrapped.Message, "1234") || !errors.Is(err, secret) {
		t.Errorf("got %#v", err)
	}
	if !strings.Contains(err.Error(), "1234") {
		t.Errorf("the log %q does not tell the cause", err)
	}
}

func TestTypesAreAlphabeticAndWhole(t *testing.T) {
	if len(costd.Types) != 25 {
		t.Fatalf("%d types, want 25", len(costd.Types))
	}
	for i, info := range costd.Types {
		if i > 0 && costd.Types[i-1].Type >= info.Type {
			t.Errorf("%s does not come after %s", info.Type, costd.Types[i-1].Type)
		}
		if got, ok := info.Type.Info(); !ok || got != info {
			t.Errorf("%s.Info() = %v, %v", info.Type, got, ok)
		}
	}
	if _, ok := costd.Type("toaster").Info(); ok {
		t.Error("a toaster is a type")
	}
}
