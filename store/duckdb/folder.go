package duckdb

import (
	"context"
	"errors"

	"costd.dev/costd/store/duckdb/files"
)

// openFiles opens the database, notes where its files lie, and sees to it that the
// folder's list of files is on disk.
func (db *DB) openFiles(ctx context.Context) (err error) {
	if db.marker, err = files.OpenMark(db.options.Path); err != nil {
		return err
	}
	if err = db.start(ctx); err != nil {
		return err
	}
	if db.place, err = files.FindPlace(db.options.Path); err != nil {
		return err
	}
	return errors.Join(files.KeepPrivate(db.options.Path), files.Sync(db.options.Path))
}

// own returns Unavailable unless the folder is still this store's alone: its files are the
// ones that were opened, and no other process has opened them since. What writes and what
// reads asks for it: an answer from memory may be of a state that is no more.
func (db *DB) own() error {
	if err := db.place.Check(); err != nil {
		return err
	}
	return db.marker.Foreign()
}
