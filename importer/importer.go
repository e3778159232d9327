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
	"iter"

	"costd"
)

// A Row is one record of an input.
type Row struct {
	File   string // as the user named it; "query" for the rows of a query
	Number int64  // of the line or row in the file, from 1; a CSV header counts as a line
	// JSON is the record as one line of JSON, valid until the next row is asked for.
	JSON []byte
	// ID is the record's id where it is known without reading JSON.
	ID string
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
	DefaultBatch  = 10_000
	maxBatchBytes = 8 << 20
)

// An Importer sends records to a server, in their order, one request after the
// other: where two records are known by the same identity the later one wins, so
// requests must not overtake each other. While one is under way the next is read.
type Importer struct {
	// Send delivers records as NDJSON and returns what became of each.
	Send func(ctx context.Context, ndjson []byte) (costd.IngestResult, error)
	// BatchSize is the number of records in a request; 0 means DefaultBatch.
	BatchSize int
	// Reject is told of every record that was not taken, in order.
	Reject func(Rejection) error
	// Progress, if set, is told of the sums after every request.
	Progress func(Summary)
}

// A batch is what one request carries.
type batch struct {
	body  []byte // NDJSON
	rows  []origin
	local []Rejection // rows that could not even be sent
	err   error       // that ended the input after these rows
}

// An origin says where a record of a batch came from.
type origin struct {
	file   string
	number int64
}

func (b *batch) add(r Row) {
	if r.Err != nil {
		b.local = append(b.local, Rejection{File: r.File, Number: r.Number, ID: r.ID, Error: r.Err.Error()})
		return
	}
	b.body = append(append(b.body, r.JSON...), '\n')
	b.rows = append(b.rows, origin{file: r.File, number: r.Number})
}

func (b *batch) full(size int) bool {
	return len(b.rows)+len(b.local) >= size || len(b.body) >= maxBatchBytes
}

// Run sends all rows and returns the sums. After an error the sums are those of
// the requests that were answered; sending everything again is safe, because what
// is already there is unchanged by it.
func (im *Importer) Run(ctx context.Context, rows iter.Seq2[Row, error]) (Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	batches := make(chan *batch, 1)
	go collect(ctx, rows, cmp.Or(im.BatchSize, DefaultBatch), batches)
	defer func() {
		cancel()
		for range batches { // until collect has let go of its files
		}
	}()
	var sum Summary
	for b := range batches {
		if err := im.send(ctx, b, &sum); err != nil {
			return sum, err
		}
		if b.err != nil {
			return sum, b.err
		}
		if im.Progress != nil {
			im.Progress(sum)
		}
	}
	return sum, ctx.Err()
}

// collect puts rows into batches of the given size until the rows or the context end.
func collect(ctx context.Context, rows iter.Seq2[Row, error], size int, batches chan<- *batch) {
	defer close(batches)
	b := new(batch)
	pass := func() bool {
		select {
		case batches <- b:
			b = &batch{body: make([]byte, 0, len(b.body)+len(b.body)/8), rows: make([]origin, 0, len(b.rows))}
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

// send delivers one batch and adds what became of it to sum.
func (im *Importer) send(ctx context.Context, b *batch, sum *Summary) error {
	var result costd.IngestResult
	if len(b.rows) > 0 {
		var err error
		if result, err = im.Send(ctx, b.body); err != nil {
			return err
		}
	}
	sum.Read += int64(len(b.rows) + len(b.local))
	sum.Accepted += int64(result.Accepted)
	sum.Replaced += int64(result.Replaced)
	sum.Unchanged += int64(result.Unchanged)
	sum.Deleted += int64(result.Deleted)
	return im.reject(b, result.Rejected, sum)
}

// reject passes on the rejections of a batch: those made here, then the server's.
func (im *Importer) reject(b *batch, rejected []costd.Rejection, sum *Summary) error {
	all := b.local
	for _, r := range rejected {
		if r.Index < 0 || r.Index >= len(b.rows) {
			return costd.Errorf(costd.Internal, "the server rejected record %d of a request of %d; is it a costd server?", r.Index, len(b.rows))
		}
		from := b.rows[r.Index]
		all = append(all, Rejection{File: from.file, Number: from.number, ID: r.ID, Error: r.Error})
	}
	sum.Rejected += int64(len(all))
	for _, r := range all {
		if err := im.Reject(r); err != nil {
			return err
		}
	}
	return nil
}
