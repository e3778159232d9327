package duckdb

import (
	"context"
	"database/sql"
	"sync"

	"costd"
)

var errClosed = costd.Errorf(costd.Unavailable, "the store is closed")

// write runs f in the one transaction that may write at a time, and commits it
// unless f returns an error. Waiting for its turn ends with the context.
func (db *DB) write(ctx context.Context, f func(*sql.Tx) error) error {
	return db.writeThen(ctx, f, func() {})
}

// writeThen is write, and calls then after the commit and before the next write.
func (db *DB) writeThen(ctx context.Context, f func(*sql.Tx) error, then func()) error {
	select {
	case db.writing <- struct{}{}:
	case <-ctx.Done():
		return storeError(ctx.Err())
	case <-db.closing.Done():
		return errClosed
	}
	defer func() { <-db.writing }()
	if db.isClosed() {
		return errClosed
	}
	err := transact(ctx, db.writer, f)
	db.unwell.Store(err != nil && refusedByDisk(err))
	if err == nil {
		then()
	}
	return storeError(err)
}

// transact runs f in a transaction of the connection. The context is for the
// statements: given to the transaction, its end would cost the connection too.
func transact(ctx context.Context, conn *sql.Conn, f func(*sql.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return err
	}
	if err = f(tx); err == nil {
		err = ctx.Err()
	}
	if err != nil {
		tx.Rollback() // the first error tells more
		return err
	}
	return tx.Commit()
}

// A snapshot is what a read sees: the state of the database when it began.
type snapshot struct {
	ctx     context.Context // of the caller, and ended by Close
	tx      *sql.Tx
	release func() // may be called more than once
}

// begin returns a snapshot. It is released at the latest when the context ends.
func (db *DB) begin(ctx context.Context) (*snapshot, error) {
	db.reading.RLock()
	if db.isClosed() {
		db.reading.RUnlock()
		return nil, errClosed
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(db.closing, cancel)
	tx, err := db.db.BeginTx(ctx, nil)
	release := sync.OnceFunc(func() {
		if tx != nil {
			tx.Rollback() // a read leaves nothing to commit
		}
		stop()
		cancel()
		db.reading.RUnlock()
	})
	if err != nil {
		release()
		return nil, storeError(err)
	}
	context.AfterFunc(ctx, release)
	return &snapshot{ctx: ctx, tx: tx, release: release}, nil
}

// read runs f on a snapshot.
func (db *DB) read(ctx context.Context, f func(*snapshot) error) error {
	s, err := db.begin(ctx)
	if err != nil {
		return err
	}
	defer s.release()
	return storeError(f(s))
}

// readAll returns what scan makes of every row of the query.
func readAll[T any](s *snapshot, query string, scan func(*sql.Rows) (T, error), args ...any) ([]T, error) {
	rows, err := s.tx.QueryContext(s.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}
