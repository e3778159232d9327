// Package turns lets so many be at work at the same time, in all and for each owner of
// the work, so that no owner keeps the others from theirs.
package turns

import (
	"context"
	"errors"
	"sync"
)

var (
	// ErrOwner says that the owner has as many turns as one may have.
	ErrOwner = errors.New("the owner has too many turns")
	// ErrAll says that all together have as many turns as there are.
	ErrAll = errors.New("all owners together have too many turns")
)

// Turns are places at work. They are made by New and may be used by several goroutines.
type Turns struct {
	all     chan struct{} // one for each at work
	each    int
	waiting int

	mu     sync.Mutex
	owners map[string]*owner
}

// An owner has work under way or waiting.
type owner struct {
	running chan struct{}
	present int // running and waiting
}

// New returns so many turns in all, and for each owner, of whom at most waiting more wait
// for a turn.
func New(all, each, waiting int) *Turns {
	return &Turns{all: make(chan struct{}, all), each: each, waiting: waiting, owners: map[string]*owner{}}
}

// All returns the number of turns, Each how many of them one owner may have.
func (t *Turns) All() int  { return cap(t.all) }
func (t *Turns) Each() int { return t.each }

// Take waits for a turn of the owner, first come, first served, and returns what gives it
// back. When ctx ends first, or has ended and no turn is free, it returns ErrOwner or
// ErrAll, for what it waited; and ErrOwner at once if too many wait.
func (t *Turns) Take(ctx context.Context, name string) (done func(), err error) {
	o := t.join(name)
	if o == nil {
		return nil, ErrOwner
	}
	if !enter(ctx, o.running) {
		t.leave(name)
		return nil, ErrOwner
	}
	if !enter(ctx, t.all) {
		<-o.running
		t.leave(name)
		return nil, ErrAll
	}
	return func() { <-t.all; <-o.running; t.leave(name) }, nil
}

// enter takes one of the places, and reports whether it did before ctx ended.
func enter(ctx context.Context, places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
	}
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// join notes work of the owner. It returns nil if too much waits already.
func (t *Turns) join(name string) *owner {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.owners[name]
	if o == nil {
		o = &owner{running: make(chan struct{}, t.each)}
		t.owners[name] = o
	}
	if o.present-t.each >= t.waiting {
		return nil
	}
	o.present++
	return o
}

// leave forgets work of the owner, and the owner with the last of it.
func (t *Turns) leave(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.owners[name]
	if o.present--; o.present == 0 {
		delete(t.owners, name)
	}
}
