package gcore

import (
	"net/http"
	"strconv"
)

// maxBuffered is how much of an answer is held back before it is sent. Until then
// an error can still take its place; it is also the memory that a streamed report
// of any length needs.
const maxBuffered = 64 << 10

// An answer is a 200 in the making. Handlers append to its buffer.
type answer struct {
	w     http.ResponseWriter
	b     []byte
	begun bool // something has been sent
	ids   idStyle
	draft *draft // keeps what is sent, unless it is nil
}

// contentType says what the answer is.
func (a *answer) contentType(s string) { a.w.Header().Set("Content-Type", s) }

// csv says that the answer is a CSV file with the given name, which holds nothing
// that needs quoting.
func (a *answer) csv(file string) {
	a.contentType("text/csv; charset=utf-8")
	a.w.Header().Set("Content-Disposition", `attachment; filename="`+file+`"`)
}

// text appends to the buffer.
func (a *answer) text(s string) { a.b = append(a.b, s...) }

// spill sends the buffer if it is full. It returns an error if the caller is gone.
func (a *answer) spill() error {
	if len(a.b) < maxBuffered {
		return nil
	}
	return a.send()
}

func (a *answer) send() error {
	a.begun = true
	if a.draft != nil {
		a.draft.keep(a.b)
	}
	_, err := a.w.Write(a.b)
	a.b = a.b[:0]
	return err
}

// finish sends the rest.
func (a *answer) finish() error {
	if !a.begun {
		a.w.Header().Set("Content-Length", strconv.Itoa(len(a.b)))
	}
	return a.send()
}
