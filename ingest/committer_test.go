package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/ingest"
)

// A ledger is a store that knows of each record its id and its name, as content.
// It can be held, and fails whole when one record is poison, as stores do.
type ledger struct {
	gate      chan struct{} // each write waits to receive from it; nil: none waits
	perRecord time.Duration // that a write takes for each record
	down      error         // what every write fails with

	mu      sync.Mutex
	known   map[string]string
	written []costd.Record // in their order, over all writes that succeeded
	writes  []int          // sizes of all writes, failed ones too
}

// poison fails the write it is in.
const poison = "poison"

func (l *ledger) Write(ctx context.Context, records []costd.Record) ([]costd.Outcome, error) {
	if l.gate != nil {
		<-l.gate
	}
	time.Sleep(time.Duration(len(records)) * l.perRecord)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes = append(l.writes, len(records))
	if l.down != nil {
		return nil, l.down
	}
	for i := range records {
		switch records[i].Name {
		case poison:
			return nil, costd.Errorf(costd.Overflow, "poison")
		case "panic":
			panic("poison")
		}
	}
	outcomes := make([]costd.Outcome, len(records))
	for i := range records {
		outcomes[i] = l.apply(&records[i])
	}
	l.written = append(l.written, records...)
	return outcomes, nil
}

func (l *ledger) apply(r *costd.Record) costd.Outcome {
	if l.known == nil {
		l.known = map[string]string{}
	}
	content, known := l.known[r.ID]
	if r.Deleted {
		delete(l.known, r.ID)
	} else {
		l.known[r.ID] = r.Name
	}
	switch {
	case r.Deleted && known:
		return costd.Deleted
	case r.Deleted, known && content == r.Name:
		return costd.Unchanged
	case known:
		return costd.Replaced
	}
	return costd.Accepted
}

// names returns the names of what was written, in order.
func (l *ledger) names() string {
	var names []string
	for i := range l.written {
		names = append(names, l.written[i].Name)
	}
	return strings.Join(names, " ")
}

// records returns one record for each name, which is its id too.
func records(names ...string) []costd.Record {
	var list []costd.Record
	for _, name := range names {
		list = append(list, costd.Record{Usage: costd.Usage{ID: name, Name: name}})
	}
	return list
}

// An attempt is a Write under way.
type attempt struct {
	outcomes []costd.Outcome
	err      error
	cancel   context.CancelFunc
	done     atomic.Bool // the test looks while the call goes on
}

// start begins a Write and returns when it waits or is done. It must be called
// within a synctest bubble.
func start(c *ingest.Committer, list []costd.Record) *attempt {
	ctx, cancel := context.WithCancel(context.Background())
	a := &attempt{cancel: cancel}
	go func() {
		a.outcomes, a.err = c.Write(ctx, list)
		a.done.Store(true)
		cancel()
	}()
	synctest.Wait()
	return a
}

// TestCommitterGathers holds the store while others arrive.
func TestCommitterGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{gate: make(chan struct{})}
		var seen []ingest.Written
		c := &ingest.Committer{Store: l, Written: func(w ingest.Written) { seen = append(seen, w) }}
		first := start(c, records("a"))
		others := []*attempt{start(c, records("b", "c")), start(c, records("a")), start(c, records("d"))}
		if q := c.Queue(); q.Requests != 3 || q.Records != 4 || q.Bytes < 4*100 {
			t.Errorf("waiting: %+v", q)
		}
		l.gate <- struct{}{}
		synctest.Wait()
		if !first.done.Load() || others[0].done.Load() {
			t.Error("the first is not answered by the first write alone")
		}
		l.gate <- struct{}{}
		synctest.Wait()
		if !slices.Equal(l.writes, []int{1, 4}) || l.names() != "a b c a d" {
			t.Errorf("writes of %v records: %s", l.writes, l.names())
		}
		if !slices.Equal(others[0].outcomes, []costd.Outcome{costd.Accepted, costd.Accepted}) ||
			!slices.Equal(others[1].outcomes, []costd.Outcome{costd.Unchanged}) {
			t.Errorf("outcomes %v and %v", others[0].outcomes, others[1].outcomes)
		}
		if q := c.Queue(); q != (ingest.Queue{}) {
			t.Errorf("left waiting: %+v", q)
		}
		if len(seen) != 2 || seen[1].Requests != 3 || seen[1].Records != 4 || seen[1].Err != nil {
			t.Errorf("observed %+v", seen)
		}
	})
}

func TestCommitterBoundsBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{gate: make(chan struct{}, 10)}
		c := &ingest.Committer{Store: l, QueueRecords: 3 * costd.MaxBatch, QueueBytes: 1 << 40}
		start(c, records("first"))
		large := make([]costd.Record, costd.MaxBatch/2)
		start(c, large)
		start(c, large)
		start(c, records("one more"))
		wide, text := records("wide", "wider"), strings.Repeat("x", 10<<20)
		for i := range wide { // 120 MiB in all, of the 128 that one write takes
			wide[i].Tags = map[string]string{"1": text, "2": text, "3": text, "4": text, "5": text, "6": text}
		}
		start(c, wide)
		start(c, wide)
		for range 10 {
			l.gate <- struct{}{}
		}
		synctest.Wait()
		if want := []int{1, costd.MaxBatch, 1 + 2, 2}; !slices.Equal(l.writes, want) {
			t.Errorf("writes of %v records, want %v", l.writes, want)
		}
		if a := start(c, make([]costd.Record, costd.MaxBatch+1)); costd.ErrorCode(a.err) != costd.TooLarge {
			t.Errorf("too many: %v", a.err)
		}
		if a := start(c, nil); !a.done.Load() || a.err != nil || len(a.outcomes) != 0 {
			t.Errorf("nothing: %+v", a)
		}
	})
}

// TestCommitterIsolatesFailures merges good requests with ones that fail their
// write.
func TestCommitterIsolatesFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{gate: make(chan struct{})}
		c := &ingest.Committer{Store: l}
		start(c, records("first"))
		var good, bad []*attempt
		for i := range 20 {
			switch i {
			case 3:
				bad = append(bad, start(c, records(poison)))
			case 11:
				bad = append(bad, start(c, records("x", "panic")))
			default:
				good = append(good, start(c, records(fmt.Sprint(i), "shared")))
			}
		}
		close(l.gate)
		synctest.Wait()
		for i, a := range good {
			want := []costd.Outcome{costd.Accepted, costd.Unchanged}
			if i == 0 {
				want[1] = costd.Accepted
			}
			if !a.done.Load() || a.err != nil || !slices.Equal(a.outcomes, want) {
				t.Errorf("good request %d: %v %v", i, a.outcomes, a.err)
			}
		}
		if code := costd.ErrorCode(bad[0].err); code != costd.Overflow {
			t.Errorf("poison: %v", bad[0].err)
		}
		if code := costd.ErrorCode(bad[1].err); code != costd.Internal || !strings.Contains(bad[1].err.Error(), "committer_test.go") {
			t.Errorf("panic: %v", bad[1].err)
		}
		if strings.Contains(l.names(), "x") {
			t.Error("a part of a failed request was stored")
		}
	})
}

// A store that cannot write is not asked again for each request.
func TestCommitterFailsAllWhenStoreIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{gate: make(chan struct{}), down: costd.Errorf(costd.Unavailable, "disk full")}
		c := &ingest.Committer{Store: l}
		attempts := []*attempt{start(c, records("a")), start(c, records("b")), start(c, records("c"))}
		close(l.gate)
		synctest.Wait()
		for _, a := range attempts {
			if costd.ErrorCode(a.err) != costd.Unavailable || !strings.Contains(a.err.Error(), "disk full") {
				t.Errorf("%v", a.err)
			}
		}
		if !slices.Equal(l.writes, []int{1, 2}) {
			t.Errorf("writes of %v records", l.writes)
		}
		l.down = nil
		if a := start(c, records("a")); a.err != nil || !a.done.Load() {
			t.Errorf("after the disk has room again: %+v", a)
		}
	})
}

// Short is a store that breaks its contract.
type short struct{}

func (short) Write(context.Context, []costd.Record) ([]costd.Outcome, error) {
	return []costd.Outcome{costd.Accepted}, nil
}

func TestCommitterChecksOutcomes(t *testing.T) {
	_, err := (&ingest.Committer{Store: short{}}).Write(t.Context(), records("a", "b"))
	if costd.ErrorCode(err) != costd.Internal {
		t.Errorf("too few outcomes: %v", err)
	}
}

func TestCommitterCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{gate: make(chan struct{})}
		c := &ingest.Committer{Store: l}
		running, waiting, patient := start(c, records("running")), start(c, records("waiting")), start(c, records("patient"))
		running.cancel()
		waiting.cancel()
		synctest.Wait()
		for name, a := range map[string]*attempt{"running": running, "waiting": waiting} {
			if !a.done.Load() || !errors.Is(a.err, context.Canceled) || costd.ErrorCode(a.err) != costd.Unavailable {
				t.Errorf("%s: %+v", name, a)
			}
		}
		if patient.done.Load() {
			t.Errorf("one cancellation ended another request: %v", patient.err)
		}
		if q := c.Queue(); q.Requests != 1 || q.Records != 1 {
			t.Errorf("waiting: %+v", q)
		}
		close(l.gate)
		synctest.Wait()
		if l.names() != "running patient" || patient.err != nil {
			t.Errorf("written %s, %v", l.names(), patient.err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := c.Write(ctx, records("late")); !errors.Is(err, context.Canceled) || l.names() != "running patient" {
			t.Errorf("cancelled before: %v, written %s", err, l.names())
		}
	})
}

func TestCommitterBackPressure(t *testing.T) {
	for name, c := range map[string]*ingest.Committer{
		"records": {QueueRecords: 3},
		"bytes":   {QueueBytes: 1600}, // three records of 514
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &ledger{gate: make(chan struct{})}
				c.Store = l
				start(c, records("a"))
				start(c, records("b", "c"))
				if c.Room(t.Context(), "") != nil {
					t.Error("full too soon")
				}
				fits := start(c, records("d"))
				if c.Room(t.Context(), "") == nil || fits.done.Load() {
					t.Errorf("not full: %+v", c.Queue())
				}
				over := start(c, records("e"))
				if !over.done.Load() || costd.ErrorCode(over.err) != costd.Unavailable {
					t.Errorf("over the limit: %+v", over)
				}
				l.gate <- struct{}{}
				synctest.Wait() // b, c and d are being written, nothing waits
				alone := start(c, records("f", "g", "h", "i", "j"))
				close(l.gate)
				synctest.Wait()
				if alone.err != nil || l.names() != "a b c d f g h i j" {
					t.Errorf("alone: %v; written %s", alone.err, l.names())
				}
			})
		})
	}
}

// TestCommitterWaitsForRoom has three requests wait while the queue is full: one until there
// is room, one until its patience ends, and one until its caller leaves.
func TestCommitterWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{gate: make(chan struct{})}
		c := &ingest.Committer{Store: l, QueueRecords: 1, Patience: time.Minute}
		start(c, records("under way"))
		start(c, records("queued"))
		impatient, leaver := start(c, records("impatient")), start(c, records("leaver"))
		leaver.cancel()
		synctest.Wait()
		if !leaver.done.Load() || !errors.Is(leaver.err, context.Canceled) {
			t.Errorf("who leaves: %+v", leaver)
		}
		time.Sleep(time.Minute - 1)
		lucky := start(c, records("lucky"))
		if impatient.done.Load() || lucky.done.Load() {
			t.Errorf("refused too soon: %v, %v", impatient.err, lucky.err)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if !impatient.done.Load() || costd.ErrorCode(impatient.err) != costd.Unavailable {
			t.Errorf("after its patience: %+v", impatient)
		}
		close(l.gate)
		synctest.Wait()
		if lucky.err != nil || l.names() != "under way queued lucky" {
			t.Errorf("who waited for room: %v; written %s", lucky.err, l.names())
		}
	})
}

// TestCommitterSharesBySender fills what one sender may have, beside which another
// sender's single record is taken, and written first.
func TestCommitterSharesBySender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{gate: make(chan struct{})}
		c := &ingest.Committer{Store: l, QueueRecords: 2 * costd.MaxBatch}
		flood, other := ingest.WithSender(t.Context(), "flood"), ingest.WithSender(t.Context(), "other")
		large := make([]costd.Record, costd.MaxBatch/4)
		refused := 0
		send := func() {
			if _, err := c.Write(flood, large); costd.ErrorCode(err) == costd.Unavailable {
				refused++
			}
		}
		for range 32 {
			go send()
			synctest.Wait()
		}
		if q := c.Queue(); refused != 32-1-4 || q.Records != costd.MaxBatch || c.Room(t.Context(), "flood") == nil || c.Room(t.Context(), "other") != nil {
			t.Fatalf("%d of 32 refused, %d records wait", refused, q.Records)
		}
		var err error
		single := false
		go func() {
			_, err = c.Write(other, records("single"))
			single = true
		}()
		synctest.Wait()
		for range 2 { // the write under way, and the next one
			l.gate <- struct{}{}
			synctest.Wait()
		}
		if !single || err != nil {
			t.Errorf("the single record waits for the large requests: %v, %v", single, err)
		}
		close(l.gate)
	})
}

// A slow store takes two seconds for each record.
type slow struct{}

func (slow) Write(_ context.Context, records []costd.Record) ([]costd.Outcome, error) {
	time.Sleep(2 * time.Second * time.Duration(len(records)))
	return make([]costd.Outcome, len(records)), nil
}

