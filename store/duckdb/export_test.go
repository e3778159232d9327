package duckdb

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"

	"costd.dev/costd/store/duckdb/files"
)

// Wrapped returns the options with something between the store and the database.
func Wrapped(options Options, wrap func(sqldriver.Connector) sqldriver.Connector) Options {
	options.wrap = wrap
	return options
}

// ForgetNumbers makes the store remember next to no numbers from one batch to the
// next, so that it has to look them up.
func ForgetNumbers(db *DB) {
	db.writing <- struct{}{}
	db.dictionary.limit, db.dictionary.known = -1, nil
	<-db.writing
}

// LimitNumbers makes the store remember numbers within so many bytes, those that a start
// would read in advance.
func LimitNumbers(ctx context.Context, db *DB, bytes int64) (remembered int, err error) {
	db.writing <- struct{}{}
	defer func() { <-db.writing }()
	db.dictionary.limit = bytes
	err = db.read(ctx, db.dictionary.fill)
	return len(db.dictionary.items), err
}

// NumbersKnown reports whether the store knows of all resources that there are.
func NumbersKnown(db *DB) bool {
	db.writing <- struct{}{}
	defer func() { <-db.writing }()
	return db.dictionary.known != nil
}

// LimitDigests forgets all digests and bounds those to come by a number of bytes;
// less than 0 says that there are none, so that the database is asked for everything.
func LimitDigests(db *DB, bytes int64) {
	db.writing <- struct{}{}
	db.digests = newDigests(bytes)
	<-db.writing
}

// Count returns the number of rows that an SQL expression says, such as "part".
func Count(ctx context.Context, db *DB, from string) (n int, err error) {
	err = db.read(ctx, func(now *snapshot) error {
		return now.tx.QueryRowContext(now.ctx, "SELECT count(*) FROM "+from).Scan(&n)
	})
	return n, err
}

// FailRollbacks lets every ROLLBACK fail until restore is called, and leaves its
// connection inside a transaction.
func FailRollbacks(db *DB, err error) (restore func()) {
	set := func(f func(*sql.Conn) error) {
		db.writing <- struct{}{}
		defer func() { <-db.writing }()
		db.reading.Lock()
		defer db.reading.Unlock()
		db.engine.afterRollback = f
	}
	set(func(conn *sql.Conn) error {
		_, failed := conn.ExecContext(context.Background(), "BEGIN")
		return errors.Join(err, failed)
	})
	return func() { set(nil) }
}

// LoseEngine closes the database, as when opening it again has failed.
func LoseEngine(db *DB) {
	db.writing <- struct{}{}
	defer func() { <-db.writing }()
	db.reading.Lock()
	defer db.reading.Unlock()
	db.engine.close()
	db.engine = nil
}

// Fill reads the dictionary in advance, as a start does.
func Fill(db *DB) { db.fillDictionary() }

// BeginFill takes the snapshot that the dictionary is read from; finish reads it.
func BeginFill(db *DB) (finish func(), err error) {
	now, read, err := db.beginFill()
	return func() { db.finishFill(now, read) }, err
}

// HoldReads begins as many reads as there are connections for them.
func HoldReads(ctx context.Context, db *DB) (release func(), err error) {
	var held []*snapshot
	release = func() {
		for _, s := range held {
			s.release()
		}
	}
	for range db.engine.reads.Stats().MaxOpenConnections {
		s, err := db.begin(ctx, (*engine).readPool)
		if err != nil {
			release()
			return nil, err
		}
		held = append(held, s)
	}
	return release, nil
}

// HoldSnapshot begins a read that sees the parts as they are now.
func HoldSnapshot(ctx context.Context, db *DB) (release func(), err error) {
	s, err := db.begin(ctx, (*engine).readPool)
	if err != nil {
		return nil, err
	}
	var n int
	return s.release, s.tx.QueryRowContext(ctx, "SELECT count(*) FROM part").Scan(&n)
}

// DropWriter closes the connection that writes, as a failed COMMIT or ROLLBACK does.
func DropWriter(db *DB) {
	db.writing <- struct{}{}
	db.engine.discardWriter()
	<-db.writing
}

// LimitAdded bounds the parts that the journal keeps.
func LimitAdded(db *DB, parts int) {
	db.journal.mu.Lock()
	defer db.journal.mu.Unlock()
	db.journal.maxParts = parts
}

// LimitScan sets about how many states a part of a scan has.
func LimitScan(db *DB, states int) { db.scanStates = states }

// LimitAudit bounds the parts that an audit looks at together.
func LimitAudit(db *DB, parts int64) { db.auditParts = parts }

// AuditBatches returns how many times an audit looks at the tables.
func AuditBatches(ctx context.Context, db *DB) (n int, err error) {
	err = db.read(ctx, func(now *snapshot) error {
		batches, err := auditBatches(now, db.auditParts)
		n = len(batches)
		return err
	})
	return n, err
}

// AfterCommit calls f when a commit has taken effect and nothing in memory knows of it
// yet, until restore is called. An error of f is said to be the commit's.
func AfterCommit(db *DB, f func() error) (restore func()) {
	set := func(f func() error) {
		db.writing <- struct{}{}
		db.engine.afterCommit = f
		<-db.writing
	}
	set(f)
	return func() { set(nil) }
}

// Checksum returns the sum that DuckDB keeps of a frame of its log.
func Checksum(data []byte) uint64 { return files.Checksum(data) }

// DenyCommit says of the next commits that they failed, although they take effect,
// until restore is called.
func DenyCommit(db *DB, err error) (restore func()) {
	return AfterCommit(db, func() error { return err })
}

// LoseCommit is DenyCommit, and from the first such commit on the store cannot open a
// connection of its own to find out what took effect.
func LoseCommit(db *DB, err error) (restore func()) {
	own, none := db.engine.own, sql.OpenDB(noConnector{err})
	restoreCommit := AfterCommit(db, func() error {
		db.engine.own = none
		return err
	})
	return func() {
		db.writing <- struct{}{}
		db.engine.own = own
		<-db.writing
		none.Close()
		restoreCommit()
	}
}

// A noConnector makes no connections.
type noConnector struct{ err error }

func (c noConnector) Connect(context.Context) (sqldriver.Conn, error) { return nil, c.err }
func (c noConnector) Driver() sqldriver.Driver                        { return nil }

// MarkByAnother marks the log of a folder as another process does that opens it.
func MarkByAnother(folder string) error {
	m, err := files.OpenMark(folder)
	if err != nil {
		return err
	}
	return errors.Join(m.Opened(), m.Close())
}

// ForgetDigests forgets all digests, so that the next batch reads those that it needs.
func ForgetDigests(db *DB) {
	db.writing <- struct{}{}
	db.digests = newDigests(db.digests.limit)
	<-db.writing
}
