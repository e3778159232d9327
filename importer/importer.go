// Package importer turns files into usage for a costd server: CSV, NDJSON and
// Parquet as they are, and any table by a query.
//
// An [Input] yields records as lines of NDJSON, one at a time, in the order of
// the files; an [Importer] sends them in batches. Memory does not grow with the
// size of the input. Values are passed on as the text that the file holds, never
// through a floating-point number; what the values mean, and whether they are
// valid, is for the server to say.
package importer

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"

	"costd.dev/costd"
)

// A Row is one record of an input.
type Row struct {
	File   string // as the user named it; "query" for the rows of a query
	Number int64  // of the line or row in the file, from 1; a CSV header counts as a line
	// JSON is the record as one line of JSON, valid until the next row is asked for.
	JSON []byte
	// ID is the record's id where it is known without reading JSON.
	ID string
	// Key is the same for all records that are known by the same identity; 0 where
	// that is not known without reading JSON.
	Key uint64
	// Err, if not nil, says why the row cannot be sent. Rows after it can be.
	Err error
}

// A Rejection is a record that was not taken.
type Rejection struct {
	File   string `json:"file"`
	Number int64  `json:"row"` // of the line or row in the file, from 1
	ID     string `json:"id,omitempty"`
	Error  string `json:"error"` // names the field and the remedy
}

// A Summary counts what became of records. Read is the sum of the others.
type Summary struct {
	Read, Accepted, Replaced, Unchanged, Deleted, Rejected int64
}

// DefaultBatch is the number of records in a request, and maxBatchBytes what they
// come to at most. A server takes more of both; these keep a request well under a
// second, so that progress is seen and a lost answer costs little.
const (
	DefaultBatch  = 20_000
	maxBatchBytes = 12 << 20
)

// An Importer sends records to a server. Where two are known by the same identity the
// later one wins, so that they must not overtake each other: records of one identity go
// the same of two ways, in order, and each way has one request after the other.
type Importer struct {
	// Send delivers records as NDJSON and returns what became of each.
	Send func(ctx context.Context, ndjson []byte) (costd.IngestResult, error)
	// BatchSize is the number of records in a request; 0 means DefaultBatch.
	BatchSize int
	// Reject is told of every record that was not taken, in order.
	Reject func(Rejection) error
	// Warn, if set, is told after the last request of each kind of warning once. What
	// is warned of was taken.
	Warn func(Warning)
	// Progress, if set, is told of the sums after every request.
	Progress func(Summary)
}

// ways is the number of requests at the same time, and ahead that of the batches not
// all of whose requests are answered: a way need not wait for the other one.
const (
	ways  = 2
	ahead = 2
)

// A batch is rows that follow each other, in a request for each way.
type batch struct {
	requests [ways]*request
	count    int      // of rows so far
	local    []placed // rows that could not even be sent
	err      error    // that ended the input after these rows
}

// A placed is a rejection with its place among the rows of a batch.
type placed struct {
	place int
	Rejection
}

// A request is what one request carries, and its answer.
type request struct {
	body []byte // NDJSON
	rows []origin
	done chan struct{} // closed when the fields below are set
	costd.IngestResult
	err error
}

// An origin says where a record of a batch came from.
type origin struct {
	place  int // among the rows of the batch
	file   string
	number int64
}

func (b *batch) add(r Row) {
	b.count++
	if r.Err != nil {
		b.local = append(b.local, placed{b.count, Rejection{File: r.File, Number: r.Number, ID: r.ID, Error: r.Err.Error()}})
		return
	}
	q := b.requests[r.Key%ways]
	q.body = append(append(q.body, r.JSON...), '\n')
	q.rows = append(q.rows, origin{place: b.count, file: r.File, number: r.Number})
}

// full reports whether one of the requests has as many rows as it may have.
func (b *batch) full(size int) bool {
	for _, q := range b.requests {
		if len(q.rows)+len(b.local) >= size || len(q.body) >= maxBatchBytes {
			return true
		}
	}
	return false
}

// newBatch returns an empty batch with room for as much as the one before it has.
func newBatch(before *batch) *batch {
	b := new(batch)
	for i := range b.requests {
		b.requests[i] = &request{done: make(chan struct{})}
		if before != nil {
			q := before.requests[i]
			b.requests[i].body = make([]byte, 0, len(q.body)+len(q.body)/8)
			b.requests[i].rows = make([]origin, 0, len(q.rows))
		}
	}
	return b
}

