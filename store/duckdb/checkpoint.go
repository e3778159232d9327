package duckdb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// checkpointSize is the default size of the write-ahead log, in bytes, at which it
// is moved into the database. It bounds the time that opening takes after a crash.
const checkpointSize = 32 << 20

// A checkpointer moves the write-ahead log into the database from time to time.
// DuckDB would do so by itself, as a part of the commit that makes the log too
// large; but if it fails there, for want of disk space, the commit is reported to
// have failed although it is in the log. Run after the commit, it cannot make a commit
// look failed, and the writer that caused it is answered first. The next writer waits
// until it ends, and at most readPatience longer when old reads hold it up.
type checkpointer struct {
	log   string // the file
	size  int64  // of it at which to act
	dueAt int64  // the same; after a failure, size bytes more than the log had then
}

func newCheckpointer(options Options) checkpointer {
	size := options.CheckpointBytes
	if size == 0 {
		size = checkpointSize
	}
	return checkpointer{log: filepath.Join(options.Path, DatabaseFile+".wal"), size: size, dueAt: size}
}

func (c *checkpointer) due() bool { return c.logSize() >= c.dueAt }

// long reports whether the log is larger than it should be, due or not.
func (c *checkpointer) long() bool { return c.logSize() >= c.size }

func (c *checkpointer) logSize() int64 {
	info, err := os.Stat(c.log)
	if err != nil {
		return 0 // there is none before the first write
	}
	return info.Size()
}

// run moves the log. If that fails nothing is lost: the log is kept, and the next run
// moves it. Reads that are under way are the usual reason. After a fatal error, see
// gaveUp, the database must be opened again, which replays the log.
func (c *checkpointer) run(e *engine) error {
	if e == nil {
		return errNoEngine
	}
	writer, err := e.writerConn(context.Background())
	if err == nil {
		_, err = writer.ExecContext(context.Background(), "CHECKPOINT")
	}
	if err != nil {
		c.dueAt = c.logSize() + c.size
		return err
	}
	c.dueAt = c.size
	return nil
}

// giveBack lets the next writer begin, after a checkpoint if it is due. The caller
// holds writing and does not wait.
func (db *DB) giveBack() {
	if !db.checkpoints.due() {
		<-db.writing
		return
	}
	db.background.Go(func() {
		err := db.checkpointOrRecover()
		<-db.writing
		if heldUp(err) {
			db.checkpointLater()
		}
	})
}

// checkpointLater moves the log when the reads that held it up have ended, so that it does
// not stay long until many more writes have come. Writes go on meanwhile. It tries once.
func (db *DB) checkpointLater() {
	db.readers.await(db.closing)
	if db.acquire(db.closing) != nil {
		return // the store is closed
	}
	defer func() { <-db.writing }()
	if db.checkpoints.long() {
		_ = db.checkpointOrRecover() // the log of the server tells of an error
	}
}

// checkpointOrRecover is checkpoint, and opens the database again if that made it give up.
func (db *DB) checkpointOrRecover() error {
	err := db.checkpoint()
	if gaveUp(err) {
		_ = db.recover(db.closing, err) // the next call tries again, and reports the error
	}
	return err
}

// checkpoint moves the write-ahead log into the database. The caller holds writing.
func (db *DB) checkpoint() error {
	err := db.moveLog()
	switch {
	case heldUp(err): // nothing is wrong with the disk
		db.options.Logger.Warn("the write-ahead log is moved into the database later: reads are under way", "error", err)
	case err != nil:
		db.unwell.Store(true)
		db.options.Logger.Error("the write-ahead log could not be moved into the database; it is kept", "error", err)
	}
	return err
}

// moveLogSurely is moveLog, and tries again if the database gives up over it, as it
// does when it runs out of memory then: opened anew, it has its memory again. The caller
// holds writing, but not reading.
func (db *DB) moveLogSurely(ctx context.Context) error {
	err := db.moveLog()
	if gaveUp(err) {
		if err = db.recover(ctx, err); err == nil {
			err = db.moveLog()
		}
	}
	return err
}

// moveLog is checkpoint for those who report its error. DuckDB goes by the names of its
// files here, so they must still be its own.
func (db *DB) moveLog() error {
	if err := db.own(); err != nil {
		return err
	}
	err := db.tryMove()
	if db.engine != nil {
		err = errors.Join(err, db.marker.Checkpointed()) // a checkpoint that failed may be in the database
	}
	return err
}

// tryMove moves the log. If reads hold it up it waits for them, for a while, and tries
// once more.
func (db *DB) tryMove() error {
	err := db.checkpoints.run(db.engine)
	if !heldUp(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), readPatience)
	defer cancel()
	db.readers.await(ctx) // later ones, which began after the last write, do no harm
	return db.checkpoints.run(db.engine)
}
