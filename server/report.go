package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/gcore"
	"costd.dev/costd/internal/web"
)

// defaultReportTimeout is how long a report may take until its first byte: many
// times what a year of the largest client takes.
const defaultReportTimeout = time.Minute

// maxReportBody bounds the body of a report's request, as gcore does.
const maxReportBody = 1 << 20

// boundReports lets next make so many reports at a time, each of which must begin in
// time. The body is read before a report gets its turn: who sends it slowly keeps
// nobody else waiting.
func (s *Server) boundReports(next http.Handler) http.Handler {
	t := newTurns(s.config.Reports, s.config.ReportsPerKey, s.config.ReportWait)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := s.access.Authenticate(r.Context(), r.Header.Get("Authorization"))
		if err != nil {
			next.ServeHTTP(w, r) // which says what is wrong
			return
		}
		if err := readAhead(w, r); err != nil {
			gcore.WriteError(w, r, err)
			return
		}
		done, err := t.take(r.Context(), who.KeyID)
		if err != nil {
			w.Header().Set("Retry-After", seconds(t.wait))
			gcore.WriteError(w, r, err)
			return
		}
		defer done()
		s.inTime(next, w, r)
	})
}

// readAhead reads the body that describes a report.
func readAhead(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil // nobody reads a body then
	}
	body, err := web.ReadBody(w, r, maxReportBody)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err
}

// inTime ends the context of a report that does not begin to answer in time.
func (s *Server) inTime(next http.Handler, w http.ResponseWriter, r *http.Request) {
	tooLong := costd.Errorf(costd.Unavailable, "the report took longer than %v; ask for less at a time, such as a shorter period", s.config.ReportTimeout)
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	begun := &firstByte{ResponseWriter: w}
	timer := time.AfterFunc(s.config.ReportTimeout, func() {
		if !begun.yes.Load() {
			cancel(tooLong)
		}
	})
	defer timer.Stop()
	r2 := r.WithContext(ctx)
	next.ServeHTTP(begun, r2)
	r.Pattern = r2.Pattern // for the figures
	if errors.Is(context.Cause(ctx), tooLong) {
		s.config.Logger.WarnContext(ctx, "report took too long", "request_id", web.RequestID(ctx), "path", r.URL.Path, "limit", s.config.ReportTimeout)
	}
}

// firstByte notes when an answer begins.
type firstByte struct {
	http.ResponseWriter
	yes atomic.Bool
}

func (w *firstByte) WriteHeader(status int) {
	w.yes.Store(true)
	w.ResponseWriter.WriteHeader(status)
}

func (w *firstByte) Write(p []byte) (int, error) {
	w.yes.Store(true)
	return w.ResponseWriter.Write(p)
}

// Unwrap returns the writer under w, for http.ResponseController.
func (w *firstByte) Unwrap() http.ResponseWriter { return w.ResponseWriter }
