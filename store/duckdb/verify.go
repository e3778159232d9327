package duckdb

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"costd.dev/costd"

	driver "github.com/duckdb/duckdb-go/v2"
)

// logSuffix ends the name of the log; a log whose checkpoint was cut off may have
// a second part.
const logSuffix = ".wal"

// otherLogs are the parts of a log that only a checkpoint that was cut off leaves.
var otherLogs = []string{".wal.checkpoint", ".wal.recovery"}

// verify looks at the files of a store before DuckDB opens them. What a crash leaves it
// repairs, without what was answered being lost, and logs that. It refuses what lost
// something that was answered, naming file, offset and remedy.
func (m *marker) verify(logger *slog.Logger) error {
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
		if err := verifyLog(m.database()+suffix, mark{}, false, logger); err != nil {
			return err
		}
	}
	known := m.last
	if known.iteration != iteration {
		known = mark{} // the mark tells of a log that has been moved into the database
	}
	// One checkpoint after the mark, the whole log is in the database.
	done := m.last.number > 0 && iteration == m.last.iteration+1
	return verifyLog(m.logName(), known, done, logger)
}

// verifyLog looks at one log, of which the mark is known or none. If the log is done,
// all of it is in the database, and its last frame tells DuckDB so: without that frame
// DuckDB would add it a second time.
func verifyLog(path string, known mark, done bool, logger *slog.Logger) error {
	log, err := inspectLog(path)
	if err != nil {
		return err
	}
	switch {
	case log.whole < known.length && log.broken():
		return damagedLog(path, log)
	case log.whole < known.length:
		return shortLog(path, log, known)
	case !log.broken() || known.length > 0:
		if err := sameLog(path, known); err != nil || !log.broken() {
			return err
		}
	case known.number == 0 && log.follows, done && !log.moved && log.whole > int64(len(logHeader)):
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
	return costd.Errorf(costd.Unavailable, "the write-ahead log %s is missing or cut short: it ends at byte %d, and usage that was answered stood there up to byte %d; %s", path, log.whole, known.length, logRemedy)
}

func (m *marker) olderDatabase(iteration uint64) error {
	return costd.Errorf(costd.Unavailable, "the database %s is older than %s: its header at byte %d tells of %d checkpoints, and the mark of %d; "+
		"put the newer database back, or, if you mean to go on with this one, move %s away", m.database(), markFile, headerSize, iteration, m.last.iteration, markFile)
}

// explain adds the reason to an error of a start, which is for the operator alone.
func explain(err error) error {
	var known *costd.Error
	if err == nil || !errors.As(err, &known) || known.Err == nil || known.Code != costd.Unavailable {
		return err
	}
	return costd.Errorf(known.Code, "%s: %w", known.Message, known.Err)
}

// openError says why a store cannot be opened. What DuckDB says it says of the database.
func openError(folder string, err error) error {
	failure, ok := errors.AsType[*driver.Error](err)
	if known := storeError(err); !ok || costd.ErrorCode(known) != costd.Unavailable {
		return explain(known)
	}
	return costd.Errorf(costd.Unavailable, "the database %s cannot be opened: %w; if it is damaged, restore a backup into another folder "+
		`(see "When it does not start" in docs/operations.md)`, filepath.Join(folder, DatabaseFile), failure)
}
