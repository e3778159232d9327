package usage

import (
	"container/list"
	"context"
	"sync"

	"costd.dev/costd"
)

const (
	// DefaultCacheBytes holds about 250 client-months of 216,000 records each.
	DefaultCacheBytes = 256 << 20
	// emptyMonthBytes is about what a month takes in the cache that shows nothing.
	emptyMonthBytes = 4 << 10
)

// A cache keeps the aggregates of the client-months that were read last, within budget bytes.
type cache struct {
	budget int64

	mu     sync.Mutex
	months map[costd.ClientMonth]*month
	recent list.List // of *month, the latest read first
	bytes  int64
}

// A month is one client-month of the cache.
type month struct {
	costd.ClientMonth
	element *list.Element
	bytes   int64 // as counted in cache.bytes; guarded by cache.mu
	// building holds one token, which a goroutine needs to use the fields below.
	building  chan struct{}
	builder   *Builder
	aggregate *Aggregate
	revision  int64 // of the aggregate; 0 before there is one
	tooLarge  bool  // for the budget
}

func newCache(budget int64) *cache {
	return &cache{budget: budget, months: map[costd.ClientMonth]*month{}}
}

// largest returns the bytes that one aggregate may have: of the default budget, what a month
// of 50,000 resources takes.
func (c *cache) largest() int64 { return c.budget / 4 * 3 }

// month returns a client-month, which is empty if it was not in the cache.
func (c *cache) month(k costd.ClientMonth) *month {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.months[k]
	if m == nil {
		m = &month{ClientMonth: k, building: make(chan struct{}, 1)}
		m.reset()
		m.element = c.recent.PushFront(m)
		c.months[k] = m
		c.resize(m, emptyMonthBytes)
	}
	c.recent.MoveToFront(m.element)
	return m
}

// reset empties a month.
func (m *month) reset() {
	m.builder = NewBuilder(m.Month)
	m.aggregate, m.revision = m.builder.Finish(), 0
}

// built counts the bytes that m takes now, unless the cache has dropped it.
func (c *cache) built(m *month) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.months[m.ClientMonth] == m {
		c.resize(m, m.builder.Bytes()+emptyMonthBytes)
	}
}

// resize counts the bytes of m, and drops those that were read longest ago if that makes
// too many. The caller holds mu.
func (c *cache) resize(m *month, bytes int64) {
	c.bytes += bytes - m.bytes
	m.bytes = bytes
	for c.bytes > c.budget && c.recent.Len() > 1 {
		c.drop(c.recent.Back().Value.(*month))
	}
}

func (c *cache) drop(m *month) {
	c.recent.Remove(m.element)
	delete(c.months, m.ClientMonth)
	c.bytes -= m.bytes
}

// fits reports whether the months together leave room for others. Months that do not would
// drop each other at every read.
func (c *cache) fits(months []*month) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	var bytes int64
	for _, m := range months {
		bytes += m.bytes
	}
	return bytes <= c.largest()
}

// clear drops everything.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.months {
		c.drop(m)
	}
}

// size returns the bytes of everything.
func (c *cache) size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

// while calls f with the token building.
func (m *month) while(ctx context.Context, f func() error) error {
	select {
	case m.building <- struct{}{}:
	case <-ctx.Done():
		return requestEnded(ctx)
	}
	defer func() { <-m.building }()
	return f()
}

// whileAll calls f with the tokens of all months, which ascend: reads that take them in one
// order never wait for each other in a circle.
func whileAll(ctx context.Context, months []*month, f func() error) error {
	if len(months) == 0 {
		return f()
	}
	return months[0].while(ctx, func() error { return whileAll(ctx, months[1:], f) })
}
