package costd

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Code is the kind of an error: what went wrong from the caller's point of
// view. Every way into costd maps all of them to its own words by one table.
type Code string

// The codes. There are few on purpose: a new one is a new thing that a caller
// can do about an error.
const (
	Invalid         Code = "invalid"         // the input is wrong; Fields may say where
	Unauthenticated Code = "unauthenticated" // no key, or not a valid one
	Forbidden       Code = "forbidden"       // a valid key that may not do this
	NotFound        Code = "not_found"       // no such thing for this key
	Conflict        Code = "conflict"        // right by itself, but something else that is stored stands against it
	TooLarge        Code = "too_large"       // over a limit on size
	TooMany         Code = "too_many"        // over a limit on rate; try later
	Overflow        Code = "overflow"        // the exact result needs more digits than can be held
	Unavailable     Code = "unavailable"     // cannot be done now; try later
	Internal        Code = "internal"        // our fault; the cause is only for our logs
)

// Codes lists every Code, so that tables over them can be tested to be total.
var Codes = []Code{Invalid, Unauthenticated, Forbidden, NotFound, Conflict, TooLarge, TooMany, Overflow, Unavailable, Internal}

// An Error is an error that may be shown to a caller: Message says in one
// sentence what is wrong and what to do about it. Err is the cause, which is for
// logs and never shown.
type Error struct {
	Code    Code
	Op      string // the operation, as "package.Function", for logs
	Message string
	Fields  []FieldError
	Err     error
}

// A FieldError says what is wrong with one field of the input.
type FieldError struct {
	Field   string // a path such as "prices[2].unit_price" or "year_month"
	Message string
}

// Errorf returns an Error with the formatted message. A %w in the format is kept
// as part of the message and as the cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// InvalidField returns an Invalid error about one field.
func InvalidField(field, format string, args ...any) *Error {
	return InvalidFields(FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
}

// InvalidFields returns an Invalid error about several fields. Its message
// repeats the first few of them.
func InvalidFields(fields ...FieldError) *Error {
	const shown = 5
	var b strings.Builder
	for i, f := range fields {
		if i == shown {
			fmt.Fprintf(&b, "; and %d more", len(fields)-shown)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s: %s", f.Field, f.Message)
	}
	return &Error{Code: Invalid, Message: b.String(), Fields: slices.Clip(fields)}
}

// Error returns everything, for logs.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	b.WriteString(e.said())
	return b.String()
}

// said returns the message and the cause, each once: Wrap repeats the message of what it
// wraps.
func (e *Error) said() string {
	message := cmp.Or(e.Message, string(e.Code))
	if e.Err == nil {
		return message
	}
	cause := e.Err.Error()
	switch {
	case strings.Contains(message, cause):
		return message
	case strings.Contains(cause, message):
		return cause
	}
	return message + ": " + cause
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrorCode returns the code of the first Error in err's chain, Internal for any
// other error and "" for nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// Wrap adds the operation to *err on the way out of a function; use it deferred:
//
//	func (s *Store) Load(...) (err error) {
//		defer costd.Wrap(&err, "duckdb.Load")
//
// The code, message and fields of an Error stay; any other error becomes the
// hidden cause of an Internal one.
func Wrap(err *error, op string) {
	if *err == nil {
		return
	}
	wrapped := &Error{Code: Internal, Message: "internal error", Op: op, Err: *err}
	if e, ok := errors.AsType[*Error](*err); ok {
		wrapped.Code, wrapped.Message, wrapped.Fields = e.Code, e.Message, e.Fields
	}
	*err = wrapped
}
