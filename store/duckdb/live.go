package duckdb

import (
	"container/list"
	"context"
	"errors"
	"slices"
	"sync"

	"costd.dev/costd"
	"costd.dev/costd/usage"
	usagedb "costd.dev/costd/usage/driver"
)

const (
	// defaultAggregateBytes bounds the aggregates by default: about 250 client-months of
	// 216,000 records each.
	defaultAggregateBytes = 256 << 20
	// maxPendingParts is how many parts wait by default to be added to one aggregate until
	// a report asks for it. Beyond that their days are read anew instead.
	maxPendingParts = 20_000
	// emptyAggregateBytes is about what an aggregate takes that shows nothing.
	emptyAggregateBytes = 4 << 10
	// maxBuilds bounds the aggregates that are made at a time, and so their memory.
	maxBuilds = 2
	// maxJoined is how many months in a row one aggregate may have: 366 days touch 13.
	maxJoined = 13
	// maxRefreshes is how often a read lets the database overtake it before it does
	// without an aggregate.
	maxRefreshes = 5
)

// live keeps the aggregates of the client-months that were read last, within budget bytes.
// Each commit of usage, before it is answered, appends what it changed to the pending list
// of every month that it touches (tell). A reader of an aggregate first applies the pending
// list to it (refresh). So an aggregate shows all usage that was answered, and all or nothing
// of each transaction.
type live struct {
	budget int64
	builds chan struct{}

	mu     sync.Mutex
	months map[clientMonth]*liveMonth
	recent list.List // of *liveMonth, the latest read first
	bytes  int64
	// maxPending is how many parts may wait for one aggregate.
	maxPending int
	// published is the number of the last commit that was told; unknown after a
	// commit of which it is not known whether it took place.
	published int64
	told      chan struct{} // closed when published changes
}

const unknownCommit = -1

// A liveMonth is one client-month of live.
type liveMonth struct {
	clientMonth
	element *list.Element
	// building holds one token: who has it may use builder, aggregate and known.
	building  chan struct{}
	builder   *usage.Builder
	aggregate *usage.Aggregate // nil until it is made
	// The rest is guarded by live.mu.
	pending  []monthChange // what the aggregate does not show yet
	parts    int           // in pending
	bytes    int64         // as counted in live.bytes
	tooLarge bool          // for the budget
}

// A monthChange is what one commit changed in a client-month: parts were added,
// and days changed in other ways too.
type monthChange struct {
	commit int64
	added  []usagedb.Added
	stale  []costd.Day
}

func newLive(budget int64) *live {
	return &live{budget: budget, builds: make(chan struct{}, maxBuilds), months: map[clientMonth]*liveMonth{},
		maxPending: maxPendingParts, told: make(chan struct{})}
}

// errNoAggregate says that a read has to do without an aggregate.
var errNoAggregate = errors.New("no aggregate")

// largest returns the bytes that one aggregate may have.
func (l *live) largest() int64 { return l.budget / 2 }

// month returns the client-month, to be filled if it was not there, or errNoAggregate
// if it is too large.
func (l *live) month(k clientMonth) (*liveMonth, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.published == unknownCommit {
		return nil, errNoAggregate
	}
	m := l.months[k]
	if m == nil {
		m = &liveMonth{clientMonth: k, building: make(chan struct{}, 1), builder: usage.NewBuilder(k.month)}
		m.element = l.recent.PushFront(m)
		l.months[k] = m
		l.resize(m, emptyAggregateBytes)
	}
	l.recent.MoveToFront(m.element)
	if m.tooLarge {
		return nil, errNoAggregate
	}
	return m, nil
}

// resize counts the bytes of m, and drops those that were read longest ago if that
// makes too many. The caller holds mu.
func (l *live) resize(m *liveMonth, bytes int64) {
	l.bytes += bytes - m.bytes
	m.bytes = bytes
	for l.bytes > l.budget && l.recent.Len() > 1 {
		l.drop(l.recent.Back().Value.(*liveMonth))
	}
}

