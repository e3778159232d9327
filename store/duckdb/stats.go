package duckdb

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"

	"costd.dev/costd"
)

// counts are what Stats counts since the store was opened: days of aggregates that were
// read from the database, and days of clients that were rolled up.
type counts struct{ daysRead, rollUps atomic.Int64 }

// Stats returns figures of the store; see costd.StoreStats. Refreshes are days that were
// read for an engine or rolled up. AggregateBytes is left to the engine.
func (db *DB) Stats(ctx context.Context) (s costd.StoreStats, err error) {
	defer costd.Wrap(&err, "duckdb.Stats")
	err = db.read(ctx, func(now *snapshot) error {
		return now.tx.QueryRowContext(now.ctx, "SELECT count(*) FROM part").Scan(&s.Parts)
	})
	if err != nil {
		return s, err
	}
	path := filepath.Join(db.options.Path, DatabaseFile)
	s.DiskBytes = fileSize(path) + fileSize(path+".wal")
	s.Refreshes = db.counts.daysRead.Load() + db.counts.rollUps.Load()
	return s, nil
}

// fileSize returns the size of a file, 0 if there is none.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
