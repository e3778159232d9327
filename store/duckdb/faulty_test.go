package duckdb_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"

	duck "github.com/duckdb/duckdb-go/v2"
)

// A fault is something that goes wrong at a call of the database.
type fault int

// The faults. Those of a context end the caller's, as a caller does that hangs up.
const (
	hangUpBefore  fault = iota // the context ends before the call
	hangUpAfter                // the context ends when the call is done
	noMemory                   // the statement fails and does nothing
	noMemoryLate               // the statement fails when its work is done
	noMemoryRows               // reading the result fails
	noAppender                 // appending fails
	noConnection               // a connection cannot be opened
	beginFails                 // BEGIN fails and does nothing
	beginLies                  // BEGIN fails, and the transaction has begun all the same
	rollbackFails              // ROLLBACK fails, and the transaction goes on
	rollbackLies               // ROLLBACK fails, and has ended the transaction
	commitFails                // COMMIT fails and rolls back
	commitHangs                // COMMIT fails, and the transaction goes on
	commitLies                 // COMMIT fails, and has taken effect
	fatal                      // the database gives up, and every call fails until it is opened again
	faultKinds
)

var faultNames = [faultKinds]string{"hang-up before", "hang-up after", "no memory", "no memory late", "no memory for rows",
	"no appender", "no connection", "begin fails", "begin lies", "rollback fails", "rollback lies", "commit fails",
	"commit hangs", "commit lies", "fatal"}

// faultScale is what the rates of faults are counted in: a rate of 10 is one call in 1,000.
const faultScale = 10_000

// Faults decide which calls go wrong. The seed repeats the decisions, though not which
// goroutine meets them.
type faults struct {
	on     atomic.Bool
	rates  [faultKinds]int
	counts [faultKinds]atomic.Int64
	mu     sync.Mutex
	random *rand.Rand
}

func newFaults(seed uint64, rates [faultKinds]int) *faults {
	return &faults{rates: rates, random: rand.New(rand.NewPCG(seed, 1))}
}

// happens decides whether the fault happens now, and counts it.
func (f *faults) happens(kind fault) bool {
	if !f.on.Load() {
		return false
	}
	f.mu.Lock()
	happens := f.random.IntN(faultScale) < f.rates[kind]
	f.mu.Unlock()
	if happens {
		f.counts[kind].Add(1)
	}
	return happens
}

// String tells how often each fault happened.
func (f *faults) String() string {
	var all []string
	for kind, name := range faultNames {
		all = append(all, fmt.Sprintf("%s %d", name, f.counts[kind].Load()))
	}
	return strings.Join(all, ", ")
}

// The errors as DuckDB makes them.
var (
	errNoMemory = &duck.Error{Type: duck.ErrorTypeOutOfMemory, Msg: "Out of Memory Error: could not allocate block of size 256.0 KiB (injected)"}
	errAborted  = &duck.Error{Type: duck.ErrorTypeTransaction, Msg: "TransactionContext Error: Current transaction is aborted (please ROLLBACK) (injected)"}
	errCommit   = &duck.Error{Type: duck.ErrorTypeTransaction, Msg: "TransactionContext Error: Failed to commit: could not allocate block of size 256.0 KiB (injected)"}
	errFatal    = &duck.Error{Type: duck.ErrorTypeFatal, Msg: "FATAL Error: Failed: database has been invalidated because of a previous fatal error (injected)"}
)

// hangUpKey is the key of a context's value: the function that ends it.
type hangUpKey struct{}

// hangUp ends the context, if it is a caller's, should the fault happen.
func (f *faults) hangUp(ctx context.Context, kind fault) {
	if end, ok := ctx.Value(hangUpKey{}).(context.CancelFunc); ok && f.happens(kind) {
		end()
	}
}

// A faultyDatabase opens connections that fail at times.
type faultyDatabase struct {
	driver.Connector
	*faults
	invalid atomic.Bool
}