func (l *live) drop(m *liveMonth) {
	l.recent.Remove(m.element)
	delete(l.months, m.clientMonth)
	l.bytes -= m.bytes
}

// take returns what was told of each month and is not in its aggregate, all at one moment,
// and false if one of them was dropped and is told no more.
func (l *live) take(months []*liveMonth) ([][]monthChange, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range months {
		if l.months[m.clientMonth] != m {
			return nil, false
		}
	}
	changes := make([][]monthChange, len(months))
	for i, m := range months {
		changes[i] = m.pending
		m.pending, m.parts = nil, 0
	}
	return changes, true
}

// giveBack undoes take.
func (l *live) giveBack(months []*liveMonth, changes [][]monthChange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, m := range months {
		m.pending = append(changes[i], m.pending...)
		for j := range changes[i] {
			m.parts += len(changes[i][j].added)
		}
	}
}

// fits reports whether the months together leave room for others. Months that do not
// would drop each other at every read.
func (l *live) fits(months []*liveMonth) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	var bytes int64
	for _, m := range months {
		bytes += m.bytes
	}
	return bytes <= l.largest()
}

// built says how large the aggregate of m is now.
func (l *live) built(m *liveMonth, tooLarge bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.months[m.clientMonth] != m {
		return
	}
	bytes := m.builder.Bytes() + emptyAggregateBytes
	if m.tooLarge = tooLarge; tooLarge {
		m.pending, m.parts, bytes = nil, 0, emptyAggregateBytes
	}
	l.resize(m, bytes)
}

// gaveUp reports whether m turned out to be too large. From then on it is told
// nothing, so that an aggregate made of it now would miss what is committed until then.
func (l *live) gaveUp(m *liveMonth) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return m.tooLarge
}

// wait waits until the commit was told.
func (l *live) wait(ctx context.Context, commit int64) error {
	for {
		l.mu.Lock()
		published, told := l.published, l.told
		l.mu.Unlock()
		if published == unknownCommit {
			return errNoAggregate
		}
		if published >= commit {
			return nil
		}
		select {
		case <-told:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// awaitTold waits until all that the snapshot shows was told: whoever is answered
// from it and then from an aggregate must not see less than before.
func (l *live) awaitTold(now *snapshot) error {
	var commit int64
	if err := now.tx.QueryRowContext(now.ctx, "SELECT number FROM commit_count").Scan(&commit); err != nil {
		return err
	}
	if err := l.wait(now.ctx, commit); err != errNoAggregate {
		return err
	}
	return nil // there are no aggregates, and will be none without that commit
}

// reset forgets all aggregates and goes on from the commit.
func (l *live) reset(commit int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.months)
	l.recent.Init()
	l.bytes = 0
	l.publish(commit)
}

// publish sets published. The caller holds mu.
func (l *live) publish(commit int64) {
	l.published = commit
	close(l.told)
	l.told = make(chan struct{})
}

// tell says what a commit changed.
func (l *live) tell(c *changeSet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.months) > 0 {
		wanted := func(k clientMonth) bool { m := l.months[k]; return m != nil && !m.tooLarge }
		for k, change := range c.months(wanted) {
			l.append(l.months[k], *change)
		}
	}
	l.publish(c.commit)
}

// append notes a change of m. The caller holds mu.
func (l *live) append(m *liveMonth, change monthChange) {
	m.pending = append(m.pending, change)
	m.parts += len(change.added)
	if m.parts <= l.maxPending {
		return
	}
	all := monthChange{commit: change.commit}
	for _, c := range m.pending {
		for i := range c.added {
			all.stale = append(all.stale, c.added[i].Day)
		}
		all.stale = append(all.stale, c.stale...)
	}
	slices.Sort(all.stale)
	all.stale = slices.Compact(all.stale)
	m.pending, m.parts = []monthChange{all}, 0
}
