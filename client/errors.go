package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Kinds of errors, to be tested with errors.Is. They go by the status of the
// answer, so they hold for any server; ErrConnection is of calls without one.
var (
	ErrInvalid         = errors.New("the request is not valid")                // 400: see Error.InvalidFields
	ErrUnauthenticated = errors.New("no key, or not a valid one")              // 401
	ErrForbidden       = errors.New("the key may not do this")                 // 403
	ErrNotFound        = errors.New("no such thing")                           // 404
	ErrTooManyRequests = errors.New("too many requests")                       // 429: see Error.RetryAfter
	ErrServer          = errors.New("the server failed, or cannot answer now") // 500 and above
	ErrConnection      = errors.New("the server was not reached, or its answer broke off")
)

var kinds = map[int]error{
	http.StatusBadRequest:      ErrInvalid,
	http.StatusUnauthorized:    ErrUnauthenticated,
	http.StatusForbidden:       ErrForbidden,
	http.StatusNotFound:        ErrNotFound,
	http.StatusTooManyRequests: ErrTooManyRequests,
}

// An Error is what the server answers when it does not do what it is asked, after
// the last attempt.
type Error struct {
	StatusCode int // of HTTP
	// ExceptionClass is the server's word for the kind of error, such as
	// "ForbiddenError"; costd's own API says "forbidden".
	ExceptionClass string
	Message        string
	RequestID      string // by which the server's log knows the request
	// InvalidFields says what is wrong with each field of the request.
	InvalidFields map[string][]string
	// RetryAfter is how long the server asks to wait; nil if it does not say.
	RetryAfter *time.Duration
}

// Error returns the message, with what is needed to ask about it.
func (e *Error) Error() string {
	message := cmp.Or(strings.TrimSpace(e.Message), http.StatusText(e.StatusCode))
	if e.RequestID == "" {
		return fmt.Sprintf("%s (status %d)", message, e.StatusCode)
	}
	return fmt.Sprintf("%s (status %d, request %s)", message, e.StatusCode, e.RequestID)
}

// Is reports whether target is the kind of the error.
func (e *Error) Is(target error) bool {
	if e.StatusCode >= http.StatusInternalServerError {
		return target == ErrServer
	}
	kind, ok := kinds[e.StatusCode]
	return ok && target == kind
}

// newError reads an error of the reports' dialect or of costd's own API; what is
// neither, such as a proxy's, becomes the message as it is.
func newError(resp *http.Response, answer []byte) *Error {
	e := &Error{StatusCode: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
	var body struct {
		Class     string              `json:"exception_class"`
		Message   string              `json:"message"`
		RequestID string              `json:"request_id"`
		Fields    map[string]messages `json:"invalid_fields"`
		Own       *ownError           `json:"error"`
	}
	switch err := json.Unmarshal(answer, &body); {
	case err == nil && body.Class != "":
		e.ExceptionClass, e.Message = body.Class, body.Message
		for field, m := range body.Fields {
			e.addField(field, m...)
		}
	case err == nil && body.Own != nil:
		e.ExceptionClass, e.Message = body.Own.Code, body.Own.Message
		for _, f := range body.Own.Fields {
			e.addField(f.Field, f.Message)
		}
	default:
		const shown = 200
		e.Message = string(answer[:min(len(answer), shown)])
	}
	e.RequestID = cmp.Or(resp.Header.Get("X-Request-ID"), body.RequestID)
	return e
}

func (e *Error) addField(field string, messages ...string) {
	if e.InvalidFields == nil {
		e.InvalidFields = map[string][]string{}
	}
	e.InvalidFields[field] = append(e.InvalidFields[field], messages...)
}

// An ownError is an error as costd's own API says it.
type ownError struct {
	Code, Message string
	Fields        []struct{ Field, Message string }
}

// messages are what is wrong with a field: a list of texts or, from servers that
// nest them, anything else, as it is written.
type messages []string

// UnmarshalJSON never fails: whatever is said about an error is worth showing.
func (m *messages) UnmarshalJSON(text []byte) error {
	var list []string
	if json.Unmarshal(text, &list) != nil {
		list = []string{string(text)}
	}
	*m = list
	return nil
}
