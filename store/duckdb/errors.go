package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb/files"

	driver "github.com/duckdb/duckdb-go/v2"
)

// storeError turns an error of the database into one of costd, by its type and
// never by its text, which changes between versions.
func storeError(err error) error {
	var known *costd.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unavailable(err, "the request was ended before it was done")
	case errors.Is(err, errNoEngine):
		return unavailable(err, "the database cannot be opened; see the server's log")
	case errors.Is(err, sql.ErrConnDone):
		return errClosed
	}
	var failure *driver.Error
	if !errors.As(err, &failure) {
		return err
	}
	switch failure.Type {
	case driver.ErrorTypeOutOfRange:
		return &costd.Error{Code: costd.Overflow, Message: "a sum needs more than 38 digits", Err: err}
	case driver.ErrorTypeIO, driver.ErrorTypeFatal, driver.ErrorTypeTransaction:
		return unavailable(err, "the database cannot read or write its files; see the server's log")
	case driver.ErrorTypeOutOfMemory:
		return unavailable(err, "the database needs more memory or temporary disk space than it may use")
	case driver.ErrorTypeInterrupt, driver.ErrorTypeConnection:
		return unavailable(err, "the database was interrupted; try again")
	}
	return err
}

func unavailable(cause error, message string) error {
	return &costd.Error{Code: costd.Unavailable, Message: message, Err: cause}
}

// refusedByDisk reports whether err means that the files cannot be written. With
// one writer there are no conflicts, so that a transaction fails for no other reason.
func refusedByDisk(err error) bool {
	if gaveUp(err) {
		return true
	}
	var failure *driver.Error
	return errors.As(err, &failure) &&
		(failure.Type == driver.ErrorTypeIO || failure.Type == driver.ErrorTypeTransaction)
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
	path := filepath.Join(folder, DatabaseFile)
	if offset, found := damagedAt(failure); found {
		return fmt.Errorf("%w: %w", files.DamagedDatabase(path, offset), failure)
	}
	return costd.Errorf(costd.Unavailable, "the database %s cannot be opened: %w; if it is damaged, restore a backup into another folder "+
		`(see "When it does not start" in docs/operations.md)`, path, failure)
}

// location is how DuckDB names the byte of a block that is damaged or missing.
var location = regexp.MustCompile(`(?:in block at|from) location (\d+)`)

// damagedAt returns the byte at which DuckDB found the database to be damaged, if it says.
func damagedAt(failure *driver.Error) (offset int64, found bool) {
	said := location.FindStringSubmatch(failure.Msg)
	if failure.Type != driver.ErrorTypeIO || said == nil {
		return 0, false
	}
	offset, err := strconv.ParseInt(said[1], 10, 64)
	return offset, err == nil
}
