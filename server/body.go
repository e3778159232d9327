package server

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"costd.dev/costd"
)

// Bounds of what is read of a body after its request was refused. A sender of more than
// this, or a slower one, finds the connection closed.
const (
	drainBytes = 64 << 20
	drainTime  = 2 * time.Second
)

// bodies are those that are still being sent.
type bodies struct {
	mu    sync.Mutex
	open  map[*body]bool
	ended bool // nothing more is read: the server stops
}

// A body notes how far the body of a request was read.
type body struct {
	io.ReadCloser
	all     *bodies
	control *http.ResponseController
	begun   atomic.Bool
	over    atomic.Bool // its end was seen, or its sender failed
}

// drain wraps the body of each request, so that a stop can end the wait for the rest of
// it. If next refuses a request before it has read the body, drain reads on, drainBytes and
// drainTime at most: most senders read the answer only after they have sent everything.
func (s *Server) drain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := s.bodies.add(w, r)
		defer s.bodies.remove(b)
		r.Body = b
		refusal := &refusalWriter{ResponseWriter: w, body: b}
		next.ServeHTTP(refusal, r)
		if refusal.unread && (b.begun.Load() || r.Header.Get("Expect") == "") {
			b.discard()
		}
	})
}

func (b *bodies) add(w http.ResponseWriter, r *http.Request) *body {
	added := &body{ReadCloser: r.Body, all: b, control: http.NewResponseController(w)}
	added.over.Store(r.Body == nil || r.Body == http.NoBody)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open[added] = true
	if b.ended {
		added.end()
	}
	return added
}

func (b *bodies) remove(done *body) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, done)
}

// end lets every read of a body fail from now on.
func (b *bodies) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	for open := range b.open {
		open.end()
	}
}

func (b *bodies) haveEnded() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ended
}

// end ends the wait for more of the body. One that was read is left alone: a deadline
// would end the request too.
func (b *body) end() {
	if !b.over.Load() {
		_ = b.control.SetReadDeadline(time.Now()) // fails only where there is no connection
	}
}

// within ends the wait for more of the body after d, unless it has ended already.
func (b *body) within(d time.Duration) {
	b.all.mu.Lock()
	defer b.all.mu.Unlock()
	if !b.all.ended {
		_ = b.control.SetReadDeadline(time.Now().Add(d)) // fails only where there is no connection
	}
}

func (b *body) Read(p []byte) (int, error) {
	b.begun.Store(true)
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.over.Store(true)
	}
	if err != nil && err != io.EOF && b.all.haveEnded() {
		err = costd.Errorf(costd.Unavailable, "the server is stopping; send the request again")
	}
	return n, err
}

// discard reads on for a little, after the answer was sent.
func (b *body) discard() {
	_ = b.control.Flush() // whatever fails here fails for a connection that is closed next
	_ = b.control.SetReadDeadline(time.Now().Add(drainTime))
	_, _ = io.CopyN(io.Discard, b, drainBytes)
}

// refusalWriter closes the connection after an answer that refuses a body before its
// end, since what follows on the connection is not the next request.
type refusalWriter struct {
	http.ResponseWriter
	body    *body
	unread  bool
	written bool
}

func (w *refusalWriter) WriteHeader(status int) {
	if !w.written && status >= http.StatusBadRequest && !w.body.over.Load() {
		w.unread = true
		w.Header().Set("Connection", "close")
	}
	w.written = w.written || status >= http.StatusOK
	w.ResponseWriter.WriteHeader(status)
}

func (w *refusalWriter) Write(p []byte) (int, error) {
	w.written = true
	return w.ResponseWriter.Write(p)
}

// Unwrap returns the writer under w, for http.ResponseController.
func (w *refusalWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
