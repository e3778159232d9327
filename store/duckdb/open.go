package duckdb

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb/files"
	usagedb "costd.dev/costd/usage/driver"
)

// DatabaseFile is the name of the database in the folder of a store.
const DatabaseFile = files.Database

// OperatorKeyFile is the name of the file, in the folder of a store, that a server writes
// its first key to.
const OperatorKeyFile = files.OperatorKeyFile

// defaultMemoryLimit leaves room for the rest of the server within 1.5 GiB.
const defaultMemoryLimit = "512MB"

// Options say how to open a store. Only Path is needed.
type Options struct {
	// Path is the folder; it is created, for this user only, if it does not exist.
	Path string
	// MemoryLimit bounds what DuckDB holds in memory, such as "512MB", the default.
	MemoryLimit string
	// Threads is the number of threads DuckDB computes with; 0 is one per core.
	Threads int
	// CheckpointBytes is the size of the write-ahead log at which it is moved into the
	// database; 0 is 32 MiB.
	CheckpointBytes int64
	// Logger gets a line for each migration, each recovery and each checkpoint that
	// failed; nil is slog.Default.
	Logger *slog.Logger
	// wrap, if set, stands between the store and the database: tests inject faults by it.
	wrap func(sqldriver.Connector) sqldriver.Connector
}

// wrapped returns the connector that the store opens its connections by.
func (o Options) wrapped(connector sqldriver.Connector) sqldriver.Connector {
	if o.wrap == nil {
		return connector
	}
	return o.wrap(connector)
}

// A DB is an open store. It implements driver.DB, for an engine of package usage,
// costd.Catalog and costd.Maintainer, and has the method Stats of costd.StoreStats.
//
// Its locks are taken in this order, and none twice by one goroutine:
//
//  1. builds, which bounds the reads of days that go on at a time.
//  2. writing, the write token: its goroutine alone changes the database, and uses all
//     fields that are "guarded by writing".
//  3. reading: for reading by each snapshot, for writing by recover and Close alone, which
//     wait for all snapshots then.
//  4. the mutexes of journal and readers, which are held for a few steps.
//
// So a goroutine that has a snapshot must not wait for a token, and one that has the write
// token must not call Daily. It reads by the connection of the writer, or by the pool
// own: connections of the pool reads may all be held by callers. A snapshot waits for the
// journal to have what it shows: who holds the write token tells the journal, or resets it,
// before it waits for snapshots.
type DB struct {
	options Options
	lock    *files.FolderLock
	place   files.Place
	marker  *files.Marker // guarded by writing, but for foreign
	// writing holds the write token. Unlike a mutex it can be waited for together with a
	// context.
	writing chan struct{}
	// engine is the open database. The write token or reading is needed to use it, and
	// both to replace it, see recover. It is nil while that fails.
	engine      *engine
	checkpoints checkpointer // guarded by writing
	catalog     atomic.Pointer[catalogState]
	dictionary  dictionary // guarded by writing
	journal     *journal
	builds      chan struct{} // holds a token for each read of days; see Daily
	scanStates  int           // about how many states a part of a scan has
	touched     touched       // guarded by writing
	digests     digests       // guarded by writing
	counts      counts
	auditParts  int64 // see there
	// reading is held for reading by every snapshot; Close waits for them.
	reading sync.RWMutex
	readers readers
	// background has every goroutine of the store; Close waits for them.
	background sync.WaitGroup
	// closing is ended by Close, by calling shut.
	closing context.Context
	shut    context.CancelFunc
	// unwell is set by a write that the disk refused, and cleared by one that worked.
	unwell atomic.Bool
}

var (
	_ usagedb.DB    = (*DB)(nil)
	_ costd.Catalog = (*DB)(nil)
)

// Open opens the store in a folder, creating or migrating it if need be. It fails
// with Unavailable if another process has the folder open, and with Invalid if
// the folder was written by a newer costd.
func Open(ctx context.Context, options Options) (_ *DB, err error) {
	defer costd.Wrap(&err, "duckdb.Open")
	if options.Path, err = files.Prepare(options.Path); err != nil {
		return nil, err
	}
	if options.MemoryLimit == "" {
		options.MemoryLimit = defaultMemoryLimit
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	lock, err := files.LockFolder(options.Path)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(files.RemoveUnfinished(options.Path, options.Logger), files.RefuseRemains(options.Path)); err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	removeCopies(options.Path)
	db := &DB{options: options, lock: lock, touched: touched{}, digests: newDigests(digestsBytes), writing: make(chan struct{}, 1),
		checkpoints: newCheckpointer(options), journal: newJournal(), builds: make(chan struct{}, maxBuilds),
		scanStates: scanStates, auditParts: auditParts}
	db.closing, db.shut = context.WithCancel(context.Background())
	if err := db.openFiles(ctx); err != nil {
		return nil, errors.Join(openError(options.Path, err), db.engine.close(), db.marker.Close(), lock.Release())
	}
	db.background.Go(db.fillDictionary)
	db.background.Go(db.rollUpAlways)
	return db, nil
}

// Close ends the reads and waits for the write that are under way, moves the
// write-ahead log into the database and releases the folder. Calls after Close
// return Unavailable. If the folder was moved, replaced or deleted, or another process
// has opened it, Close changes no file, so as not to harm what lies in its place, and returns Unavailable.
func (db *DB) Close() (err error) {
	defer costd.Wrap(&err, "duckdb.Close")
	db.writing <- struct{}{}
	defer func() { <-db.writing }()
	if db.isClosed() {
		return nil
	}
	db.shut()
	db.background.Wait()
	db.reading.Lock()
	defer db.reading.Unlock()
	moved := db.own()
	if moved == nil {
		_ = db.checkpoint() // it is logged; the next start replays the log
	}
	return storeError(errors.Join(moved, db.engine.close(), db.marker.Close(), db.lock.Release()))
}

func (db *DB) isClosed() bool { return db.closing.Err() != nil }

// Check returns nil if the store can be read and, as far as the last write tells,
// written, and if its folder is still where it was. After a write that the disk refused
// it tries one, and whether there is room for more: the log may have a little room left
// that is its own already. It does not wait for the reads of callers: a store that has
// much to read is not broken.
func (db *DB) Check(ctx context.Context) (err error) {
	defer costd.Wrap(&err, "duckdb.Check")
	if err := db.own(); err != nil && !db.isClosed() {
		return err
	}
	if db.unwell.Load() {
		if err := db.probe(); err != nil {
			return err
		}
		return db.write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE catalog_version SET version = version")
			return err
		})
	}
	return db.readFrom(ctx, (*engine).ownPool, func(s *snapshot) error {
		_, err := s.tx.ExecContext(s.ctx, "SELECT version FROM catalog_version")
		return err
	})
}

// probeBytes is the room that a disk must have that is not full.
const probeBytes = 1 << 20

// probe writes a file of so many bytes into the folder, and removes it.
func (db *DB) probe() error {
	file, err := os.CreateTemp(db.options.Path, copyPattern)
	if err != nil {
		return files.Error(err)
	}
	defer os.Remove(file.Name())
	_, err = file.Write(make([]byte, probeBytes))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return files.Error(err)
	}
	return nil
}
