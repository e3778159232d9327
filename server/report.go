package server

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/internal/turns"
	"costd.dev/costd/internal/web"
)

// defaultReportTimeout is how long a report may take until its first byte: many
// times what a year of the largest client takes.
const defaultReportTimeout = time.Minute

// reportBounds are what all reports share, in whichever API.
type reportBounds struct {
	turns  reportTurns
	slow   *turns.Turns // of reports whose readers are slow
	bodies *reportBodies
}

func (s *Server) newReportBounds() reportBounds {
	return reportBounds{
		turns:  reportTurns{turns.New(s.config.Reports, s.config.ReportsPerKey, maxWaiting), s.config.ReportWait},
		slow:   turns.New(max(1, s.config.Reports/2), max(1, s.config.ReportsPerKey/2), 0),
		bodies: &reportBodies{paid: map[string]int{}},
	}
}

// boundReports lets next make so many reports at a time, each of which must begin in
// time. The body is read before a report gets its turn: who sends it slowly keeps
// nobody else waiting. An operator's turns are its own, whichever client it acts for.
func (s *Server) boundReports(b reportBounds, next http.Handler, fail writeError) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := s.access.Authenticate(r.Context(), r.Header.Get("Authorization"))
		if err != nil {
			next.ServeHTTP(w, r) // which says what is wrong
			return
		}
		release, err := b.bodies.readAhead(w, r, payer(who))
		defer release()
		if err != nil {
			if code := costd.ErrorCode(err); code == costd.TooMany || code == costd.Unavailable {
				w.Header().Set("Retry-After", seconds(time.Second))
			}
			fail(w, r, err)
			return
		}
		done, err := b.turns.take(r.Context(), payer(who))
		if err != nil {
			w.Header().Set("Retry-After", seconds(b.turns.wait))
			fail(w, r, err)
			return
		}
		seat := &seat{slow: b.slow, payer: payer(who), patience: s.config.ReaderPatience, leave: done}
		defer seat.done()
		s.inTime(next, s.writer(seat, w, r), r)
	})
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
