package server

import (
	"crypto/sha256"
	"maps"
	"math"
	"net"
	"net/http"
	"strconv"
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

// take takes a token of the caller. It returns 0, or how long to wait for one.
func (l *limiter) take(caller string) time.Duration {
	now := l.now()
	reservation := l.bucket(caller, now).ReserveN(now, 1)
	delay := reservation.DelayFrom(now)
	if delay > 0 {
		reservation.CancelAt(now) // a refused request costs nothing
	}
	return delay
}

// empty says how long the caller has to wait for a token, and takes none.
func (l *limiter) empty(caller string) time.Duration {
	now := l.now()
	missing := 1 - l.bucket(caller, now).TokensAt(now)
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

// limitKeys lets each key make so many requests a second to next, zero for any
// number. What is counted is the header as sent: it names the key without a look
// into the catalog, and a header that names none fails soon enough.
func (s *Server) limitKeys(next http.Handler, fail writeError) http.Handler {
	if s.config.RateLimit <= 0 {
		return next
	}
	l := newLimiter(float64(s.config.RateLimit), max(1, s.config.RateBurst), s.config.Now)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256([]byte(r.Header.Get("Authorization"))) // strangers choose its length
		if delay := l.take(string(sum[:])); delay > 0 {
			refuse(w, r, fail, delay, "too many requests with this key; slow down")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// limitFailures stops answering addresses that keep sending wrong keys.
func (s *Server) limitFailures(next http.Handler, fail writeError) http.Handler {
	if s.config.BehindProxy {
		return next
	}
	l := newLimiter(failuresPerSecond, failureBurst, s.config.Now)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			address = r.RemoteAddr
		}
		if delay := l.empty(address); delay > 0 {
			refuse(w, r, fail, delay, "too many wrong keys from this address; check the key")
			return
		}
		next.ServeHTTP(w, r)
		if web.Status(w) == http.StatusUnauthorized {
			l.take(address)
		}
	})
}

func refuse(w http.ResponseWriter, r *http.Request, fail writeError, delay time.Duration, message string) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(delay.Seconds()))))
	fail(w, r, costd.Errorf(costd.TooMany, "%s", message))
}
