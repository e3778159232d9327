package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"costd.dev/costd"
)

// A Writer stores records as costd.UsageStore says of its Write.
type Writer interface {
	Write(ctx context.Context, records []costd.Record) ([]costd.Outcome, error)
}

// A Committer turns many small writes into few large ones (group commit): while
// one write to the store runs, the records that arrive wait, and together they are
// the next one. A lone sender waits for nobody. What waits is ordered by how many records
// of the same sender wait before it, fewest first; ties keep the order of arrival. So one
// sender's records stay in the order of their arrival, and a single record never waits
// behind the large requests of another sender. No more are merged than the store writes in
// about writeTime, at its latest pace: a record that comes meanwhile waits for that write
// and for its own.
//
// What waits is bounded, in all and by sender (see WithSender). What would go over waits
// for room, for Patience at most, and is refused then. It may be used by several
// goroutines, by pointer; Close makes it stop.
type Committer struct {
	Store Writer
	// QueueRecords and QueueBytes bound what waits, beside the batch being written;
	// 0 means the defaults of Limits.
	QueueRecords int
	QueueBytes   int64
	// Patience is how long records wait for room in the queue; 0 is not at all.
	Patience time.Duration
	// Written, if set, is called after each write to the store.
	Written func(Written)

	mu      sync.Mutex
	waiting []*submission
	queue   Queue            // sums over waiting
	queues  map[string]Queue // the same by sender, of those who wait
	room    chan struct{}    // closed when there is more room; nil if nobody waits for it
	latest  latestWrites     // writes
	idle    chan struct{}    // closed when the running writer ends; nil if none runs
	closed  bool
}

// Written describes one write to the store.
type Written struct {
	Requests int
	Records  int
	Took     time.Duration
	Err      error
}

// A Queue says how much waits to be written.
type Queue struct {
	Requests int
	Records  int
	Bytes    int64 // of memory, roughly
}

// A submission is the records of one Write, and what becomes of them.
type submission struct {
	sender   string
	records  []costd.Record
	bytes    int64
	before   int           // records of the same sender that go first
	done     chan struct{} // closed when the fields below are set
	outcomes []costd.Outcome
	err      error
}

var (
	// errFull is the cause of errors that say that there is no room.
	errFull      = errors.New("full")
	errQueueFull = full("too many records wait to be written; send these again later")
)

// Write stores the records as the store's own Write does, and returns when they
// are durable. It keeps them until then, even if ctx ends first: who sends them
// again changes nothing. It fails with Unavailable when too much waits already, or
// after Close.
func (c *Committer) Write(ctx context.Context, records []costd.Record) (_ []costd.Outcome, err error) {
	defer costd.Wrap(&err, "ingest.Committer.Write")
	s, err := c.enqueue(ctx, records)
	if err != nil {
		return nil, err
	}
	return c.result(ctx, s)
}

// enqueue returns the records as what waits to be written. There may be none.
func (c *Committer) enqueue(ctx context.Context, records []costd.Record) (*submission, error) {
	switch {
	case len(records) > costd.MaxBatch:
		return nil, tooManyRecords()
	case ctx.Err() != nil:
		return nil, interrupted(ctx)
	}
	s := &submission{sender: sender(ctx), records: records, bytes: memory(records), done: make(chan struct{})}
	if len(records) == 0 {
		close(s.done)
		return s, nil
	}
	return s, c.whenRoom(ctx, func() error { return c.submit(s) })
}

// result returns what became of s when it is written. If ctx ends before that, s is taken
// back.
func (c *Committer) result(ctx context.Context, s *submission) ([]costd.Outcome, error) {
	select {
	case <-s.done:
		return s.outcomes, s.err
	case <-ctx.Done():
		c.withdraw(s)
		return nil, interrupted(ctx)
	}
}

func interrupted(ctx context.Context) error {
	return &costd.Error{Code: costd.Unavailable, Message: "the request was ended before it was done; send it again", Err: context.Cause(ctx)}
}

// Room returns when a record more of a sender would be taken. It fails with Unavailable
// if there is no room within Patience.
func (c *Committer) Room(ctx context.Context, sender string) error {
	return c.whenRoom(ctx, func() error {
		if c.full(sender, 1, recordBytes) {
			return errQueueFull
		}
		return nil
	})
}

// whenRoom calls try, again whenever there is more room, until it returns something else
// than errQueueFull. The caller of try holds mu.
func (c *Committer) whenRoom(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Patience, errQueueFull)
	defer cancel()
	for {
		room, err := c.try(try)
		if err != errQueueFull {
			return err
		}
		select {
		case <-room:
		case <-ctx.Done():
			if context.Cause(ctx) == errQueueFull {
				return errQueueFull
			}
			return interrupted(ctx)
		}
	}
}

// try calls f and returns what is closed when there is more room.
func (c *Committer) try(f func() error) (room chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err = f(); err == errQueueFull && c.room == nil {
		c.room = make(chan struct{})
	}
	return c.room, err
}

// makeRoom tells those who wait that there is more room. The caller holds mu.
func (c *Committer) makeRoom() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

// submit queues s and sees to it that somebody writes. The caller holds mu.
func (c *Committer) submit(s *submission) error {
	if c.closed {
		return costd.Errorf(costd.Unavailable, "the server is stopping; send the records again when it is back")
	}
	if c.full(s.sender, len(s.records), s.bytes) {
		return errQueueFull
	}
	c.waiting = append(c.waiting, s)
	c.count(s, 1)
	if c.idle == nil {
		c.idle = make(chan struct{})
		go c.run()
	}
	return nil
}

func full(message string) error {
	return &costd.Error{Code: costd.Unavailable, Message: message, Err: errFull}
}

