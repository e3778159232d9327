package duckdb

import (
	"math"
	"testing"
)

func TestParseBytes(t *testing.T) {
	for size, want := range map[string]int64{
		"0 bytes": 0, "512 bytes": 512, "66.7 MiB": 69_940_019, "488.2 MiB": 511_914_803, "1.5 GiB": 3 << 29,
		"2.0 TiB": math.MaxInt64, "unlimited": math.MaxInt64, "": math.MaxInt64,
	} {
		if got := parseBytes(size); got != want {
			t.Errorf("parseBytes(%q) = %d, want %d", size, got, want)
		}
	}
}
