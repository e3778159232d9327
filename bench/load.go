package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/client"
)

// connect returns a client that keeps so many connections open.
func connect(url, key string, connections int) *client.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = connections, connections
	// Whoever sends that much waits as long as the server asks to, and goes on.
	return client.New(url, key, client.WithHTTPClient(&http.Client{Transport: transport}), client.WithMaxRetries(100))
}

// A feed hands out batches of a stream to several senders.
type feed struct {
	mu     sync.Mutex
	stream *stream
	size   int   // of a batch, in records
	left   int64 // records to hand out
}

// take returns the next batch in dst, and 0 at the end.
func (f *feed) take(dst []byte) ([]byte, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dst, n := f.stream.batch(dst[:0], int(min(int64(f.size), f.left)))
	f.left -= int64(n)
	return dst, n
}

// A want says what an answer to a batch must be.
type want func(result costd.IngestResult, n int) bool

func allAccepted(r costd.IngestResult, n int) bool  { return r.Accepted == n }
func allReplaced(r costd.IngestResult, n int) bool  { return r.Replaced == n }
func allUnchanged(r costd.IngestResult, n int) bool { return r.Unchanged == n }

// A load says how a stream was taken in.
type load struct {
	records int64
	elapsed time.Duration
	// marks are when each tenth of the records had been answered.
	marks []mark
}

type mark struct {
	records int64
	at      time.Duration
}

// rates returns the records per second of each stretch between marks.
func (l load) rates() (rates []float64) {
	var before mark
	for _, m := range l.marks {
		rates = append(rates, float64(m.records-before.records)/(m.at-before.at).Seconds())
		before = m
	}
	return rates
}

// rate returns the records per second of the whole.
func (l load) rate() float64 { return float64(l.records) / l.elapsed.Seconds() }

// sending is a number of senders at work.
type sending struct {
	c     *client.Client
	feed  *feed
	want  want
	total int64 // records to come, for the marks
	show  func(done int64)

	begin time.Time
	mu    sync.Mutex
	load  load
}

// send lets so many senders send the feed, each one request after the other.
func send(ctx context.Context, c *client.Client, f *feed, senders int, want want, show func(int64)) (load, error) {
	s := &sending{c: c, feed: f, want: want, total: f.left, show: show, begin: time.Now()}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			if err := s.run(ctx); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	s.load.elapsed = time.Since(s.begin)
	return s.load, context.Cause(ctx)
}

// run sends batches until there are no more.
func (s *sending) run(ctx context.Context) error {
	var body []byte
	for {
		var n int
		if body, n = s.feed.take(body); n == 0 {
			return nil
		}
		result, err := s.c.SendNDJSON(ctx, body)
		if err != nil {
			return err
		}
		if !s.want(result, n) {
			return fmt.Errorf("of a batch of %d records the server says %+v", n, result)
		}
		s.note(int64(n))
	}
}

func (s *sending) note(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	const stretches = 10
	before := s.load.records * stretches / s.total
	s.load.records += n
	if s.load.records*stretches/s.total > before {
		s.load.marks = append(s.load.marks, mark{s.load.records, time.Since(s.begin)})
	}
	s.show(s.load.records)
}

// busily calls f again and again, until done is closed or f fails.
func busily(done <-chan struct{}, calls *atomic.Int64, f func() error) error {
	for {
		select {
		case <-done:
			return nil
		default:
		}
		if err := f(); err != nil {
			return errors.Join(err)
		}
		calls.Add(1)
	}
}
