package server

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestLimiterRefillsWithTime(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	l := newLimiter(2, 3, func() time.Time { return now })
	for i := range 3 {
		if delay := l.take("a"); delay != 0 {
			t.Fatalf("request %d of the burst has to wait %v", i, delay)
		}
	}
	if delay := l.take("a"); delay != 500*time.Millisecond {
		t.Fatalf("after the burst: wait %v, want half a second", delay)
	}
	if delay := l.take("a"); delay != 500*time.Millisecond {
		t.Fatalf("a refused request cost a token: wait %v", delay)
	}
	if delay := l.take("b"); delay != 0 {
		t.Fatalf("another caller has to wait %v", delay)
	}
	if delay := l.empty("a"); delay != 500*time.Millisecond {
		t.Fatalf("empty says %v", delay)
	}
	now = now.Add(500 * time.Millisecond)
	if delay := l.empty("a"); delay != 0 {
		t.Fatalf("empty after the wait: %v", delay)
	}
	if delay := l.take("a"); delay != 0 {
		t.Fatalf("after the wait: wait %v", delay)
	}
}

func TestLimiterForgetsTheQuietFirst(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	l := newLimiter(0.001, 2, func() time.Time { return now })
	l.take("busy")
	l.take("busy")
	for i := range maxBuckets - 1 {
		l.empty(fmt.Sprint(i)) // looked at, never used
	}
	l.empty("one more")
	if len(l.buckets) > maxBuckets {
		t.Fatalf("remembers %d callers, at most %d allowed", len(l.buckets), maxBuckets)
	}
	if l.empty("busy") == 0 {
		t.Fatal("the busy caller was forgotten before the quiet ones")
	}
}

// Requests that are refused at the same time cost no tokens either.
func TestLimiterChargesNothingForRefusals(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	l := newLimiter(1, 1, func() time.Time { return now })
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5_000 {
				if delay := l.take("a"); delay > time.Second {
					t.Errorf("wait %v, though a token comes every second", delay)
					return
				}
			}
		})
	}
	group.Wait()
	now = now.Add(time.Second)
	if delay := l.take("a"); delay != 0 {
		t.Errorf("after the wait: wait %v", delay)
	}
}
