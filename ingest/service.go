package ingest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"runtime"
	"sync"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/internal/turns"
)

// A Service takes usage into a store, through a Committer of its own. It may be
// used by several goroutines, by pointer. Store must be set; the rest need not.
type Service struct {
	Store    Writer
	Limits   Limits
	Observer Observer
	// Catalog has what results warn of the lack of; without it they warn of nothing.
	Catalog Catalog
	// Now is the clock that tells what lies in the future; nil is time.Now.
	Now func() time.Time

	once      sync.Once
	committer Committer
	known     known
	bodies    budget
	decoded   budget       // of the records of all requests, until they are written
	decoders  *turns.Turns // by sender
}

// An Observer hears what a Service does, for metrics. Its methods are called from
// several goroutines and should return at once.
type Observer interface {
	// Ingested tells of a request that was answered with a result.
	Ingested(costd.IngestResult)
	// Refused tells of a request that was refused because a limit was reached.
	Refused()
	// Written tells of a write to the store.
	Written(Written)
}

func (s *Service) start() {
	s.once.Do(func() {
		s.committer = Committer{Store: s.Store, QueueRecords: s.Limits.QueueRecords, QueueBytes: s.Limits.QueueBytes, Patience: cmp.Or(s.Limits.Patience, defaultPatience)}
		if s.Observer != nil {
			s.committer.Written = s.Observer.Written
		}
		s.bodies.limit = max(orDefault(s.Limits.BodyBytes, defaultBodyBytes), MaxBody+1)
		s.bodies.largestRequest = MaxBody + 1
		s.decoded.limit, s.decoded.largestRequest = decodedBytes, requestBytes
		decoders := orDefault(s.Limits.Decoders, 2*runtime.GOMAXPROCS(0))
		s.decoders = turns.New(decoders, (decoders+1)/2, math.MaxInt)
	})
}

// Ingest decodes a body and stores its records. What the result does not reject is
// durable. An error means that nothing was stored, as far as is known: those of
// Decode, those of the store, and Unavailable where a limit was reached or ctx
// ended.
func (s *Service) Ingest(ctx context.Context, body io.Reader, format Format) (_ costd.IngestResult, err error) {
	defer costd.Wrap(&err, "ingest.Ingest")
	g, err := grammarOf(format)
	if err != nil {
		return costd.IngestResult{}, err
	}
	return s.ingest(ctx, body, g)
}

// IngestEvent is Ingest for a CloudEvent in binary mode: body is its data, one
// record, and attributes are the others by their names, the content type being
// "datacontenttype".
func (s *Service) IngestEvent(ctx context.Context, attributes map[string]string, body io.Reader) (_ costd.IngestResult, err error) {
	defer costd.Wrap(&err, "ingest.IngestEvent")
	return s.ingest(ctx, body, binary(attributes))
}

// Write stores at most costd.MaxBatch records of a caller that is trusted, such as the
// demo: it judges each record as Ingest does, but bounds neither what all callers hold in
// memory nor the parts of the records, and tells the Observer of no refusal.
func (s *Service) Write(ctx context.Context, usages []costd.Usage) (_ costd.IngestResult, err error) {
	defer costd.Wrap(&err, "ingest.Write")
	if len(usages) > costd.MaxBatch {
		return costd.IngestResult{}, tooManyRecords()
	}
	s.start()
	w, err := s.warner(ctx)
	if err != nil {
		return costd.IngestResult{}, err
	}
	b := newBatch(len(usages), w)
	for i := range usages {
		b.add(i, func(u *costd.Usage) error { *u = usages[i]; return nil })
	}
	waiting, err := s.committer.enqueue(ctx, b.records)
	if err != nil {
		return costd.IngestResult{}, err
	}
	return s.result(ctx, b, waiting)
}

// Queue returns how much waits to be written.
func (s *Service) Queue() Queue {
	s.start()
	return s.committer.Queue()
}

// Wait returns how long a refused request should wait: what it takes to write what waits
// now, at the pace of the last write.
func (s *Service) Wait() time.Duration {
	s.start()
	return s.committer.Wait()
}

// BodyBytes returns the size of all bodies under way.
func (s *Service) BodyBytes() int64 { return s.bodies.held() }

// Close refuses further records and returns when those that wait are written, or
// with Unavailable when ctx ends first.
func (s *Service) Close(ctx context.Context) error {
	s.start()
	return s.committer.Close(ctx)
}

