package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/ingest"
)

// A recorder notes what a store has written, in order.
type recorder struct {
	ingest.Writer
	written []costd.Record // the Committer writes one batch at a time
	batches int
}

func (r *recorder) Write(ctx context.Context, records []costd.Record) ([]costd.Outcome, error) {
	runtime.Gosched() // others may come meanwhile
	outcomes, err := r.Writer.Write(ctx, records)
	if err == nil {
		r.written = append(r.written, records...)
		r.batches++
	}
	return outcomes, err
}

// A traffic is what some senders send, each its requests one after the other, and
// what they are answered.
type traffic struct {
	requests [][][]costd.Record // by sender
	outcomes [][][]costd.Outcome
	errs     [][]error
}

// send lets all senders send at once.
func (f *traffic) send(c *ingest.Committer) {
	f.outcomes = make([][][]costd.Outcome, len(f.requests))
	f.errs = make([][]error, len(f.requests))
	var group sync.WaitGroup
	for i, requests := range f.requests {
		group.Go(func() {
			for _, request := range requests {
				outcomes, err := c.Write(context.Background(), request)
				f.outcomes[i] = append(f.outcomes[i], outcomes)
				f.errs[i] = append(f.errs[i], err)
			}
		})
	}
	group.Wait()
}

// check reports what contradicts this: there is an order of all requests, each
// sender's in their own, in which writing them record by record gives the outcomes
// that were answered. The order is the one the store saw.
func (f *traffic) check(t interface{ Fatalf(string, ...any) }, written []costd.Record) {
	next := make([]int, len(f.requests))
	var oracle ledger
	for len(written) > 0 {
		sender := int(written[0].RegionID) // where the test hides it
		request, outcomes := f.next(sender, next)
		if len(request) > len(written) {
			t.Fatalf("sender %d: a request was stored in part", sender)
		}
		for i := range request {
			if written[i].ID != request[i].ID || written[i].RegionID != request[i].RegionID {
				t.Fatalf("sender %d: record %d of its request %d was not stored in its place", sender, i, next[sender]-1)
			}
			if want := oracle.apply(&request[i]); outcomes[i] != want {
				t.Fatalf("sender %d: record %d of its request %d was answered %v, want %v", sender, i, next[sender]-1, outcomes[i], want)
			}
		}
		written = written[len(request):]
	}
	for sender := range f.requests {
		if request, _ := f.next(sender, next); request != nil {
			t.Fatalf("sender %d: a request of %d records was answered but not stored", sender, len(request))
		}
	}
}

// next returns the next request of the sender that was answered without an error.
func (f *traffic) next(sender int, next []int) ([]costd.Record, []costd.Outcome) {
	for next[sender] < len(f.requests[sender]) {
		n := next[sender]
		next[sender]++
		if request := f.requests[sender][n]; f.errs[sender][n] == nil && len(request) > 0 {
			return request, f.outcomes[sender][n]
		}
	}
	return nil, nil
}

func TestCommitterIsSequential(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f traffic
		for sender := range rapid.IntRange(1, 6).Draw(t, "senders") {
			record := rapid.Custom(func(t *rapid.T) costd.Record {
				return costd.Record{Usage: costd.Usage{
					ID: rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "id"), RegionID: int64(sender),
					Name: rapid.SampledFrom([]string{"a", "a", "b", "b", "c", poison}).Draw(t, "name"), Deleted: rapid.IntRange(0, 3).Draw(t, "deleted") == 0,
				}}
			})
			f.requests = append(f.requests, rapid.SliceOfN(rapid.SliceOfN(record, 0, 3), 1, 5).Draw(t, "requests"))
		}
		r := &recorder{Writer: &ledger{}}
		f.send(&ingest.Committer{Store: r, QueueRecords: rapid.SampledFrom([]int{0, 4}).Draw(t, "limit")})
		f.check(t, r.written)
		for sender, errs := range f.errs {
			for n, err := range errs {
				poisoned := slices.ContainsFunc(f.requests[sender][n], func(r costd.Record) bool { return r.Name == poison })
				if code := costd.ErrorCode(err); poisoned && code != costd.Overflow && code != costd.Unavailable || !poisoned && err != nil && code != costd.Unavailable {
					t.Fatalf("sender %d, request %d, poisoned %v: %v", sender, n, poisoned, err)
				}
			}
		}
	})
}

// TestCommitterOnStore is the same on a real store.
func TestCommitterOnStore(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var f traffic
	for sender := range 8 {
		var requests [][]costd.Record
		for range 12 {
			var request []costd.Record
			for range 1 + random.IntN(5) {
				u := usage(costd.Instance, "2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z")
				u.ID, u.Name, u.Deleted = fmt.Sprint(random.IntN(10)), fmt.Sprint(random.IntN(3)), random.IntN(4) == 0
				r, err := ingest.NewRecord(u)
				if err != nil {
					t.Fatal(err)
				}
				if r.RegionID = int64(sender); !r.Deleted {
					r.Name += fmt.Sprint(" of ", sender) // so that content tells regions apart, as the oracle does not
				}
				request = append(request, r)
			}
			requests = append(requests, request)
		}
		f.requests = append(f.requests, requests)
	}
	r := &recorder{Writer: openStore(t)}
	f.send(&ingest.Committer{Store: r})
	f.check(t, r.written)
	if r.batches >= 8*12 {
		t.Errorf("%d writes of %d requests: nothing was merged", r.batches, 8*12)
	}
}
