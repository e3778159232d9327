package duckdb

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"

	"costd"
)

// Stats are figures about a store, for its operator.
type Stats struct {
	Parts        int64 // of records, one for each UTC day
	RollUps      int64 // rows, see RollUp
	MissingDays  int64 // days of clients that have no roll-up
	FileBytes    int64 // of the database
	LogBytes     int64 // of the write-ahead log
	Images       int64 // client-months that are kept to answer reports from
	ImageBytes   int64 // what they take, as estimated
	DaysRead     int64 // days of images that were read from the database, since the store was opened
	DaysRolledUp int64 // days of clients that were rolled up since then
}

// counts are what Stats counts.
type counts struct{ daysRead, rollUps atomic.Int64 }

// Stats returns the figures. It costs little, but not nothing.
func (db *DB) Stats(ctx context.Context) (s Stats, err error) {
	defer costd.Wrap(&err, "duckdb.Stats")
	err = db.read(ctx, func(now *snapshot) error {
		return now.tx.QueryRowContext(now.ctx, `SELECT (SELECT count(*) FROM part), (SELECT count(*) FROM rollup),
			(SELECT count(*) FROM client_day WHERE NOT rolled)`).Scan(&s.Parts, &s.RollUps, &s.MissingDays)
	})
	if err != nil {
		return s, err
	}
	s.FileBytes = fileSize(filepath.Join(db.options.Path, DatabaseFile))
	s.LogBytes = fileSize(filepath.Join(db.options.Path, DatabaseFile+".wal"))
	s.DaysRead, s.DaysRolledUp = db.counts.daysRead.Load(), db.counts.rollUps.Load()
	db.live.mu.Lock()
	defer db.live.mu.Unlock()
	s.Images, s.ImageBytes = int64(len(db.live.months)), db.live.bytes
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
