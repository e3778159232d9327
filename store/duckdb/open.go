package duckdb

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"costd"

	driver "github.com/duckdb/duckdb-go/v2"
)

// DatabaseFile is the name of the database in the folder of a store. DuckDB keeps
// a write-ahead log and temporary files beside it.
const DatabaseFile = "costd.duckdb"

const (
	// defaultMemoryLimit leaves room for the rest of the server within 1.5 GiB.
	defaultMemoryLimit = "1GB"
	// maxConnections bounds concurrent reads: each may hold memory of the limit.
	maxConnections = 32
)

// Options say how to open a store. Only Path is needed.
type Options struct {
	// Path is the folder; it is created, for this user only, if it does not exist.
	Path string
	// MemoryLimit bounds what DuckDB holds in memory, such as "1GB", the default.
	MemoryLimit string
	// Threads is the number of threads DuckDB computes with; 0 is one per core.
	Threads int
	// Logger is told of migrations and recoveries; nil is slog.Default.
	Logger *slog.Logger
}

// A DB is an open store. It implements costd.UsageStore and costd.Catalog.
type DB struct {
	options Options
	lock    *folderLock
	db      *sql.DB
	// writing holds one token: who has it may write. Unlike a mutex it can be
	// waited for together with a context.
	writing chan struct{}
	// writer is the only connection that writes; guarded by writing.
	writer    *sql.Conn
	catalog   atomic.Pointer[catalogState]
	revisions revisions
	// reading is held for reading by every snapshot; Close waits for them.
	reading sync.RWMutex
	// closing is ended by Close, by calling shut.
	closing context.Context
	shut    context.CancelFunc
	// unwell is set by a write that the disk refused, and cleared by one that worked.
	unwell atomic.Bool
}

var (
	_ costd.UsageStore = (*DB)(nil)
	_ costd.Catalog    = (*DB)(nil)
)

// Open opens the store in a folder, creating or migrating it if need be. It fails
// with Unavailable if another process has the folder open, and with Invalid if
// the folder was written by a newer costd.
func Open(ctx context.Context, options Options) (_ *DB, err error) {
	defer costd.Wrap(&err, "duckdb.Open")
	if options.Path, err = prepareFolder(options.Path); err != nil {
		return nil, err
	}
	if options.MemoryLimit == "" {
		options.MemoryLimit = defaultMemoryLimit
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	lock, err := lockFolder(options.Path)
	if err != nil {
		return nil, err
	}
	db := &DB{options: options, lock: lock, writing: make(chan struct{}, 1)}
	db.closing, db.shut = context.WithCancel(context.Background())
	if err := db.start(ctx); err != nil {
		db.release()
		return nil, storeError(err)
	}
	return db, nil
}

// prepareFolder returns the folder's absolute path and sees to it that it exists.
func prepareFolder(path string) (string, error) {
	if path == "" {
		return "", costd.InvalidField("data", "name the folder to keep the data in")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if strings.ContainsAny(path, "?%") {
		// The driver takes the file's name for the beginning of a URL.
		return "", costd.InvalidField("data", "the folder's path must contain neither ? nor %%: %s", path)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", costd.Errorf(costd.Unavailable, "the data folder cannot be created: %w", err)
	}
	return path, nil
}

// start opens the database, brings its schema up to date and loads the catalog.
func (db *DB) start(ctx context.Context) error {
	connector, err := driver.NewConnector(filepath.Join(db.options.Path, DatabaseFile), nil)
	if err != nil {
		return err
	}
	db.db = sql.OpenDB(connector)
	db.db.SetMaxOpenConns(maxConnections)
	db.db.SetMaxIdleConns(maxConnections)
	if db.writer, err = db.db.Conn(ctx); err != nil {
		return err
	}
	for _, setting := range db.settings() {
		if _, err := db.writer.ExecContext(ctx, setting); err != nil {
			return err
		}
	}
	if err := db.migrate(ctx); err != nil {
		return err
	}
	return db.loadCatalog(ctx)
}

// settings returns the statements that configure and harden the database. The
// order matters: the last ones forbid what would be needed before.
func (db *DB) settings() []string {
	settings := []string{
		"SET GLOBAL memory_limit = " + quote(db.options.MemoryLimit),
		"SET GLOBAL TimeZone = 'UTC'",
		"SET GLOBAL preserve_insertion_order = false",
		"SET GLOBAL autoinstall_known_extensions = false",
		"SET GLOBAL autoload_known_extensions = false",
		"SET GLOBAL allow_community_extensions = false",
	}
	if db.options.Threads > 0 {
		settings = append(settings, "SET GLOBAL threads = "+strconv.Itoa(db.options.Threads))
	}
	return append(settings, "SET GLOBAL enable_external_access = false", "SET GLOBAL lock_configuration = true")
}

// quote returns s as an SQL literal, for the settings, which take no parameters.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Close ends the reads and waits for the write that are under way, moves the
// write-ahead log into the database and releases the folder. Calls after Close
// return Unavailable.
func (db *DB) Close() (err error) {
	defer costd.Wrap(&err, "duckdb.Close")
	db.writing <- struct{}{}
	defer func() { <-db.writing }()
	if db.isClosed() {
		return nil
	}
	db.shut()
	db.reading.Lock()
	defer db.reading.Unlock()
	if _, err := db.writer.ExecContext(context.Background(), "CHECKPOINT"); err != nil {
		// Nothing is lost: the next Open replays the log.
		db.options.Logger.Warn("checkpoint on close failed", "error", err)
	}
	return storeError(db.release())
}

func (db *DB) isClosed() bool { return db.closing.Err() != nil }

// release closes what start opened, in reverse.
func (db *DB) release() (err error) {
	if db.writer != nil {
		err = db.writer.Close()
	}
	if db.db != nil {
		if closeErr := db.db.Close(); err == nil {
			err = closeErr
		}
	}
	if lockErr := db.lock.release(); err == nil {
		err = lockErr
	}
	return err
}

// Check returns nil if the store can be read and, as far as the last write tells,
// written. After a write that the disk refused it tries one.
func (db *DB) Check(ctx context.Context) (err error) {
	defer costd.Wrap(&err, "duckdb.Check")
	if db.unwell.Load() {
		return db.write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE catalog_version SET version = version")
			return err
		})
	}
	return db.read(ctx, func(s *snapshot) error {
		_, err := s.tx.ExecContext(s.ctx, "SELECT version FROM catalog_version")
		return err
	})
}