// wrap puts the faults between a store and its database.
func (f *faults) wrap(connector driver.Connector) driver.Connector {
	return &faultyDatabase{Connector: connector, faults: f}
}

func (d *faultyDatabase) Close() error { return d.Connector.(io.Closer).Close() }

func (d *faultyDatabase) Connect(ctx context.Context) (driver.Conn, error) {
	d.hangUp(ctx, hangUpBefore)
	if d.happens(noConnection) {
		return nil, errNoMemory
	}
	conn, err := d.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &faultyConn{Conn: conn.(*duck.Conn), database: d}, nil
}

// A faultyConn is one connection. In a transaction that had an error every statement
// fails until ROLLBACK, as in DuckDB.
type faultyConn struct {
	*duck.Conn
	database *faultyDatabase
	inside   bool // a transaction
	aborted  bool
}

// before returns the error of a call that fails beforehand.
func (c *faultyConn) before(kind fault) error {
	if c.database.happens(fatal) {
		c.database.invalid.Store(true)
	}
	switch {
	case c.database.invalid.Load():
		return errFatal
	case c.aborted:
		return errAborted
	case c.database.happens(kind):
		return c.abort()
	}
	return nil
}

func (c *faultyConn) abort() error {
	c.aborted = c.inside
	return errNoMemory
}

// Own returns the connection of DuckDB itself.
func (c *faultyConn) Own() (driver.Conn, error) { return c.Conn, c.before(noAppender) }

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.database.hangUp(ctx, hangUpBefore)
	if err := c.before(noMemory); err != nil {
		return nil, err
	}
	result, err := c.Conn.ExecContext(ctx, query, args)
	if err == nil && c.database.happens(noMemoryLate) {
		return nil, c.abort()
	}
	c.database.hangUp(ctx, hangUpAfter)
	return result, err
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.database.hangUp(ctx, hangUpBefore)
	if err := c.before(noMemory); err != nil {
		return nil, err
	}
	rows, err := c.Conn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, err
	}
	c.database.hangUp(ctx, hangUpAfter)
	return &faultyRows{rows, c}, nil
}

func (c *faultyConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	c.database.hangUp(ctx, hangUpBefore)
	if err := c.before(beginFails); err != nil {
		return nil, err
	}
	tx, err := c.Conn.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	if c.database.happens(beginLies) {
		return nil, errNoMemory
	}
	c.database.hangUp(ctx, hangUpAfter)
	c.inside = true
	return &faultyTx{tx, c}, nil
}

// A faultyRows fails while it is read.
type faultyRows struct {
	driver.Rows
	conn *faultyConn
}

func (r *faultyRows) Next(dest []driver.Value) error {
	if r.conn.database.happens(noMemoryRows) {
		return r.conn.abort()
	}
	return r.Rows.Next(dest)
}

// A faultyTx is one transaction.
type faultyTx struct {
	driver.Tx
	conn *faultyConn
}

func (t *faultyTx) Rollback() error {
	c := t.conn
	switch {
	case c.database.invalid.Load():
		return errFatal
	case c.database.happens(rollbackFails):
		return errNoMemory
	}
	c.inside, c.aborted = false, false
	err := t.Tx.Rollback()
	if err == nil && c.database.happens(rollbackLies) {
		return errNoMemory
	}
	return err
}

func (t *faultyTx) Commit() error {
	c := t.conn
	if c.database.happens(fatal) {
		c.database.invalid.Store(true)
	}
	switch {
	case c.database.invalid.Load():
		return errFatal
	case c.database.happens(commitHangs):
		return errCommit
	case c.aborted || c.database.happens(commitFails):
		c.inside, c.aborted = false, false
		t.Tx.Rollback()
		return errCommit
	}
	c.inside = false
	err := t.Tx.Commit()
	if err == nil && c.database.happens(commitLies) {
		return errCommit
	}
	return err
}
