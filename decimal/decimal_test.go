package decimal_test

import (
	"testing"

	"costd/decimal"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"19.90", "19.9"}, {"0", "0"}, {"-0.00", "0"}, {"1.99e1", "19.9"}, {"1E3", "1000"},
		{"00012", "12"}, {".5", "0.5"}, {"-7", "-7"},
		{"12345678901234567890.123456789", "12345678901234567890.123456789"},
		{"99999999999999999999999999999999999999", "99999999999999999999999999999999999999"},
	} {
		got, err := decimal.Parse(tt.in)
		if err != nil || got.String() != tt.want {
			t.Errorf("Parse(%q) = %v, %v; want %s", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"", "x", "NaN", "Inf", "1e", "1_000", "0x10", "1 ", "--1", "1e40", "1e999999999", "1e-999999999",
		"100000000000000000000000000000000000001"} {
		if got, err := decimal.Parse(in); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", in, got)
		}
	}
}
