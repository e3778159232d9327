package server

import (
	"maps"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"costd.dev/costd"
	"costd.dev/costd/internal/web"
)

// maxBuckets bounds the callers a limiter remembers. One over it is forgotten
// first if it has been quiet, so that forgetting changes nothing.
const maxBuckets = 100_000

// Wrong keys: an address that sends many in a row is guessing, or is a script that
// will not succeed by trying harder.
const (
	failuresPerSecond = 0.5
	failureBurst      = 30
)

// A limiter holds one bucket of tokens for each caller.
type limiter struct {
	every rate.Limit
	burst int
	now   func() time.Time

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newLimiter(perSecond float64, burst int, now func() time.Time) *limiter {
	return &limiter{every: rate.Limit(perSecond), burst: burst, now: now, buckets: map[string]*rate.Limiter{}}
}

// take takes a token of the caller. It returns 0, or how long to wait for one; a
// refused request costs nothing.
func (l *limiter) take(caller string) time.Duration {
	now := l.now()
	b := l.bucket(caller, now)
	if b.AllowN(now, 1) {
		return 0
	}
	return l.wait(b, now)
}

// empty says how long the caller has to wait for a token, and takes none.
func (l *limiter) empty(caller string) time.Duration {
	now := l.now()
	return l.wait(l.bucket(caller, now), now)
}

// wait says how long it takes until the bucket has a token.
func (l *limiter) wait(b *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - b.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(l.every) * float64(time.Second))
}

func (l *limiter) bucket(caller string, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[caller]
	if !ok {
		l.makeRoom(now)
		b = rate.NewLimiter(l.every, l.burst)
		l.buckets[caller] = b
	}
	return b
}

// makeRoom forgets callers when there are too many: the quiet ones, or else any.
func (l *limiter) makeRoom(now time.Time) {
	if len(l.buckets) < maxBuckets {
		return
	}
	maps.DeleteFunc(l.buckets, func(_ string, b *rate.Limiter) bool { return b.TokensAt(now) >= float64(l.burst) })
	for caller := range l.buckets {
		if len(l.buckets) < maxBuckets {
			return
		}
		delete(l.buckets, caller)
	}
}

// A writeError answers a request with an error, in the words of a dialect.
type writeError func(w http.ResponseWriter, r *http.Request, err error)

// limits says how often callers may come to one of the APIs.
type limits struct {
	keys     *limiter // by the id of a right key; nil for any number
	failures *limiter // of wrong keys, by address; nil for any number
}

func (s *Server) newLimits(perSecond, burst int) limits {
	var l limits
	if perSecond > 0 {
		l.keys = newLimiter(float64(perSecond), max(1, burst), s.config.Now)
	}
	if !s.config.BehindProxy {
		l.failures = newLimiter(failuresPerSecond, failureBurst, s.config.Now)
	}
	return l
}

// limit refuses callers that come too often. It finds out who sends a request and
// not only what the header says: one key has many headers, and a right key must not
// suffer from wrong ones that come from the same address.
func (s *Server) limit(l limits, next http.Handler, fail writeError) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := s.access.Authenticate(r.Context(), r.Header.Get("Authorization"))
		switch {
		case err == nil && l.keys != nil:
			if delay := l.keys.take(who.KeyID); delay > 0 {
				refuse(w, r, fail, delay, "too many requests with this key; slow down")
				return
			}
		case costd.ErrorCode(err) == costd.Unauthenticated && l.failures != nil:
			if delay := l.failures.take(web.Caller(r)); delay > 0 {
				refuse(w, r, fail, delay, "too many wrong keys from this address; check the key")
				return
			}
		}
		next.ServeHTTP(w, r) // which says what is wrong with the key
	})
}

func refuse(w http.ResponseWriter, r *http.Request, fail writeError, delay time.Duration, message string) {
	w.Header().Set("Retry-After", seconds(delay))
	fail(w, r, costd.Errorf(costd.TooMany, "%s", message))
}
