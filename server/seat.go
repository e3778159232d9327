package server

import (
	"context"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"costd.dev/costd/internal/turns"
	"costd.dev/costd/internal/web"
)

// defaultReaderPatience is how long a report keeps its turn while its reader takes nothing,
// all such times together: a line of 1 Mbit/s takes 600 KB meanwhile.
const defaultReaderPatience = 5 * time.Second

// ended is a context for who does not wait.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// A seat is what a report holds: its turn, or, once its reader was slow, a place among the
// slow readers, so that nobody waits for a turn because others do not read. A reader for
// whom there is no such place is cut off.
type seat struct {
	slow     *turns.Turns // by payer
	payer    string
	patience time.Duration

	mu    sync.Mutex
	leave func() // nil when the report is done
}

// done gives back what the report holds.
func (s *seat) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave()
	s.leave = nil
}

// giveTurn gives the turn back for a place among the slow readers, and reports whether
// there was one.
func (s *seat) giveTurn() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leave == nil {
		return true
	}
	leave, err := s.slow.Take(ended, s.payer)
	if err != nil {
		return false
	}
	s.leave()
	s.leave = leave
	return true
}

// A patientWriter calls slow, once, when its reader has let it wait for longer than its
// patience, all writes together.
type patientWriter struct {
	http.ResponseWriter
	patience time.Duration // that is left
	slow     func()
	cut      atomic.Bool // nothing more is written
}

// writer returns the writer of the report of r, which moves the seat when it has to wait.
func (s *Server) writer(seat *seat, w http.ResponseWriter, r *http.Request) *patientWriter {
	p := &patientWriter{ResponseWriter: w, patience: seat.patience}
	p.slow = sync.OnceFunc(func() {
		if seat.giveTurn() {
			return
		}
		s.config.Logger.WarnContext(r.Context(), "a slow reader is cut off, as others of this client or of all are slow", "request_id", web.RequestID(r.Context()))
		p.cut.Store(true)
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now()) // fails only where there is no connection
	})
	return p
}

// Write implements io.Writer.
func (w *patientWriter) Write(p []byte) (int, error) {
	if w.cut.Load() {
		return 0, os.ErrDeadlineExceeded
	}
	begin := time.Now()
	timer := time.AfterFunc(w.patience, w.slow)
	n, err := w.ResponseWriter.Write(p)
	timer.Stop()
	w.patience -= time.Since(begin)
	return n, err
}

// Unwrap returns the writer under w, for http.ResponseController.
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
