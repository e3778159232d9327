package report

import (
	"testing"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

func TestMonths(t *testing.T) {
	day := func(s string) costd.Day {
		d, err := costd.ParseDay(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, tt := range []struct{ from, to, want string }{
		{"2026-01-01", "2027-01-01", "12"},
		{"2026-10-01", "2026-11-01", "1"},
		{"2026-10-01", "2026-10-02", "1/31"},
		{"2026-10-31", "2026-11-02", "61/930"}, // 1/31 + 1/30
		{"2026-10-16", "2027-01-16", "3"},      // 16/31 + 2 + 15/31
		{"2026-02-15", "2026-03-01", "1/2"},
		{"2026-10-01", "2026-10-01", "0"},
	} {
		if got := months(costd.Period{From: day(tt.from), To: day(tt.to)}); got.String() != tt.want {
			t.Errorf("months from %s to %s = %v, want %s", tt.from, tt.to, got, tt.want)
		}
	}
}

// A period cut in two is as long as its parts.
func TestMonthsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.Int32Range(0, 40_000)
		a, b, c := day.Draw(t, "a"), day.Draw(t, "b"), day.Draw(t, "c")
		a, c = min(a, b, c), max(a, b, c)
		length := func(from, to int32) decimal.Rational {
			return months(costd.Period{From: costd.Day(from), To: costd.Day(to)})
		}
		if sum, whole := length(a, b).Add(length(b, c)), length(a, c); !sum.Equal(whole) {
			t.Fatalf("%v and %v", sum, whole)
		}
	})
}
