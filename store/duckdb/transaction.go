package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"sync"

	"costd.dev/costd"
)

var errClosed = costd.Errorf(costd.Unavailable, "the store is closed")

// write runs f in the one transaction that may write at a time, and commits it
// unless f returns an error. Waiting for its turn ends with the context.
func (db *DB) write(ctx context.Context, f func(*sql.Tx) error) error {
	return db.writeThen(ctx, f, func() {})
}

// writeThen is write, and calls then before the next write: after the commit, or when f
// returned errNothingToWrite and nothing was committed. It calls then before it settles
// the commit, so that every commit that the database shows is also in the journal and the
// digests, even one that is answered with an error.
func (db *DB) writeThen(ctx context.Context, f func(*sql.Tx) error, then func()) error {
	if err := db.own(); err != nil && !db.isClosed() {
		return err
	}
	if err := db.acquire(ctx); err != nil {
		return err
	}
	defer db.giveBack()
	err := db.engine.transact(ctx, f)
	if gaveUp(err) {
		if err = db.recover(ctx, err); err == nil {
			err = db.engine.transact(ctx, f)
		}
	}
	if err == errNothingToWrite {
		then()
		return nil
	}
	db.unwell.Store(err != nil && refusedByDisk(err))
	if err == nil {
		then()
		err = db.settle()
	} else if errors.As(err, new(commitError)) {
		db.forget()
	}
	return storeError(err)
}

// forget drops what is remembered of the database, after a commit of which it is not
// known whether it took effect, and reads the catalog again. The caller holds writing.
func (db *DB) forget() {
	db.journal.reset(db.engine.lastCommit())
	db.touched = touched{}
	db.digests.reset()
	db.dictionary.lost = true
	db.catalog.Store(nil)
	ctx := context.Background() // the caller who is told of the error may have left
	_ = db.engine.transact(ctx, db.readCatalog(ctx))
}

// settle sees to it that the next start finds what was just committed: the files must
// be where it looks for them, and the mark tell how far the log reaches.
func (db *DB) settle() error {
	if err := db.own(); err != nil {
		return err
	}
	err := db.marker.Committed()
	db.unwell.Store(err != nil)
	return err
}

// errNothingToWrite ends a transaction that has nothing to write, so that the disk
// is left alone.
var errNothingToWrite = errors.New("nothing to write")

// A commitError says that a commit failed, and it may not be known how far it got.
type commitError struct{ error }

func (e commitError) Unwrap() error { return e.error }

// lastCommit returns the number of the last commit that the database shows.
func (e *engine) lastCommit() (number int64) {
	if e == nil {
		return unknownCommit
	}
	writer, err := e.writerConn(context.Background())
	if err == nil {
		err = writer.QueryRowContext(context.Background(), "SELECT number FROM commit_count").Scan(&number)
	}
	if err != nil {
		return unknownCommit // the next write, or opening the database again, finds it
	}
	return number
}

// acquire waits for the token in writing.
func (db *DB) acquire(ctx context.Context) error {
	select {
	case db.writing <- struct{}{}:
	case <-ctx.Done():
		return storeError(ctx.Err())
	}
	if db.isClosed() {
		<-db.writing
		return errClosed
	}
	return nil
}

// transact runs f in a transaction of the writer. The context is for the
// statements: given to the transaction, its end would cost the connection too.
// A writer whose BEGIN, COMMIT or ROLLBACK fails is replaced before the next call.
func (e *engine) transact(ctx context.Context, f func(*sql.Tx) error) error {
	if e == nil {
		return errNoEngine
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	writer, err := e.writerConn(ctx)
	if err != nil {
		return err
	}
	tx, err := writer.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		e.discardWriter()
		return err
	}
	if err = f(tx); err == nil {
		err = ctx.Err()
	}
	if err != nil {
		if e.rollback(writer, tx) != nil { // the first error tells more
			e.discardWriter()
		}
		return err
	}
	if err = tx.Commit(); err == nil && e.afterCommit != nil {
		err = e.afterCommit()
	}
	if err != nil {
		e.discardWriter()
		return commitError{err}
	}
	return nil
}

// A snapshot is what a read sees: the state of the database when it began.
type snapshot struct {
	ctx     context.Context // of the caller, and ended by Close
	tx      *sql.Tx
	conn    *sql.Conn // on which the transaction is
	release func()    // may be called more than once
}

// begin returns a snapshot on a connection of a pool. It is released at the latest when
// the context ends.
func (db *DB) begin(ctx context.Context, pool func(*engine) *sql.DB) (*snapshot, error) {
	if err := db.own(); err != nil && !db.isClosed() {
		return nil, err
	}
	s, from, err := db.tryBegin(ctx, pool)
	if gaveUp(err) {
		if err = db.replace(ctx, from, err); err == nil {
			s, _, err = db.tryBegin(ctx, pool)
		}
	}
	return s, storeError(err)
}

// replace opens the database anew if it is still the one that gave up.
func (db *DB) replace(ctx context.Context, failed *engine, cause error) error {
	if err := db.acquire(ctx); err != nil {
		return err
	}
	defer func() { <-db.writing }()
	if db.engine != failed {
		return nil // somebody else was faster
	}
	return db.recover(ctx, cause)
}

// tryBegin returns a snapshot on a connection of a pool, and the database that it asked.
func (db *DB) tryBegin(ctx context.Context, pool func(*engine) *sql.DB) (*snapshot, *engine, error) {
	db.reading.RLock()
	e := db.engine
	if db.isClosed() || e == nil {
		defer db.reading.RUnlock()
		if db.isClosed() {
			return nil, nil, errClosed
		}
		return nil, nil, errNoEngine
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(db.closing, cancel)
	leave := db.readers.enter()
	conn, tx, end, err := e.beginRead(ctx, pool(e))
	release := sync.OnceFunc(func() {
		if end != nil {
			end()
		}
		leave()
		stop()
		cancel()
		db.reading.RUnlock()
	})
	if err != nil {
		release()
		return nil, e, err
	}
	context.AfterFunc(ctx, release)
	return &snapshot{ctx: ctx, tx: tx, conn: conn, release: release}, e, nil
}

// read runs f on a snapshot. It waits for its turn among the reads of callers.
func (db *DB) read(ctx context.Context, f func(*snapshot) error) error {
	return db.readFrom(ctx, (*engine).readPool, f)
}

// readFrom runs f on a snapshot on a connection of a pool.
func (db *DB) readFrom(ctx context.Context, pool func(*engine) *sql.DB, f func(*snapshot) error) error {
	s, err := db.begin(ctx, pool)
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

// each calls f with the values of every row of the query, which are valid during the call.
// It asks the driver itself: for many rows that takes half the time of package sql, which
// looks at the type of each value. Arguments are numbered from 1.
func (s *snapshot) each(query string, f func([]driver.Value) error, args ...any) error {
	return s.conn.Raw(func(conn any) error {
		named := make([]driver.NamedValue, len(args))
		for i, arg := range args {
			named[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
		}
		rows, err := conn.(driver.QueryerContext).QueryContext(s.ctx, query, named)
		if err != nil {
			return err
		}
		defer rows.Close()
		values := make([]driver.Value, len(rows.Columns()))
		for n := 0; ; n++ {
			if n%1000 == 0 && s.ctx.Err() != nil {
				return s.ctx.Err()
			}
			if err := rows.Next(values); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := f(values); err != nil {
				return err
			}
		}
	})
}
