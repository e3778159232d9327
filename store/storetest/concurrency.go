package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// testConcurrency has writers and readers at work at once. Every batch adds ten
// hours, so that whoever sees a part of one, or misses what was written before
// asking, sees it in the sum.
func testConcurrency(t *testing.T, s Stores) {
	const writers, batches, size = 4, 12, 10
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for b := range batches {
				var batch []costd.Record
				for i := range size {
					batch = append(batch, newRecord(fmt.Sprintf("%d-%d-%d", w, b, i), fmt.Sprintf("vm-%d", i), 1, 1))
				}
				// Everybody fights for this one too; it never changes the sum.
				batch = append(batch, newRecord("shared", "vm-0", 2, 1, func(r *costd.Record) { r.Name = fmt.Sprint(w, b) }))
				if _, err := s.Usage.Write(t.Context(), batch); err != nil {
					t.Errorf("Write: %v", err)
				}
				if got := hours(t, s); got%size != 1 || got < int64((b+1)*size+1) {
					t.Errorf("after its batch %d a writer reads %d hours", b, got)
				}
			}
		})
	}
	for range 2 {
		group.Go(func() {
			for last := int64(0); last < writers*batches*size+1 && !t.Failed(); {
				got := hours(t, s)
				if got < last || got%size > 1 {
					t.Errorf("a reader reads %d hours after %d", got, last)
				}
				last = got
			}
		})
	}
	group.Wait()
}

// hours returns the hours of the test client's usage, read in both ways.
func hours(t *testing.T, s Stores) int64 {
	lines, err := s.Usage.Lines(t.Context(), all)
	if err != nil {
		t.Errorf("Lines: %v", err)
	}
	sum := decimal.Rational{}
	for _, line := range lines {
		sum = sum.Add(total(line.Days))
	}
	hours, whole := sum.Mul(decimal.Fraction(1, 60)).Scaled(big.NewInt(1))
	if !whole {
		t.Errorf("%v minutes are no whole hours", sum)
		return 0
	}
	return hours.Int64()
}

// testSnapshot reads a long sequence while what it shows is changed and deleted.
func testSnapshot(t *testing.T, s Stores) {
	const n = 2500
	var records, deletions []costd.Record
	for i := range n {
		r := newRecord("", fmt.Sprintf("vm-%04d", i), 1, 1)
		records, deletions = append(records, r), append(deletions, deletion(r))
	}
	accept(t, s, records...)
	count, seq, err := s.Usage.Resources(t.Context(), all, costd.Page{})
	if err != nil || count != n {
		t.Fatalf("Resources: %d, %v", count, err)
	}
	seen := 0
	for row, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		if want := records[seen].ResourceID; row.ResourceID != want || len(row.Days) != 1 {
			t.Fatalf("row %d is %+v, want %s", seen, row, want)
		}
		if seen++; seen == 10 {
			write(t, s, deletions, every(n, costd.Deleted)...)
		}
	}
	if seen != n {
		t.Errorf("read %d rows, want %d", seen, n)
	}
	holds(t, s)
}

// testOneState reads lines and resources in one call while usage is written: the
// rows always add up to the lines, within a month and over a month's end.
func testOneState(t *testing.T, s Stores) {
	overEnd := all
	overEnd.Period = costd.Period{From: october.From - 5, To: october.To}
	done := make(chan struct{})
	var writer sync.WaitGroup
	defer writer.Wait()
	writer.Go(func() {
		defer close(done)
		for i := range 60 {
			if _, err := s.Usage.Write(t.Context(), []costd.Record{
				newRecord(fmt.Sprint(i), fmt.Sprintf("vm-%d", i%7), i%24, 1),
				newRecord("shared", "vm-0", 2, 1+i%3),
			}); err != nil {
				t.Errorf("Write: %v", err)
			}
		}
	})
	for round := 0; ; round++ {
		select {
		case <-done:
			return
		default:
		}
		if q := []costd.Query{all, overEnd}[round%2]; !addsUp(t, s, q) {
			return
		}
	}
}

