package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strconv"
	"strings"

	driver "github.com/duckdb/duckdb-go/v2"
)

// maxConnections bounds concurrent reads, whatever the memory is: more than the cores
// of most machines have use for.
const maxConnections = 32

// An engine is an open database: a pool of connections that read for callers, and one
// for the store itself, with the one connection that writes.
type engine struct {
	reads, own *sql.DB
	places     places // as many as the pool of reads has connections
	// writer is nil after it was discarded: use writerConn. The write token guards it.
	writer *sql.Conn
	// afterRollback, if set, decides the outcome of a rollback: tests inject faults by it.
	afterRollback func(*sql.Conn) error
	// afterCommit, if set, decides what is said of a commit that took effect.
	afterCommit func() error
}

// openEngine opens the database of a folder and brings its schema up to date.
func openEngine(ctx context.Context, options Options) (_ *engine, err error) {
	connector, err := driver.NewConnector(filepath.Join(options.Path, DatabaseFile), nil)
	if err != nil {
		return nil, err
	}
	e := &engine{}
	e.reads, e.own = openPools(options.wrapped(connector))
	if err = e.configure(ctx, options); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// configure makes the settings and brings the schema up to date.
func (e *engine) configure(ctx context.Context, options Options) error {
	writer, err := e.writerConn(ctx)
	if err != nil {
		return err
	}
	for _, setting := range settings(options) {
		if _, err := writer.ExecContext(ctx, setting); err != nil {
			return err
		}
	}
	return errors.Join(e.fitReads(ctx), e.migrate(ctx, options))
}

// settings returns the statements that configure and harden the database. The
// order matters: the last ones forbid what would be needed before.
func settings(options Options) []string {
	settings := []string{
		"SET GLOBAL memory_limit = " + quote(options.MemoryLimit),
		"SET GLOBAL TimeZone = 'UTC'",
		"SET GLOBAL preserve_insertion_order = false",
		"SET GLOBAL checkpoint_threshold = '1TB'", // see checkpointer
		"PRAGMA disable_checkpoint_on_shutdown",   // see Close, which looks at the folder first
		"SET GLOBAL autoinstall_known_extensions = false",
		"SET GLOBAL autoload_known_extensions = false",
		"SET GLOBAL allow_community_extensions = false",
	}
	if options.Threads > 0 {
		settings = append(settings, "SET GLOBAL threads = "+strconv.Itoa(options.Threads))
	}
	return append(settings, "SET GLOBAL enable_external_access = false", "SET GLOBAL lock_configuration = true")
}

// quote returns s as an SQL literal, for the settings, which take no parameters.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// close closes the database; a log that is left is replayed the next time.
func (e *engine) close() error {
	if e == nil {
		return nil
	}
	if e.writer != nil {
		e.writer.Close() // the pool closes the connection, and reports its error
	}
	return errors.Join(e.own.Close(), e.reads.Close())
}

// start opens the database, whose files it looks at before, and loads the catalog.
func (db *DB) start(ctx context.Context) error {
	if err := db.marker.Verify(db.options.Logger); err != nil {
		return err
	}
	e, err := openEngine(ctx, db.options)
	if err != nil {
		return err
	}
	var commit int64
	err = e.transact(ctx, func(tx *sql.Tx) error {
		if err := db.dictionary.load(ctx, tx); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, "SELECT number FROM commit_count").Scan(&commit); err != nil {
			return err
		}
		return db.loadCatalog(ctx, tx)
	})
	if err == nil {
		err = db.marker.Opened()
	}
	if err != nil {
		return errors.Join(err, e.close())
	}
	db.engine = e
	db.journal.reset(commit)
	db.touched = touched{}
	db.digests.reset()
	return nil
}

// recover opens the database anew if DuckDB has given it up, as it does when it
// runs out of disk space amid a checkpoint: from then on every statement fails,
// until a new start replays the log. The caller holds writing.
func (db *DB) recover(ctx context.Context, cause error) error {
	if err := db.own(); err != nil {
		return err // else a new and empty database would be made
	}
	db.journal.reset(unknownCommit) // for the snapshots that wait for a commit
	db.reading.Lock()               // waits for the reads, which all fail now
	defer db.reading.Unlock()
	db.options.Logger.Error("the database gave up; opening it anew", "error", cause)
	if err := db.engine.close(); err != nil {
		db.options.Logger.Warn("closing the database failed", "error", err)
	}
	db.engine = nil
	if err := db.start(ctx); err != nil {
		return err
	}
	db.background.Go(db.fillDictionary)
	db.options.Logger.Info("the database is open again")
	return nil
}

// errNoEngine says that the database could not be opened again the last time.
var errNoEngine = errors.New("the database is not open")

// gaveUp reports whether err, of a transaction or a checkpoint, means that the database
// has to be opened again before anything else works.
func gaveUp(err error) bool {
	var failure *driver.Error
	return errors.Is(err, errNoEngine) || errors.As(err, &failure) && failure.Type == driver.ErrorTypeFatal
}
