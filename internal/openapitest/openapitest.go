// Package openapitest holds what a server answers in tests against the OpenAPI
// document. Tests put a Transport into their HTTP client and go on as before.
package openapitest

import (
	"bytes"
	"io"
	"net/http"
	"testing/iotest"
)

// A TB is the part of a test that a Transport needs.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Transport returns a transport that sends requests by next, the default one if it
// is nil, and fails the test when an exchange is not as the document says:
//
//   - The path, method and status of every answer are documented, and so are its
//     headers, media type and body.
//   - A path that is not documented answers 404, and a method 405 with Allow.
//   - A request that succeeds is one that the document allows.
func Transport(t TB, next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &transport{t: t, next: next}
}

type transport struct {
	t    TB
	next http.RoundTripper
}

// RoundTrip sends one request and judges the answer.
func (tr *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	tr.t.Helper()
	sent, err := drain(&r.Body)
	if err != nil {
		return nil, err
	}
	resp, err := tr.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := drain(&resp.Body)
	if err != nil { // the test may want just that
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), iotest.ErrReader(err)))
		return resp, nil
	}
	if err := Check(r, sent, resp, body); err != nil {
		tr.t.Errorf("%s %s: %d %.300s\nis not as the document says: %v", r.Method, r.URL, resp.StatusCode, body, err)
	}
	return resp, nil
}

// drain reads a body and leaves it to be read again.
func drain(body *io.ReadCloser) ([]byte, error) {
	if *body == nil {
		return nil, nil
	}
	defer (*body).Close()
	content, err := io.ReadAll(*body)
	*body = io.NopCloser(bytes.NewReader(content))
	return content, err
}
