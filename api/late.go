package api

import (
	"io"
	"net/http"
)

// A lateBody asks at its end whether the key that the request was begun with is still
// accepted. A body may take minutes; a key that was deleted or has expired since must
// not do what the body says. No endpoint acts before it has read its body to the end, so
// that none can forget to ask.
type lateBody struct {
	io.ReadCloser
	accepted func() error // nil after it was asked
	err      error        // what it answered, if that was no
}

// withLateBody returns the request with a body that ends in an error if its key is not
// accepted any more.
func (h *Handler) withLateBody(r *http.Request) *http.Request {
	r2 := *r
	r2.Body = &lateBody{ReadCloser: r.Body, accepted: func() error {
		_, err := h.Access.Authenticate(r.Context(), r.Header.Get("Authorization"))
		return err
	}}
	return &r2
}

// Read implements io.Reader. Its errors are those of the body and of access.
func (b *lateBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF && b.accepted != nil {
		b.err, b.accepted = b.accepted(), nil
	}
	if b.err != nil {
		return n, b.err
	}
	return n, err
}
