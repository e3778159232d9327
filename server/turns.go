package server

import (
	"context"
	"strconv"
	"sync"
	"time"

	"costd.dev/costd"
)

// Bounds of the reports under way, unless a Config says others. All of them together
// leave 8 of the 32 reads that the store runs at the default --memory-limit to the figures
// and to checks. With a smaller limit the store runs fewer reads than there are reports,
// and reports wait for it. Readiness and writes use other connections. A client has
// half, with all of its keys, so that another one always finds a turn.
const (
	defaultReports       = 24
	defaultReportsPerKey = 12
)

// maxWaiting bounds the reports of one payer that wait for a turn: as many as come at
// once by the default burst of the rate limit.
const maxWaiting = 400

// defaultReportWait is how long a report waits for a turn before it is refused. Reports
// after a start, when every month is read anew, take seconds on a busy machine.
const defaultReportWait = 30 * time.Second

// turns let so many reports be under way at the same time, in all and for each payer.
// A report waits a little for its turn, since most reports take milliseconds.
type turns struct {
	all      chan struct{} // one for each report under way
	perPayer int
	wait     time.Duration

	mu     sync.Mutex
	payers map[string]*payerTurns
}

// payerTurns are the turns of one client, or of one operator's key, while it has reports
// under way or waiting.
type payerTurns struct {
	running chan struct{}
	reports int // running and waiting
}

func newTurns(all, perPayer int, wait time.Duration) *turns {
	return &turns{all: make(chan struct{}, all), perPayer: perPayer, wait: wait, payers: map[string]*payerTurns{}}
}

// take waits for a turn of the payer and returns what gives it back. It returns TooMany
// if the payer has too many reports under way, Unavailable if all together have.
func (t *turns) take(ctx context.Context, payer string) (done func(), err error) {
	k := t.join(payer)
	if k == nil {
		return nil, t.tooMany()
	}
	ctx, cancel := context.WithTimeout(ctx, t.wait)
	defer cancel()
	if !enter(ctx, k.running) {
		t.leave(payer)
		return nil, t.tooMany()
	}
	if !enter(ctx, t.all) {
		<-k.running
		t.leave(payer)
		return nil, costd.Errorf(costd.Unavailable, "%d reports are under way, as many as the server makes at a time; try again later", cap(t.all))
	}
	return func() { <-t.all; <-k.running; t.leave(payer) }, nil
}

func (t *turns) tooMany() error {
	return costd.Errorf(costd.TooMany, "%d reports of this client are under way, with whatever keys; read their answers first", t.perPayer)
}

// enter takes one of the places, and reports whether it did before ctx ended.
func enter(ctx context.Context, places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// join notes a report of the payer. It returns nil if too many wait already.
func (t *turns) join(payer string) *payerTurns {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.payers[payer]
	if k == nil {
		k = &payerTurns{running: make(chan struct{}, t.perPayer)}
		t.payers[payer] = k
	}
	if k.reports >= t.perPayer+maxWaiting {
		return nil
	}
	k.reports++
	return k
}

// leave forgets a report of the payer, and the payer with its last report.
func (t *turns) leave(payer string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.payers[payer]
	if k.reports--; k.reports == 0 {
		delete(t.payers, payer)
	}
}

// seconds returns d as the header Retry-After has it, rounded up.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