// full reports whether a request of so many records and bytes has to be refused. An empty
// queue takes anything, since limits below the size of one request must not shut that
// request out for ever. A request without a sender may fill the queue up to its limits. A
// sender may fill half of it, and its first waiting request is taken until the queue holds
// twice its limits, so that no sender can take the room of another.
func (c *Committer) full(sender string, records int, bytes int64) bool {
	mostRecords, mostBytes := orDefault(c.QueueRecords, defaultQueueRecords), orDefault(c.QueueBytes, defaultQueueBytes)
	own := c.queues[sender]
	switch {
	case len(c.waiting) == 0:
		return false
	case sender == "":
		return c.queue.over(records, bytes, mostRecords, mostBytes)
	case own.Requests == 0:
		return c.queue.over(records, bytes, 2*mostRecords, 2*mostBytes)
	}
	return c.queue.over(records, bytes, mostRecords, mostBytes) || own.over(records, bytes, max(1, mostRecords/2), mostBytes/2)
}

// over reports whether the queue with so much more has more than the most.
func (q Queue) over(records int, bytes int64, mostRecords int, mostBytes int64) bool {
	return q.Records+records > mostRecords || q.Bytes+bytes > mostBytes
}

func orDefault[T int | int64](limit, standard T) T {
	if limit <= 0 {
		return standard
	}
	return limit
}

func (c *Committer) count(s *submission, sign int) {
	c.queue.add(s, sign)
	own := c.queues[s.sender]
	own.add(s, sign)
	if own.Requests == 0 {
		delete(c.queues, s.sender)
		return
	}
	if c.queues == nil {
		c.queues = map[string]Queue{}
	}
	c.queues[s.sender] = own
}

func (q *Queue) add(s *submission, sign int) {
	q.Requests += sign
	q.Records += sign * len(s.records)
	q.Bytes += int64(sign) * s.bytes
}

// withdraw takes s back if it still waits; what is being written goes on.
func (c *Committer) withdraw(s *submission) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.waiting, s); i >= 0 {
		c.waiting = slices.Delete(c.waiting, i, i+1)
		c.count(s, -1)
		c.makeRoom()
	}
}

// Queue returns how much waits now.
func (c *Committer) Queue() Queue {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queue
}

// Wait returns how long it will take to write what waits now, as the latest writes went.
func (c *Committer) Wait() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Duration(c.queue.Records) * c.latest.pace()
}

// Close refuses further records and returns when those that wait are written, or
// with Unavailable when ctx ends first.
func (c *Committer) Close(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	idle := c.idle
	c.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return &costd.Error{Code: costd.Unavailable, Op: "ingest.Committer.Close", Message: "records still wait to be written", Err: context.Cause(ctx)}
	}
}

// run writes until nothing waits.
func (c *Committer) run() {
	for batch := c.next(); batch != nil; batch = c.next() {
		c.commit(batch)
	}
}

// next takes from the queue what goes into one write, or ends the run.
func (c *Committer) next() []*submission {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == 0 {
		c.waiting = nil // it may have grown large
		close(c.idle)
		c.idle = nil
		return nil
	}
	c.share()
	most := c.latest.most()
	n, records, bytes := 0, 0, int64(0)
	for _, s := range c.waiting {
		records, bytes = records+len(s.records), bytes+s.bytes
		if n > 0 && (records > most || bytes > maxBatchBytes) {
			break
		}
		n++
	}
	batch := slices.Clone(c.waiting[:n])
	c.waiting = slices.Delete(c.waiting, 0, n)
	for _, s := range batch {
		c.count(s, -1)
	}
	c.makeRoom()
	return batch
}

// share puts what waits in order by the number of records that its sender has before it.
func (c *Committer) share() {
	if len(c.queues) < 2 {
		return
	}
	before := make(map[string]int, len(c.queues))
	for _, s := range c.waiting {
		s.before = before[s.sender]
		before[s.sender] += len(s.records)
	}
	slices.SortStableFunc(c.waiting, func(a, b *submission) int { return cmp.Compare(a.before, b.before) })
}

// commit writes a batch and answers everyone in it. A store that cannot write now
// fails them all; any other failure may be the fault of one, so each half of the
// batch is written by itself, down to the one that fails alone.
func (c *Committer) commit(batch []*submission) {
	outcomes, err := c.write(batch)
	if err != nil && len(batch) > 1 && costd.ErrorCode(err) != costd.Unavailable {
		half := len(batch) / 2
		c.commit(batch[:half])
		c.commit(batch[half:])
		return
	}
	for _, s := range batch {
		if s.err = err; err == nil {
			s.outcomes, outcomes = outcomes[:len(s.records)], outcomes[len(s.records):]
		}
		close(s.done)
	}
}

// write hands a batch to the store. No caller's context ends it, as others wait
// for it too; and a panic fails the batch, not the process.
func (c *Committer) write(batch []*submission) (outcomes []costd.Outcome, err error) {
	records := merge(batch)
	start := time.Now()
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
		took := time.Since(start)
		c.mu.Lock()
		c.latest.add(len(records), took)
		c.mu.Unlock()
		if c.Written != nil {
			c.Written(Written{Requests: len(batch), Records: len(records), Took: took, Err: err})
		}
	}()
	outcomes, err = c.Store.Write(context.Background(), records)
	if err == nil && len(outcomes) != len(records) {
		err = fmt.Errorf("the store returned %d outcomes of %d records", len(outcomes), len(records))
	}
	return outcomes, err
}

// merge returns the records of a batch in one list.
func merge(batch []*submission) []costd.Record {
	if len(batch) == 1 {
		return batch[0].records
	}
	n := 0
	for _, s := range batch {
		n += len(s.records)
	}
	records := make([]costd.Record, 0, n)
	for _, s := range batch {
		records = append(records, s.records...)
	}
	return records
}
