package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"costd.dev/costd"
	"costd.dev/costd/internal/web"
)

// statuses maps every code; a test holds it to that.
var statuses = map[costd.Code]int{
	costd.Invalid:         http.StatusBadRequest,
	costd.Unauthenticated: http.StatusUnauthorized,
	costd.Forbidden:       http.StatusForbidden,
	costd.NotFound:        http.StatusNotFound,
	costd.Conflict:        http.StatusConflict,
	costd.TooLarge:        http.StatusRequestEntityTooLarge,
	costd.TooMany:         http.StatusTooManyRequests,
	costd.Overflow:        http.StatusUnprocessableEntity,
	costd.Unavailable:     http.StatusServiceUnavailable,
	costd.Internal:        http.StatusInternalServerError,
}

// retryAfter is how long callers are told to wait, in seconds, when a request was
// right but came at the wrong moment.
const retryAfter = "1"

// A protocolError is a mistake in the use of HTTP, which no other way into costd
// has a word for.
type protocolError struct {
	status        int
	code, message string
}

func (e *protocolError) Error() string { return e.message }

func refusal(status int, code, format string, args ...any) error {
	return &protocolError{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// An errorAnswer is the body of every answer that is an error.
type errorAnswer struct {
	Error errorBody `json:"error"`
}

type errorBody struct {
	Code      string       `json:"code"`
	Message   string       `json:"message"`
	RequestID string       `json:"request_id"`
	Fields    []fieldError `json:"fields,omitempty"`
}

type fieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// fail logs and writes the error of an endpoint.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if WriteError(w, r, err) >= http.StatusInternalServerError {
		h.logFailure(r, err)
	}
}

// logFailure logs an error that is not the caller's.
func (h *Handler) logFailure(r *http.Request, err error) {
	if h.Logger != nil && r.Context().Err() == nil {
		h.Logger.ErrorContext(r.Context(), "request failed", "request_id", web.RequestID(r.Context()), "path", r.URL.Path, "error", err)
	}
}

// WriteError writes err as this API says it, and returns the status. Of an error
// that is our own fault it tells nothing but the request's id.
func WriteError(w http.ResponseWriter, r *http.Request, err error) int {
	if reason, ok := errors.AsType[*costd.Error](context.Cause(r.Context())); ok {
		err = reason // the server ended the request and says why
	}
	status, body := describe(err)
	body.RequestID = web.RequestID(r.Context())
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "APIKey")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if w.Header().Get("Retry-After") == "" { // a limiter knows better how long
			w.Header().Set("Retry-After", retryAfter)
		}
	}
	writeJSON(w, status, errorAnswer{body})
	return status
}

func describe(err error) (int, errorBody) {
	if e, ok := errors.AsType[*protocolError](err); ok {
		return e.status, errorBody{Code: e.code, Message: e.message}
	}
	e, ok := errors.AsType[*costd.Error](err)
	status, known := 0, false
	if ok {
		status, known = statuses[e.Code]
	}
	if !known || e.Code == costd.Internal {
		return statuses[costd.Internal], errorBody{Code: string(costd.Internal), Message: "something went wrong on our side; please report the request id"}
	}
	body := errorBody{Code: string(e.Code), Message: e.Message}
	for _, f := range e.Fields {
		body.Fields = append(body.Fields, fieldError(f))
	}
	return status, body
}