// TestCommitterMergesWhatIsWrittenSoon has a store that takes so long for each record, and
// another sender's single record come while large requests wait: it waits for the write
// under way and for a short one of its own, not for all of the large ones.
func TestCommitterMergesWhatIsWrittenSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{perRecord: 50 * time.Microsecond}
		c := &ingest.Committer{Store: l}
		flood, other := ingest.WithSender(t.Context(), "flood"), ingest.WithSender(t.Context(), "other")
		large := make([]costd.Record, 1500)
		for range 6 {
			go func() { _, _ = c.Write(flood, large) }()
			synctest.Wait()
		}
		begin := time.Now()
		if _, err := c.Write(other, records("single")); err != nil {
			t.Error(err)
		}
		took := time.Since(begin)
		time.Sleep(time.Hour) // of the bubble
		synctest.Wait()
		if want := []int{1500, 1501, 1500, 1500, 1500, 1500}; !slices.Equal(l.writes, want) {
			t.Errorf("writes of %v records, want %v: 2000 take as long as one write may", l.writes, want)
		}
		if want := (1500 + 1501) * l.perRecord; took != want {
			t.Errorf("the single record took %v, want %v", took, want)
		}
	})
}

// TestCommitterMergesALittleAlways has a store so slow that a thousand records take long:
// so many are merged all the same.
func TestCommitterMergesALittleAlways(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{perRecord: time.Second}
		c := &ingest.Committer{Store: l}
		start(c, records("first"))
		for range 4 {
			start(c, make([]costd.Record, 500))
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if want := []int{1, 1000, 1000}; !slices.Equal(l.writes, want) {
			t.Errorf("writes of %v records, want %v", l.writes, want)
		}
	})
}

// TestCommitterForetellsItsWait asks at the pace of the latest writes: of two records, and
// of one, which tells less.
func TestCommitterForetellsItsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &ingest.Committer{Store: slow{}}
		if c.Wait() != 0 {
			t.Errorf("nothing waits: %v", c.Wait())
		}
		start(c, records("a", "b"))
		time.Sleep(5 * time.Second)
		start(c, records("c"))
		start(c, records("d", "e", "f"))
		if c.Wait() != 6*time.Second {
			t.Errorf("three records wait: %v", c.Wait())
		}
		time.Sleep(time.Minute)
	})
}

func TestCommitterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{gate: make(chan struct{})}
		c := &ingest.Committer{Store: l}
		attempts := []*attempt{start(c, records("a")), start(c, records("b"))}
		impatient, cancel := context.WithCancel(context.Background())
		cancel()
		if err := c.Close(impatient); costd.ErrorCode(err) != costd.Unavailable {
			t.Errorf("Close without patience: %v", err)
		}
		if late := start(c, records("c")); !late.done.Load() || costd.ErrorCode(late.err) != costd.Unavailable {
			t.Errorf("after Close: %+v", late)
		}
		closed := false
		go func() {
			if err := c.Close(context.Background()); err != nil {
				t.Error(err)
			}
			closed = true
		}()
		synctest.Wait()
		if closed {
			t.Error("Close does not wait")
		}
		close(l.gate)
		synctest.Wait()
		if !closed || attempts[1].err != nil || l.names() != "a b" {
			t.Errorf("closed %v, written %s", closed, l.names())
		}
	})
	if err := (&ingest.Committer{}).Close(t.Context()); err != nil {
		t.Errorf("of an unused one: %v", err)
	}
}

// TestCommitterAlwaysTakesANewSender fills the room there is, each of two senders its
// half. The first request of a third sender is taken all the same, and a second one is not.
func TestCommitterAlwaysTakesANewSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{gate: make(chan struct{})}
		c := &ingest.Committer{Store: l, QueueRecords: 4}
		refused := map[string]int{}
		var mu sync.Mutex // guards refused
		send := func(sender string, names ...string) {
			go func() {
				if _, err := c.Write(ingest.WithSender(t.Context(), sender), records(names...)); err != nil {
					mu.Lock()
					refused[sender]++
					mu.Unlock()
				}
			}()
			synctest.Wait()
		}
		send("one", "under way")
		send("one", "a", "b")
		send("two", "c", "d")
		send("three", "e")
		send("three", "f")
		mu.Lock()
		defer mu.Unlock()
		if q := c.Queue(); q.Records != 5 || len(refused) != 1 || refused["three"] != 1 {
			t.Errorf("%d records wait, refused %v; want 5, and the second of three", q.Records, refused)
		}
		close(l.gate)
	})
}
