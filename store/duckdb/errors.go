package duckdb

import (
	"context"
	"database/sql"
	"errors"

	"costd.dev/costd"

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
