package decimal_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"costd.dev/costd/decimal"
)

func TestScaled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := decimal.MustParse(rapid.StringMatching(`-?[0-9]{1,18}(\.[0-9]{1,18})?`).Draw(t, "d"))
		places := rapid.IntRange(0, 20).Draw(t, "places")
		got, ok := d.Scaled(places)
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
		want, wantOK := d.Rational().Scaled(scale)
		if ok != wantOK || ok && got.Cmp(want) != 0 {
			t.Fatalf("%v.Scaled(%d) = %v, %v; as a fraction %v, %v", d, places, got, ok, want, wantOK)
		}
	})
}