// addsUp reports whether the rows of a query add up to its lines.
func addsUp(t *testing.T, s Stores, q costd.Query) bool {
	t.Helper()
	lines, count, seq, err := s.Usage.LinesAndResources(t.Context(), q, costd.Page{})
	if err != nil {
		t.Errorf("LinesAndResources: %v", err)
		return false
	}
	var ofLines, ofRows decimal.Rational
	for _, line := range lines {
		ofLines = ofLines.Add(total(line.Days))
	}
	for row, err := range seq {
		if err != nil {
			t.Errorf("LinesAndResources: %v", err)
			return false
		}
		count--
		ofRows = ofRows.Add(total(row.Days))
	}
	if count != 0 || !ofRows.Equal(ofLines) {
		t.Errorf("the rows of %v have %v minutes, its lines %v; %d rows fewer than counted", q.Period, ofRows, ofLines, count)
		return false
	}
	return true
}

// testBreak leaves a long sequence early, or never reads it, many times over: the
// store must not run out of anything.
func testBreak(t *testing.T, s Stores) {
	var records []costd.Record
	for i := range 2100 {
		records = append(records, newRecord("", fmt.Sprintf("vm-%04d", i), 1, 1))
	}
	accept(t, s, records...)
	for i := range 40 {
		ctx, cancel := context.WithCancel(t.Context())
		_, seq, err := s.Usage.Resources(ctx, all, costd.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range seq {
			if err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				break
			}
			cancel()
			break
		}
		cancel()
	}
	holds(t, s, records...)
}

// testCancellation cancels calls before and while they run.
func testCancellation(t *testing.T, s Stores) {
	a := newRecord("a", "vm-1", 1, 1)
	accept(t, s, a)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"Write": func() error {
			_, err := s.Usage.Write(cancelled, []costd.Record{deletion(a), newRecord("b", "vm-2", 1, 1)})
			return err
		},
		"Lines":     func() error { _, err := s.Usage.Lines(cancelled, all); return err },
		"Resources": func() error { _, _, err := collect(cancelled, s, all, costd.Page{}); return err },
		"Check":     func() error { return s.Usage.Check(cancelled) },
		"Apply":     func() error { _, err := s.Catalog.Apply(cancelled, 0, someEntries()); return err },
		"CreateKey": func() error { return s.Catalog.CreateKey(cancelled, someKey("1")) },
	} {
		if err := call(); costd.ErrorCode(err) != costd.Unavailable || !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context: %v; want Unavailable because of it", name, err)
		}
	}
	holds(t, s, a)
	if entries, version, err := s.Catalog.Entries(t.Context()); err != nil || version != 0 || len(entries.Clients) != 0 {
		t.Errorf("the catalog is %v, version %d, %v", entries, version, err)
	}
	cancelRows(t, s)
	cancelWrites(t, s)
}

// cancelRows ends the context of a page between two of its rows: an error ends them.
func cancelRows(t *testing.T, s Stores) {
	b := newRecord("b", "vm-2", 1, 1)
	accept(t, s, b)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, seq, err := s.Usage.Resources(ctx, all, costd.Page{})
	if err != nil {
		t.Fatal(err)
	}
	var errs []error
	for _, err := range seq {
		errs = append(errs, err)
		cancel()
	}
	if len(errs) != 2 || errs[0] != nil || !errors.Is(errs[1], context.Canceled) {
		t.Errorf("a page that is cancelled after its first row goes on with %v, want one that says so", errs)
	}
	write(t, s, []costd.Record{deletion(b)}, costd.Deleted)
}

// cancelWrites cancels large writes after ever longer times: each is applied as a
// whole or not at all, and the store goes on.
func cancelWrites(t *testing.T, s Stores) {
	var batch, deletions []costd.Record
	for i := range 3000 {
		batch = append(batch, newRecord(fmt.Sprint("many ", i), "vm-2", i%24, 1, func(r *costd.Record) { r.RegionID = 99 }))
		deletions = append(deletions, deletion(batch[i]))
	}
	region := all
	region.Regions = []int64{99}
	for wait := time.Millisecond; wait < 100*time.Millisecond; wait = wait * 3 / 2 {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		_, err := s.Usage.Write(ctx, batch)
		cancel()
		sum := decimal.Rational{}
		for _, line := range lines(t, s, region) {
			sum = sum.Add(total(line.Days))
		}
		want := decimal.Fraction(0, 1)
		if err == nil {
			want = decimal.Fraction(3000*60, 1)
		}
		if !sum.Equal(want) {
			t.Errorf("a write that returned %v left %v minutes", err, sum)
		}
		if err == nil {
			write(t, s, deletions, every(len(deletions), costd.Deleted)...)
		}
	}
}
