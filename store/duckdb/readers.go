package duckdb

import (
	"context"
	"errors"
	"sync"
	"time"

	driver "github.com/duckdb/duckdb-go/v2"
)

// readPatience is how long a checkpoint waits for reads that began before the last
// write. Writes wait as long, and nearly every read is done in less.
const readPatience = 2 * time.Second

// Readers are the reads that have a snapshot now. The zero value has none.
type readers struct {
	mu      sync.Mutex
	running map[chan struct{}]struct{} // each is closed at the end of its read
}

// enter adds a read; leave removes it.
func (r *readers) enter() (leave func()) {
	done := make(chan struct{})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running == nil {
		r.running = map[chan struct{}]struct{}{}
	}
	r.running[done] = struct{}{}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.running, done)
		close(done)
	}
}

// await waits until the reads that run now have ended, or the context.
func (r *readers) await(ctx context.Context) {
	r.mu.Lock()
	var now []chan struct{}
	for done := range r.running {
		now = append(now, done)
	}
	r.mu.Unlock()
	for _, done := range now {
		select {
		case <-done:
		case <-ctx.Done():
			return
		}
	}
}

// heldUp reports whether a checkpoint was refused because of other transactions. While a
// read is older than a write that deleted rows, DuckDB keeps what the write replaced, and
// with it the lock that a checkpoint needs.
func heldUp(err error) bool {
	var failure *driver.Error
	return errors.As(err, &failure) && failure.Type == driver.ErrorTypeTransaction
}
