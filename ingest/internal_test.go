package ingest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"costd.dev/costd"
)

// TestServiceDecodesInTurn takes the only place to decode away.
func TestServiceDecodesInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Service{Limits: Limits{Decoders: 1}}
		s.start()
		done, err := s.decoders.Take(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		errs := make(chan error, 2)
		ingest := func(ctx context.Context) {
			_, err := s.Ingest(ctx, strings.NewReader("\n"), NDJSON)
			errs <- err
		}
		ctx, cancel := context.WithCancel(t.Context())
		go ingest(ctx)
		go ingest(t.Context())
		synctest.Wait()
		if len(errs) > 0 {
			t.Fatalf("a body was decoded out of turn: %v", <-errs)
		}
		cancel()
		if err := <-errs; costd.ErrorCode(err) != costd.Unavailable || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		done()
		if err := <-errs; err != nil {
			t.Errorf("in its turn: %v", err)
		}
	})
}

// TestServiceLeavesAPlaceToDecode has a sender with many bodies under way: another one's
// body waits for none of them.
func TestServiceLeavesAPlaceToDecode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Service{Limits: Limits{Decoders: 4}}
		s.start()
		flood := WithSender(t.Context(), "flood")
		for range 2 { // decode for ever
			if _, err := s.decoders.Take(flood, "flood"); err != nil {
				t.Fatal(err)
			}
		}
		left, leave := context.WithCancel(flood)
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() {
				_, err := s.Ingest(left, strings.NewReader("\n"), NDJSON)
				errs <- err
			}()
		}
		synctest.Wait()
		if _, err := s.Ingest(WithSender(t.Context(), "other"), strings.NewReader("\n"), NDJSON); err != nil || len(errs) > 0 {
			t.Errorf("another sender: %v; %d bodies of the flood are decoded beside two", err, len(errs))
		}
		leave()
		for range cap(errs) {
			<-errs
		}
	})
}

// TestServiceDecodesWhatFits has a sender come with more than its part of the queue. Beside
// what is queued, no more bodies are decoded than the sender has turns; the others wait.
func TestServiceDecodesWhatFits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := make(gate)
		s := &Service{Store: store, Limits: Limits{Decoders: 4, QueueRecords: 4}}
		const body = `{"id":"1","client_id":1,"project_id":2,"region_id":3,"type":"instance","resource_id":"vm","metric":"m","start":"2026-10-01T00:00:00Z","end":"2026-10-01T01:00:00Z"}`
		errs := make(chan error, 12)
		ingest := func(body io.Reader) {
			go func() {
				_, err := s.Ingest(WithSender(t.Context(), "flood"), body, NDJSON)
				errs <- err
			}()
			synctest.Wait()
		}
		ingest(strings.NewReader(body))
		var ends []*io.PipeWriter
		for range cap(errs) - 1 {
			arriving, sender := io.Pipe()
			ingest(arriving)
			ends = append(ends, sender)
		}
		for _, sender := range ends {
			_, _ = io.WriteString(sender, body)
			_ = sender.Close()
		}
		synctest.Wait()
		if got, want := s.decoded.held()/(recordBytes+partBytes), int64(1+2+2); got != want {
			t.Errorf("%d records are decoded, want %d: one being written, two queued, two in their turn", got, want)
		}
		close(store)
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

// refusals counts the requests that were refused.
type refusals struct{ n int }

func (r *refusals) Refused()                    { r.n++ }
func (r *refusals) Ingested(costd.IngestResult) {}
func (r *refusals) Written(Written)             {}

// TestServiceBoundsBodies has a slow sender hold all the memory there is for
// bodies; Limits allow for one of MaxBody, which is more than a test should take.
func TestServiceBoundsBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusals := &refusals{}
		s := &Service{Observer: refusals}
		s.start()
		s.bodies.limit = 5
		slow, sender := io.Pipe()
		done := make(chan error, 1)
		go func() {
			_, err := s.Ingest(t.Context(), slow, NDJSON)
			done <- err
		}()
		sender.Write([]byte("\n\n\n\n\n"))
		synctest.Wait()
		if len(done) > 0 || s.BodyBytes() != 5 {
			t.Errorf("the slow body holds %d bytes, %d requests are done", s.BodyBytes(), len(done))
		}
		_, err := s.Ingest(t.Context(), strings.NewReader("\n"), NDJSON)
		if costd.ErrorCode(err) != costd.Unavailable || !errors.Is(err, errFull) || s.BodyBytes() != 5 {
			t.Errorf("over the limit: %v, %d bytes held", err, s.BodyBytes())
		}
		if refusals.n != 1 {
			t.Errorf("the observer heard of %d refusals, want 1", refusals.n)
		}
		sender.Close()
		if err := <-done; err != nil || s.BodyBytes() != 0 {
			t.Errorf("the slow body: %v, %d bytes held", err, s.BodyBytes())
		}
		if _, err := s.Ingest(t.Context(), strings.NewReader("\n"), NDJSON); err != nil {
			t.Errorf("when there is room again: %v", err)
		}
	})
}

// A gate holds every write until it is opened.
type gate chan struct{}

func (g gate) Write(_ context.Context, records []costd.Record) ([]costd.Outcome, error) {
	<-g
	return make([]costd.Outcome, len(records)), nil
}

// TestServiceBoundsDecoded has one request hold all the memory there is for records
// while the store writes them; the limit is lowered, as 256 MiB are more than a test
// should take.
func TestServiceBoundsDecoded(t *testing.T) {
	const month = `{"client_id":1,"project_id":2,"region_id":3,"type":"instance","resource_id":"r","metric":"m",` +
		`"start":"2026-10-01T00:00:00Z","end":"2026-11-01T00:00:00Z"}` + "\n"
	synctest.Test(t, func(t *testing.T) {
		store := make(gate)
		s := &Service{Store: store}
		s.start()
		s.decoded.limit = recordBytes + 31*partBytes
		done := make(chan error, 1)
		ingest := func() error {
			_, err := s.Ingest(t.Context(), strings.NewReader(month), NDJSON)
			return err
		}
		go func() { done <- ingest() }()
		synctest.Wait()
		if err := ingest(); costd.ErrorCode(err) != costd.Unavailable || !errors.Is(err, errFull) {
			t.Errorf("beside another: %v", err)
		}
		close(store)
		if err := <-done; err != nil {
			t.Errorf("the first: %v", err)
		}
		if err := ingest(); err != nil || s.decoded.held() != 0 {
			t.Errorf("when there is room again: %v, %d bytes held", err, s.decoded.held())
		}
	})
}

func TestLimitsHoldALargestBody(t *testing.T) {
	s := &Service{Limits: Limits{BodyBytes: 1}}
	s.start()
	if s.bodies.limit <= MaxBody {
		t.Errorf("no body of MaxBody ever gets in: %d bytes", s.bodies.limit)
	}
}

// TestBudgetAllowsOneRequest has a named sender take what one request may take, although
// that is more than half of the budget.
func TestBudgetAllowsOneRequest(t *testing.T) {
	for _, tt := range []struct {
		most, taken int64
		fits        bool
	}{{80, 80, true}, {80, 81, false}, {10, 50, true}, {10, 51, false}} {
		s := &holding{all: &budget{limit: 100, largestRequest: tt.most}, sender: "one"}
		if err := s.take(tt.taken); (err == nil) != tt.fits {
			t.Errorf("%d of 100 bytes, of which one request may take %d: %v", tt.taken, tt.most, err)
		}
	}
}
