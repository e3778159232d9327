// Package web holds what every HTTP handler of costd needs around it: request
// ids, the access log, recovery from panics and limits on bodies. It knows no
// route and no dialect.
package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"costd.dev/costd"
)

// RequestIDHeader carries the id of a request, in both directions.
const RequestIDHeader = "X-Request-ID"

// maxRequestID bounds the ids that are taken over from callers: long enough for
// a UUID or a trace id, short enough for a log line.
const maxRequestID = 64

type infoKey struct{}

// info is what is known of a request, shared by the middleware and the handlers
// under it.
type info struct {
	requestID string
	keyID     atomic.Pointer[string] // set from within the handler, read when it is done
	actingFor atomic.Int64           // likewise; 0 for nobody
}

// WithRequestID returns a context that carries the id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, infoKey{}, &info{requestID: id})
}

// RequestID returns the id of the request that ctx belongs to, or "".
func RequestID(ctx context.Context) string {
	if i, ok := ctx.Value(infoKey{}).(*info); ok {
		return i.requestID
	}
	return ""
}

// SetKeyID notes which key the request was made with, for the access log. It
// takes the public id of the key, never the token.
func SetKeyID(ctx context.Context, id string) {
	if i, ok := ctx.Value(infoKey{}).(*info); ok {
		i.keyID.Store(&id)
	}
}

// SetActingFor notes as whose administrator an operator makes the request, for the access
// log.
func SetActingFor(ctx context.Context, clientID int64) {
	if i, ok := ctx.Value(infoKey{}).(*info); ok {
		i.actingFor.Store(clientID)
	}
}

// settings are what the options of Middleware set.
type settings struct {
	stall       time.Duration
	behindProxy bool
}

// An Option changes what Middleware does.
type Option func(*settings)

// WriteStall sets how long the reader of an answer may take nothing of it; 0 keeps
// the default of 20 seconds.
func WriteStall(d time.Duration) Option {
	return func(s *settings) { s.stall = cmp.Or(d, s.stall) }
}

// BehindProxy says whether callers come through a proxy. Only then the log has what
// X-Forwarded-For says: a caller without a proxy could write anything there.
func BehindProxy(yes bool) Option {
	return func(s *settings) { s.behindProxy = yes }
}

// Middleware gives every request an id (its own if it brings a sane one), logs
// one line for it, and turns a panic into the answer that onPanic writes. A panic
// after the answer has begun cuts the connection, so that nobody takes half an
// answer for a whole one. So does a reader that takes nothing of its answer.
func Middleware(logger *slog.Logger, onPanic func(http.ResponseWriter, *http.Request), options ...Option) func(http.Handler) http.Handler {
	s := settings{stall: defaultStall}
	for _, option := range options {
		option(&s)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r = r.WithContext(WithRequestID(r.Context(), requestID(r)))
			w.Header().Set(RequestIDHeader, RequestID(r.Context()))
			rec := newRecorder(w, s.stall)
			start := time.Now()
			defer func() { logRequest(logger, r, rec, time.Since(start), s.behindProxy) }()
			defer recoverPanic(logger, rec, r, onPanic)
			next.ServeHTTP(rec, r)
			if rec.status == 0 {
				rec.status = http.StatusOK // what net/http answers for a handler that wrote nothing
			}
		})
	}
}

// requestID returns the id the caller sent if it can stand in a log, else a new one.
func requestID(r *http.Request) string {
	id := r.Header.Get(RequestIDHeader)
	if id == "" || len(id) > maxRequestID {
		return rand.Text()
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return rand.Text()
		}
	}
	return id
}

func recoverPanic(logger *slog.Logger, w *recorder, r *http.Request, onPanic func(http.ResponseWriter, *http.Request)) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler { // a handler's wish to cut the connection; the http server knows it
		panic(cause)
	}
	logger.ErrorContext(r.Context(), "panic", "request_id", RequestID(r.Context()), "cause", cause, "stack", string(debug.Stack()))
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	for name := range w.Header() {
		if name != http.CanonicalHeaderKey(RequestIDHeader) {
			w.Header().Del(name) // what the handler said of an answer that never came
		}
	}
	onPanic(w, r)
}

func logRequest(logger *slog.Logger, r *http.Request, w *recorder, took time.Duration, behindProxy bool) {
	left := r.Context().Err() != nil // nobody reads the answer, so that its status tells nothing
	attrs := []slog.Attr{
		slog.String("request_id", RequestID(r.Context())),
		slog.String("method", loggable(r.Method, maxLoggedMethod)),
		slog.String("path", loggable(r.URL.Path, maxLoggedPath)),
		slog.Int("status", w.status),
		slog.Int64("bytes", w.bytes),
		slog.Duration("took", took),
		slog.String("from", Caller(r)),
	}
	if forwarded := r.Header.Values("X-Forwarded-For"); behindProxy && len(forwarded) > 0 {
		attrs = append(attrs, slog.String("forwarded_for", strings.Join(forwarded, ", ")))
	}
	if left {
		attrs = append(attrs, slog.Bool("left", true))
	}
	if i, ok := r.Context().Value(infoKey{}).(*info); ok {
		if id := i.keyID.Load(); id != nil {
			attrs = append(attrs, slog.String("key", *id))
		}
		if client := i.actingFor.Load(); client != 0 {
			attrs = append(attrs, slog.Int64("acting_for", client))
		}
	}
	logger.LogAttrs(r.Context(), requestLevel(w.status, left), "request", attrs...)
}

// requestLevel returns the level of a request's line. A 503 says that the server cannot now
// and is meant to; a flood brings many. Every other 5xx is a fault.
func requestLevel(status int, left bool) slog.Level {
	switch {
	case status < http.StatusInternalServerError || left:
		return slog.LevelInfo
	case status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	}
	return slog.LevelError
}

// What the log keeps of a request, in bytes: more than any of our own paths and methods
// have. A caller without a key could fill the disk with more.
const (
	maxLoggedMethod = 32
	maxLoggedPath   = 512
)

// loggable returns the beginning of a text that a caller chose.
func loggable(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// Caller returns the address of the other end of the connection, without the port:
// of the proxy, if there is one.
func Caller(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// LimitBody returns the body of r, which ends in a TooLarge error after limit bytes.
func LimitBody(w http.ResponseWriter, r *http.Request, limit int64) io.Reader {
	return limitedBody{http.MaxBytesReader(w, r.Body, limit)}
}

type limitedBody struct{ io.Reader }

func (b limitedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = costd.Errorf(costd.TooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	}
	return n, err
}

// ReadBody reads the whole body of r, or returns a TooLarge error if it is longer
// than limit bytes, and an Invalid one if the caller breaks off.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(LimitBody(w, r, limit))
	if err != nil && costd.ErrorCode(err) == costd.Internal {
		err = &costd.Error{Code: costd.Invalid, Op: "web.ReadBody", Message: "the body could not be read to its end; send it again", Err: err}
	}
	return body, err
}
