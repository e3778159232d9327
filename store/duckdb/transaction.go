package duckdb

import (
	"context"
	"database/sql"

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
	}
	defer func() { <-db.writing }()
	if db.closed.Load() {
		return errClosed
	}
	err := transact(ctx, db.writer, f)
	db.unwell.Store(err != nil && refusedByDisk(err))
	if err == nil {
		then()
	}
	return storeError(err)
}

// read runs f in a transaction that sees one snapshot.
func (db *DB) read(ctx context.Context, f func(*sql.Tx) error) error {
	if db.closed.Load() {
		return errClosed
	}
	tx, err := db.db.BeginTx(ctx, nil)
	if err != nil {
		return storeError(err)
	}
	defer tx.Rollback() // a read leaves nothing to commit
	return storeError(f(tx))
}

// transact runs f in a transaction of the connection.
func transact(ctx context.Context, conn *sql.Conn, f func(*sql.Tx) error) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		tx.Rollback() // the first error tells more
		return err
	}
	return tx.Commit()
}
