package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"costd"
)

// An Error is what the server answers when it does not do what it is asked.
type Error struct {
	Status    int    // of HTTP
	Code      string // the server's word for the kind of error, such as "invalid" or "ForbiddenError"
	Message   string
	RequestID string // by which the server's log knows the request
	Fields    []costd.FieldError
	// RetryAfter is how long the server asks to wait; nil if it does not say.
	RetryAfter *time.Duration
}

// Error returns the message, with what is needed to ask about it.
func (e *Error) Error() string {
	message := strings.TrimSpace(e.Message)
	if message == "" {
		message = http.StatusText(e.Status)
	}
	if e.RequestID == "" {
		return fmt.Sprintf("%s (status %d)", message, e.Status)
	}
	return fmt.Sprintf("%s (status %d, request %s)", message, e.Status, e.RequestID)
}

// newError reads an error of either dialect; what is neither, such as a proxy's,
// becomes the message as it is.
func newError(resp *http.Response, answer []byte) *Error {
	e := &Error{Status: resp.StatusCode, RequestID: resp.Header.Get("X-Request-ID"), RetryAfter: retryAfter(resp.Header)}
	var own struct {
		Error struct {
			Code, Message string
			Fields        []costd.FieldError
		}
	}
	var compatible struct {
		Class   string              `json:"exception_class"`
		Message string              `json:"message"`
		Fields  map[string][]string `json:"invalid_fields"`
	}
	switch {
	case json.Unmarshal(answer, &own) == nil && own.Error.Code != "":
		e.Code, e.Message, e.Fields = own.Error.Code, own.Error.Message, own.Error.Fields
	case json.Unmarshal(answer, &compatible) == nil && compatible.Class != "":
		e.Code, e.Message = compatible.Class, compatible.Message
		for field, messages := range compatible.Fields {
			e.Fields = append(e.Fields, costd.FieldError{Field: field, Message: strings.Join(messages, "; ")})
		}
		slices.SortFunc(e.Fields, func(a, b costd.FieldError) int { return strings.Compare(a.Field, b.Field) })
	default:
		const shown = 200
		e.Message = string(answer[:min(len(answer), shown)])
	}
	return e
}