func (s *Service) ingest(ctx context.Context, from io.Reader, g grammar) (_ costd.IngestResult, err error) {
	s.start()
	defer func() {
		if s.Observer != nil && errors.Is(err, errFull) {
			s.Observer.Refused()
		}
	}()
	if err := s.committer.Room(ctx, sender(ctx)); err != nil { // before any work is spent on it
		return costd.IngestResult{}, err
	}
	body := &body{from: from, holding: holding{all: &s.bodies, sender: sender(ctx)}}
	defer body.release() // when the records are written, for they share its memory
	text, err := readAll(body)
	if err != nil {
		return costd.IngestResult{}, err
	}
	records := &holding{all: &s.decoded, sender: sender(ctx)}
	defer records.release()
	b, waiting, err := s.enqueue(ctx, text, g, records)
	if err != nil {
		return costd.IngestResult{}, err
	}
	return s.result(ctx, b, waiting)
}

// enqueue decodes a body, when it is its turn, and queues its valid records. It keeps its
// turn until they are queued, so that a sender whose queue is full does not have bodies
// decoded that nobody can take.
func (s *Service) enqueue(ctx context.Context, text string, g grammar, held *holding) (*batch, *submission, error) {
	done, err := s.turn(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	b, err := s.decode(ctx, text, g, held)
	if err != nil {
		return nil, nil, err
	}
	waiting, err := s.committer.enqueue(ctx, b.records)
	return b, waiting, err
}

// turn waits for a turn to decode and returns what gives it back.
func (s *Service) turn(ctx context.Context) (done func(), err error) {
	patient, cancel := context.WithTimeout(ctx, s.committer.Patience)
	defer cancel()
	done, err = s.decoders.Take(patient, sender(ctx))
	switch {
	case err == nil:
		return done, nil
	case ctx.Err() != nil:
		return nil, interrupted(ctx)
	}
	return nil, errQueueFull
}

// decode decodes and judges the records of a body. What they become in memory is taken of
// held: a short text may become 32 parts.
func (s *Service) decode(ctx context.Context, text string, g grammar, held *holding) (*batch, error) {
	texts, err := g.cut(text)
	if err != nil {
		return nil, err
	}
	w, err := s.warner(ctx)
	if err != nil {
		return nil, err
	}
	b := newBatch(len(texts), w)
	var d decoder
	owed := int64(0)
	for i, text := range texts {
		parts := b.add(i, func(u *costd.Usage) error { return g.read(&d, text, u) })
		if owed += recordBytes + int64(parts)*partBytes; owed >= chunkSize || i == len(texts)-1 {
			if err := held.take(owed); err != nil {
				return nil, err
			}
			owed = 0
		}
		if b.parts > MaxParts {
			return nil, costd.Errorf(costd.TooLarge, "the records are parts of more than %d days in all, counting each day of each record; send fewer records at once", MaxParts)
		}
	}
	return b, nil
}

// result returns what became of the records of a batch, when those that wait are written.
func (s *Service) result(ctx context.Context, b *batch, waiting *submission) (costd.IngestResult, error) {
	result := costd.IngestResult{Rejected: b.rejected, Warnings: b.warnings()}
	outcomes, err := s.committer.result(ctx, waiting)
	if err != nil {
		return costd.IngestResult{}, err
	}
	for _, outcome := range outcomes {
		*counter(&result, outcome)++
	}
	if s.Observer != nil {
		s.Observer.Ingested(result)
	}
	return result, nil
}

func counter(r *costd.IngestResult, outcome costd.Outcome) *int {
	switch outcome {
	case costd.Replaced:
		return &r.Replaced
	case costd.Unchanged:
		return &r.Unchanged
	case costd.Deleted:
		return &r.Deleted
	}
	return &r.Accepted
}

// A batch is the records of one request, the valid ones and the others.
type batch struct {
	records  []costd.Record
	rejected []costd.Rejection
	parts    int // of all records
	*warner
}

func newBatch(n int, w *warner) *batch {
	return &batch{records: make([]costd.Record, 0, n), rejected: []costd.Rejection{}, warner: w}
}

// add lets read make the record at the given place of the request, judges it, and
// returns its number of parts. A record is large, so it is made where it stays.
func (b *batch) add(index int, read func(*costd.Usage) error) (parts int) {
	n := len(b.records)
	b.records = append(b.records, costd.Record{})
	r := &b.records[n]
	err := read(&r.Usage)
	id := r.ID // of a valid deletion only the identity is left
	if err == nil {
		err = judge(r)
	}
	if err != nil {
		b.rejected = append(b.rejected, rejection(index, id, err))
		b.records = b.records[:n]
		return 0
	}
	b.look(index, &r.Usage)
	b.parts += len(r.Parts)
	return len(r.Parts)
}

func rejection(index int, id string, err error) costd.Rejection {
	r := costd.Rejection{Index: index, ID: id, Error: "internal error"}
	if len(id) > maxID {
		r.ID = "" // it is what is wrong, and of any length
	}
	if e, ok := errors.AsType[*costd.Error](err); ok {
		r.Error = e.Message
	}
	return r
}
