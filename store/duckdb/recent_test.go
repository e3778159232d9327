package duckdb

import (
	"testing"

	"pgregory.net/rapid"
)

// TestRecents uses keys at random: after trimming the rest is within the limit, and
// values are those put last.
func TestRecents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRecents[int, string](100)
		last := map[int]string{}
		for range 30 {
			for range rapid.IntRange(0, 6).Draw(t, "uses") {
				k := rapid.IntRange(0, 20).Draw(t, "key")
				if rapid.Bool().Draw(t, "put") {
					last[k] = rapid.StringN(1, 3, -1).Draw(t, "value")
					r.put(k, last[k], int64(rapid.IntRange(1, 12).Draw(t, "bytes")))
				}
				if v := r.get(k); v != "" && v != last[k] {
					t.Fatalf("%d is %q, want %q", k, v, last[k])
				}
			}
			r.trim()
			if r.bytes > r.limit || r.order.Len() != len(r.items) {
				t.Fatalf("%d bytes of %d, %d items in order, %d by key", r.bytes, r.limit, r.order.Len(), len(r.items))
			}
			sum := int64(0)
			for k, item := range r.items {
				sum += item.bytes
				if item.key != k {
					t.Fatalf("%d is found by %d", item.key, k)
				}
			}
			if sum != r.bytes {
				t.Fatalf("items have %d bytes, counted are %d", sum, r.bytes)
			}
		}
	})
}

// TestSecondChance uses one of three keys between two trimmings: the other one goes.
func TestSecondChance(t *testing.T) {
	r := newRecents[int, bool](2)
	for k := range 3 {
		r.put(k, true, 1)
	}
	r.trim() // considers all and drops 0
	r.get(1)
	r.put(3, true, 1)
	r.trim()
	if r.get(0) || !r.get(1) || r.get(2) || !r.get(3) {
		t.Errorf("0, 1, 2, 3 stay: %t, %t, %t, %t; want 1 and 3", r.get(0), r.get(1), r.get(2), r.get(3))
	}
}
