package duckdb

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
)

// TestPlacesInOrder has many wait for one place: none passes those who came before.
func TestPlacesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := make(places, 1)
		if err := p.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		var order []int // guarded by the place
		for n := range 50 {
			go func() {
				if err := p.enter(t.Context()); err != nil {
					t.Error(err)
				}
				order = append(order, n)
				p.leave()
			}()
			synctest.Wait() // until it waits
		}
		p.leave()
		synctest.Wait()
		if len(order) != 50 || !slices.IsSorted(order) {
			t.Errorf("those who waited came in the order %v", order)
		}
	})
}

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
