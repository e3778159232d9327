package duckdb

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"math"
	"math/big"
	"slices"
	"strings"
)

// openPools returns two pools of connections to one database: one for the reads of
// callers, which fitReads bounds, and one for the store itself. Whoever has the write token
// takes connections from the second one alone: waiting for callers who read would make
// every write, and Close, wait for them too.
func openPools(connector sqldriver.Connector) (reads, own *sql.DB) {
	reads = sql.OpenDB(connector)
	// The first pool closes the connector, and with it the database.
	return reads, sql.OpenDB(struct{ sqldriver.Connector }{connector})
}

// readPool and ownPool return the pools, for those who choose before they know which
// database is open.
func (e *engine) readPool() *sql.DB { return e.reads }
func (e *engine) ownPool() *sql.DB  { return e.own }

// readMemory is the memory, in bytes, that a read of the database may take before it
// uses temporary files: some hash tables and the blocks that it scans. As many reads at
// a time as fit the limit share it; with more of them, each could fail for the others.
const readMemory = 15 << 20

// minConnections lets a short read pass a long one, however small the memory is.
const minConnections = 2

// fitReads bounds the reads at the same time by the memory that the database may use.
func (e *engine) fitReads(ctx context.Context) error {
	var limit string // such as "488.2 MiB": DuckDB tells it as a text only
	if err := e.writer.QueryRowContext(ctx, "SELECT current_setting('memory_limit')").Scan(&limit); err != nil {
		return err
	}
	n := max(min(parseBytes(limit)/readMemory, maxConnections), minConnections)
	e.places = make(places, n)
	e.reads.SetMaxOpenConns(int(n))
	e.reads.SetMaxIdleConns(int(n))
	return nil
}

// parseBytes returns the bytes of a size as DuckDB writes it, or the greatest number
// for one that it does not know.
func parseBytes(size string) int64 {
	digits, unit, _ := strings.Cut(size, " ")
	number, ok := new(big.Rat).SetString(digits)
	exponent := slices.Index([]string{"bytes", "KiB", "MiB", "GiB"}, unit)
	if !ok || exponent < 0 {
		return math.MaxInt64 // terabytes
	}
	number.Mul(number, new(big.Rat).SetInt64(1<<(10*exponent)))
	return new(big.Int).Quo(number.Num(), number.Denom()).Int64()
}

// beginRead begins a read transaction on a connection of the pool. The context bounds
// the wait for the connection only: BEGIN itself must not be cancelled, because DuckDB
// may have begun the transaction when the driver reports the cancellation, and the pool
// would hand out the connection again inside that transaction.
//
// end rolls the transaction back and returns the connection to the pool, or closes the
// connection if the rollback fails.
func (e *engine) beginRead(ctx context.Context, pool *sql.DB) (conn *sql.Conn, tx *sql.Tx, end func(), err error) {
	conn, leave, err := e.connect(ctx, pool)
	if err != nil {
		return nil, nil, nil, err
	}
	if tx, err = conn.BeginTx(context.WithoutCancel(ctx), nil); err != nil {
		discard(conn)
		leave()
		return nil, nil, nil, err
	}
	return conn, tx, func() {
		defer leave()
		if e.rollback(conn, tx) != nil {
			discard(conn)
			return
		}
		conn.Close()
	}, nil
}

// connect takes a connection of the pool. Reads of callers wait for a place before,
// because the pool itself gives a free connection to any of those who wait: where many
// wait, one could wait for minutes. leave gives the place back after the connection.
func (e *engine) connect(ctx context.Context, pool *sql.DB) (conn *sql.Conn, leave func(), err error) {
	leave = func() {}
	if pool == e.reads {
		if err := e.places.enter(ctx); err != nil {
			return nil, nil, err
		}
		leave = e.places.leave
	}
	if conn, err = pool.Conn(ctx); err != nil {
		leave()
		return nil, nil, err
	}
	return conn, leave, nil
}

// places are given to those who wait for one in the order in which they came, as Go
// does it for those who send to a channel.
type places chan struct{}

// enter takes a place. It returns the error of a context that ends before.
func (p places) enter(ctx context.Context) error {
	select {
	case p <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave gives a place back.
func (p places) leave() { <-p }

// rollback ends the transaction of the connection.
func (e *engine) rollback(conn *sql.Conn, tx *sql.Tx) error {
	err := tx.Rollback()
	if e.afterRollback != nil {
		err = e.afterRollback(conn)
	}
	return err
}

// writerConn returns the connection that writes, and opens one if the last one was
// discarded. The caller holds the write token.
func (e *engine) writerConn(ctx context.Context) (_ *sql.Conn, err error) {
	if e.writer == nil {
		e.writer, err = e.own.Conn(ctx)
	}
	return e.writer, err
}

// discardWriter closes the connection that writes, after a BEGIN, COMMIT or ROLLBACK
// that failed: it may be inside a transaction that nothing can end any more. DuckDB
// rolls that transaction back when the connection closes.
func (e *engine) discardWriter() {
	if e.writer != nil {
		discard(e.writer)
		e.writer = nil
	}
}

// discard closes a connection for good instead of returning it to its pool.
func discard(conn *sql.Conn) {
	conn.Raw(func(any) error { return sqldriver.ErrBadConn }) // its error is the one given here
	conn.Close()
}