// Run sends all rows and returns the sums. After an error the sums are those of
// the requests that were answered; sending everything again is safe, because what
// is already there is unchanged by it.
func (im *Importer) Run(ctx context.Context, rows iter.Seq2[Row, error]) (_ Summary, err error) {
	var t tally
	ctx, cancel := context.WithCancel(ctx)
	batches := make(chan *batch, 1)
	go collect(ctx, rows, cmp.Or(im.BatchSize, DefaultBatch), batches)
	defer func() {
		cancel()
		for range batches { // until collect has let go of its files
		}
	}()
	var sending [ways]chan *request
	for i := range sending {
		sending[i] = make(chan *request, ahead)
		go im.send(ctx, sending[i])
	}
	var sent []*batch
	for b := range batches {
		for i, q := range b.requests {
			sending[i] <- q
		}
		if sent = append(sent, b); len(sent) < ahead {
			continue
		}
		b, sent = sent[0], sent[1:]
		if err = im.conclude(b, &t); err != nil {
			break
		}
	}
	for i := range sending {
		close(sending[i])
	}
	for _, b := range sent {
		err = cmp.Or(err, im.conclude(b, &t))
	}
	im.warn(t.warnings)
	return t.Summary, cmp.Or(err, ctx.Err())
}

// collect puts rows into batches of the given size until the rows or the context end.
func collect(ctx context.Context, rows iter.Seq2[Row, error], size int, batches chan<- *batch) {
	defer close(batches)
	b := newBatch(nil)
	pass := func() bool {
		select {
		case batches <- b:
			b = newBatch(b)
			return true
		case <-ctx.Done():
			return false
		}
	}
	for row, err := range rows {
		if err != nil {
			b.err = err
			break
		}
		b.add(row)
		if b.full(size) && !pass() {
			return
		}
	}
	pass()
}

// errNotSent says that a request was not sent because one before it failed.
var errNotSent = errors.New("not sent")

// send sends the requests of one way, until one fails.
func (im *Importer) send(ctx context.Context, requests <-chan *request) {
	var failed error
	for q := range requests {
		if q.err = failed; failed == nil && len(q.rows) > 0 {
			if q.IngestResult, q.err = im.Send(ctx, q.body); q.err != nil {
				failed = errNotSent
			}
		}
		close(q.done)
	}
}

// conclude waits for the answers to a batch and adds what became of it to sum. It
// returns the error that ended the batch, if one did.
func (im *Importer) conclude(b *batch, sum *tally) (err error) {
	var rejected []placed
	var warnings []placedWarning
	for _, q := range b.requests {
		<-q.done
		list, failed := q.conclude(&sum.Summary)
		if failed == nil {
			warnings, failed = q.warnings(warnings)
		}
		rejected, err = append(rejected, list...), cmp.Or(err, failed)
	}
	if err == nil {
		rejected = append(rejected, b.local...)
		sum.Read += int64(len(b.local))
	}
	sum.warn(warnings)
	sum.Rejected += int64(len(rejected))
	slices.SortFunc(rejected, func(a, b placed) int { return cmp.Compare(a.place, b.place) })
	for _, r := range rejected {
		if err := im.Reject(r.Rejection); err != nil {
			return err
		}
	}
	if err = cmp.Or(err, b.err); err == nil && im.Progress != nil {
		im.Progress(sum.Summary)
	}
	return err
}

// conclude adds the answer to the request to sum, but for what was rejected, which it
// returns.
func (q *request) conclude(sum *Summary) (rejected []placed, err error) {
	if q.err != nil {
		return nil, q.err
	}
	sum.Read += int64(len(q.rows))
	sum.Accepted += int64(q.Accepted)
	sum.Replaced += int64(q.Replaced)
	sum.Unchanged += int64(q.Unchanged)
	sum.Deleted += int64(q.Deleted)
	for _, r := range q.Rejected {
		from, err := q.origin(r.Index)
		if err != nil {
			return nil, err
		}
		rejected = append(rejected, placed{from.place, Rejection{File: from.file, Number: from.number, ID: r.ID, Error: r.Error}})
	}
	return rejected, nil
}
