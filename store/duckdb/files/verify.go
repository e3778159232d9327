package files

import (
	"errors"
	"log/slog"
	"os"

	"costd.dev/costd"
)

// LogSuffix ends the name of the log; a log whose checkpoint was cut off may have
// a second part.
const LogSuffix = ".wal"

// asideSuffix is added to the name of a log that is set aside.
const asideSuffix = ".unanswered"

// otherLogs are the parts of a log that only a checkpoint that was cut off leaves.
var otherLogs = []string{".wal.checkpoint", ".wal.recovery"}

// Verify looks at the files of a store before DuckDB opens them. What a crash leaves it
// repairs, without what was answered being lost, and logs that. It refuses what lost
// something that was answered, naming file, offset and remedy.
func (m *Marker) Verify(logger *slog.Logger) error {
	if _, err := os.Stat(m.database()); errors.Is(err, os.ErrNotExist) {
		return nil // a new store
	}
	iteration, err := readIteration(m.database())
	if err != nil {
		return err
	}
	if m.damaged {
		logger.Warn("the mark of the log is damaged, so that a log that was cut short is not noticed this time; run costd check", "file", m.file.Name())
	}
	if iteration < m.last.iteration {
		return m.olderDatabase(iteration)
	}
	for _, suffix := range otherLogs {
		if err := verifyLog(m.database()+suffix, mark{}, logger); err != nil {
			return err
		}
	}
	return m.verifyMarked(iteration, logger)
}

// verifyMarked looks at the log of a database that has had so many checkpoints.
func (m *Marker) verifyMarked(iteration uint64, logger *slog.Logger) error {
	switch {
	case m.last.number > 0 && iteration == m.last.iteration && m.last.length == 0 && m.damaged:
		// The mark that is lost may have told of a log that was answered for.
	case m.last.number > 0 && iteration == m.last.iteration && m.last.length == 0:
		return m.setAside(logger)
	case m.last.number > 0 && iteration == m.last.iteration:
		return verifyLog(m.logName(), m.last, logger)
	case m.last.number > 0 && iteration == m.last.iteration+1:
		if err := m.verifyMoved(); err != nil {
			return err
		}
	}
	return verifyLog(m.logName(), mark{}, logger) // the mark tells nothing of it
}

// setAside gives the log another name if it has anything: nothing that was answered
// stands there. The process ended while it wrote the first transaction of the log, or
// somebody put a log there that was moved into the database long ago, which DuckDB would
// add a second time. Nothing in a log of DuckDB tells the two apart.
func (m *Marker) setAside(logger *slog.Logger) error {
	size, err := Size(m.logName())
	if err != nil || size == 0 {
		return err
	}
	aside := m.logName() + asideSuffix
	logger.Warn("nothing that was answered stands in the write-ahead log, and it is set aside", "file", m.logName(), "offset", 0, "bytes", size, "as", aside)
	if err := errors.Join(os.Rename(m.logName(), aside), Sync(m.folder)); err != nil {
		return Error(err)
	}
	return nil
}

// verifyMoved looks at the log one checkpoint after the mark: all of it is in the
// database, and its last frame tells DuckDB so. Without that frame DuckDB would add it a
// second time.
func (m *Marker) verifyMoved() error {
	log, err := inspectLog(m.logName())
	switch {
	case err != nil || log.size <= int64(len(logHeader)):
		return err
	case log.whole < m.last.length:
		return shortLog(m.logName(), log, m.last)
	}
	if err := sameLog(m.logName(), m.last); err != nil || log.moved {
		return err
	}
	return damagedLog(m.logName(), log)
}

// verifyLog looks at one log, of which the mark is known or none.
func verifyLog(path string, known mark, logger *slog.Logger) error {
	log, err := inspectLog(path)
	if err != nil {
		return err
	}
	switch {
	case log.whole < known.length:
		return shortLog(path, log, known)
	case !log.broken() || known.length > 0:
		if err := sameLog(path, known); err != nil || !log.broken() {
			return err
		}
	case known.number == 0 && log.follows:
		return damagedLog(path, log)
	}
	logger.Warn("the end of the write-ahead log was never written whole, as after a loss of power; nothing that was answered stood there, and it is cut off",
		"file", path, "offset", log.whole, "bytes", log.size-log.whole)
	return cutLog(path, log.whole)
}

// sameLog returns an error if the log is another one than the one that was marked.
func sameLog(path string, known mark) error {
	sum, err := sumOfFile(path, known.length)
	if err != nil || sum == known.sum {
		return err
	}
	return costd.Errorf(costd.Unavailable, "the write-ahead log %s is another one than the database's: what stands before byte %d is not what was answered; "+
		"put the right one back, or %s", path, known.length, logRemedy)
}

const logRemedy = `copy the folder away; then restore a backup and send the usage since then again, or give up what is lost (see "When it does not start" in docs/operations.md)`

func damagedLog(path string, log logState) error {
	return costd.Errorf(costd.Unavailable, "the write-ahead log %s is damaged at byte %d of %d, and usage that was answered stands there or behind it; %s", path, log.whole, log.size, logRemedy)
}

func shortLog(path string, log logState, known mark) error {
	if log.broken() {
		return damagedLog(path, log)
	}
	return costd.Errorf(costd.Unavailable, "the write-ahead log %s is missing or cut short: it ends at byte %d, and usage that was answered stood there up to byte %d; %s", path, log.whole, known.length, logRemedy)
}

func (m *Marker) olderDatabase(iteration uint64) error {
	return costd.Errorf(costd.Unavailable, "the database %s is older than %s: its header at byte %d tells of %d checkpoints, and the mark of %d; "+
		"put the newer database back, or, if you mean to go on with this one, move %s away", m.database(), MarkFile, headerSize, iteration, m.last.iteration, MarkFile)
}
