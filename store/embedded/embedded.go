// Package embedded is the store of one machine: a database in a folder, and the engine that
// answers from it.
package embedded

import (
	"context"
	"log/slog"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/usage"
)

// Options say how to open a store. Only Path is needed.
type Options struct {
	// Path is the folder; it is created, for this user only, if it does not exist.
	Path string
	// MemoryLimit bounds what DuckDB holds in memory, such as "512MB", the default.
	MemoryLimit string
	// Threads is the number of threads DuckDB computes with; 0 is one per core.
	Threads int
	// CacheBytes bounds the aggregates in memory that reports are answered from; 0 is
	// usage.DefaultCacheBytes, and less than 0 is none.
	CacheBytes int64
	// CheckpointBytes is the size of the write-ahead log at which it is moved into the
	// database; 0 is 32 MiB.
	CheckpointBytes int64
	// Logger gets a line for each migration, each recovery and each checkpoint that
	// failed; nil is slog.Default.
	Logger *slog.Logger
}

// A Store is an open store. It implements costd.UsageStore, costd.Catalog and
// costd.Maintainer, and has the method Stats of costd.StoreStats.
type Store struct {
	*duckdb.DB // everything but queries
	engine     *usage.Engine
}

var (
	_ costd.UsageStore = (*Store)(nil)
	_ costd.Catalog    = (*Store)(nil)
	_ costd.Maintainer = (*Store)(nil)
)

// Open opens the store in a folder, creating or migrating it if need be. Its errors are
// those of duckdb.Open.
func Open(ctx context.Context, o Options) (*Store, error) {
	db, err := duckdb.Open(ctx, duckdb.Options{Path: o.Path, MemoryLimit: o.MemoryLimit, Threads: o.Threads,
		CheckpointBytes: o.CheckpointBytes, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	return Over(db, usage.Options{CacheBytes: o.CacheBytes, Folder: o.Path}), nil
}

// Over returns a store over an open database, which it owns from now on.
func Over(db *duckdb.DB, o usage.Options) *Store {
	return &Store{DB: db, engine: usage.New(db, o)}
}
