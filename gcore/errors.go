package gcore

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"costd.dev/costd"
	"costd.dev/costd/internal/web"
)

// retryAfter is what callers are told to wait, in seconds, when a request was
// right but came at the wrong moment.
const retryAfter = 1

// A kind is how the dialect says a costd.Code.
type kind struct {
	status int
	class  string // the exception_class
}

// kinds maps every code; a test holds it to that.
var kinds = map[costd.Code]kind{
	costd.Invalid:         {http.StatusBadRequest, "ValidationError"},
	costd.Unauthenticated: {http.StatusUnauthorized, "UnauthorizedError"},
	costd.Forbidden:       {http.StatusForbidden, "ForbiddenError"},
	costd.NotFound:        {http.StatusNotFound, "NotFoundError"},
	costd.Conflict:        {http.StatusConflict, "ConflictError"},
	costd.TooLarge:        {http.StatusRequestEntityTooLarge, "RequestTooLargeError"},
	costd.TooMany:         {http.StatusTooManyRequests, "TooManyRequestsError"},
	costd.Overflow:        {http.StatusUnprocessableEntity, "OverflowError"},
	costd.Unavailable:     {http.StatusServiceUnavailable, "ServiceUnavailableError"},
	costd.Internal:        {http.StatusInternalServerError, "InternalServerError"},
}

// overflow turns an error of package decimal into one for callers.
func overflow(cause error) error {
	return &costd.Error{
		Code: costd.Overflow, Op: "gcore.rounded", Err: cause,
		Message: "a number of the report needs more than 38 digits; ask for a shorter period or with rounding",
	}
}

// WriteError writes err as the dialect says it. Of an error that is our own fault
// it tells nothing but the request's id.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	if reason, ok := errors.AsType[*costd.Error](context.Cause(r.Context())); ok {
		err = reason // the server ended the request and says why
	}
	e, ok := errors.AsType[*costd.Error](err)
	if !ok || e.Code == costd.Internal {
		e = &costd.Error{Code: costd.Internal, Message: "something went wrong on our side; please report the request id"}
	}
	k, ok := kinds[e.Code]
	if !ok {
		k = kinds[costd.Internal]
	}
	switch e.Code {
	case costd.Unauthenticated:
		w.Header().Set("WWW-Authenticate", "APIKey")
	case costd.TooMany, costd.Unavailable:
		if w.Header().Get("Retry-After") == "" {
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		}
	}
	writeError(w, r, k, e)
}

func writeError(w http.ResponseWriter, r *http.Request, k kind, e *costd.Error) {
	fields := group(e.Fields)
	message := e.Message
	if len(fields) > 0 {
		message = "Validation Error: " + pythonDict(fields)
	}
	b := appendText([]byte{'{'}, "exception_class", k.class)
	b = appendText(b, "message", message)
	b = appendText(b, "request_id", web.RequestID(r.Context()))
	if len(fields) > 0 {
		b = appendFields(appendKey(b, "invalid_fields"), fields)
	}
	b = append(b, "}\n"...)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(k.status)
	w.Write(b) // a caller that is gone needs no answer
}

// A fieldMistakes is all that is wrong with one field.
type fieldMistakes struct {
	field    string
	messages []string
}

// group collects the messages of each field, in the order in which fields come
// first.
func group(errs []costd.FieldError) []fieldMistakes {
	var fields []fieldMistakes
	for _, e := range errs {
		i := slices.IndexFunc(fields, func(f fieldMistakes) bool { return f.field == e.Field })
		if i < 0 {
			i = len(fields)
			fields = append(fields, fieldMistakes{field: e.Field})
		}
		fields[i].messages = append(fields[i].messages, e.Message)
	}
	return fields
}

func appendFields(b []byte, fields []fieldMistakes) []byte {
	for i, f := range fields {
		b = append(b, "{,"[min(i, 1)])
		b = append(appendString(b, f.field), ':')
		for j, m := range f.messages {
			b = appendString(append(b, "[,"[min(j, 1)]), m)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// pythonDict writes the mistakes as the message of a ValidationError does:
// {'year_month': ['...'], ...}.
func pythonDict(fields []fieldMistakes) string {
	var b strings.Builder
	for i, f := range fields {
		b.WriteString([]string{"{", ", "}[min(i, 1)])
		b.WriteString(pythonString(f.field) + ": ")
		for j, m := range f.messages {
			b.WriteString([]string{"[", ", "}[min(j, 1)])
			b.WriteString(pythonString(m))
		}
		b.WriteString("]")
	}
	return b.String() + "}"
}

// pythonString quotes s: singly, unless that takes more escapes than doubly.
func pythonString(s string) string {
	quote := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = `"`
	}
	escaped := strings.NewReplacer(`\`, `\\`, quote, `\`+quote, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s)
	return quote + escaped + quote
}
