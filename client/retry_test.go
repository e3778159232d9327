package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/client"
)

// A failure is how a request goes wrong on its way to the next handler.
type failure func(w http.ResponseWriter, r *http.Request, next http.Handler)

// A flaky handler lets the first requests fail, each in its way.
type flaky struct {
	mu       sync.Mutex
	failures []failure
	requests int
}

func failing(failures ...failure) *flaky { return &flaky{failures: failures} }

// always fails more often than anybody tries.
func always(f failure) *flaky {
	all := &flaky{}
	for range 20 {
		all.failures = append(all.failures, f)
	}
	return all
}

func (f *flaky) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.requests++
		if f.requests <= len(f.failures) {
			f.failures[f.requests-1](w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// count returns how many requests came.
func (f *flaky) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// status answers with a status and, unless it is "", a Retry-After.
func status(code int, retryAfter string) failure {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
	}
}

// refused cuts the connection before the request is handled.
func refused(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// lost cuts it after that, before the answer.
func lost(_ http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// torn cuts it in the middle of the answer.
func torn(w http.ResponseWriter, r *http.Request, next http.Handler) {
	half(w, r, next)
	panic(http.ErrAbortHandler)
}

// stalled says nothing more after half of the answer.
func stalled(w http.ResponseWriter, r *http.Request, next http.Handler) {
	half(w, r, next)
	<-r.Context().Done()
}

func half(w http.ResponseWriter, r *http.Request, next http.Handler) {
	whole := httptest.NewRecorder()
	next.ServeHTTP(whole, r)
	w.WriteHeader(whole.Code)
	io.WriteString(w, whole.Body.String()[:whole.Body.Len()/2])
	w.(http.Flusher).Flush()
}

// Usage arrives, once, whatever happens to the first requests.
func TestRetriesOfUsage(t *testing.T) {
	f := failing(refused, status(503, "0"), lost, status(429, "0"))
	url, token, store := newServer(t, f.around)
	c := client.New(url, token, client.WithRetryWait(time.Millisecond, time.Second))
	result, err := c.SendUsage(t.Context(), []costd.Usage{hour("r")})
	if err != nil || f.count() != 5 || result.Unchanged != 1 {
		t.Errorf("%+v, %v after %d requests", result, err, f.count())
	}
	if got := used(t, store); got != "60" {
		t.Errorf("used %s, want 60", got)
	}
}

// Reports arrive whole, whatever happens to the first requests.
func TestRetriesOfReports(t *testing.T) {
	for name, f := range map[string]*flaky{
		"refused":        failing(refused, lost),
		"torn":           failing(torn, torn),
		"too many":       failing(status(429, "0"), status(429, "0")),
		"unavailable":    failing(status(503, "0"), status(500, "")),
		"timeout":        failing(status(408, ""), status(504, "")),
		"conflict":       failing(status(409, ""), status(502, "Wed, 21 Oct 2015 07:28:00 GMT")),
		"without a word": failing(),
	} {
		c := site(t).through(t, f.around, fleetKey, client.WithRetryWait(time.Millisecond, time.Second))
		totals, err := c.MonthlyTotals(t.Context(), client.MonthlyTotalsRequest{YearMonth: october})
		if err != nil || len(totals.Results) == 0 || f.count() != len(f.failures)+1 {
			t.Errorf("%s: %v, %v after %d requests", name, totals, err, f.count())
		}
	}
}

func TestRetriesEnd(t *testing.T) {
	keys := func(c *client.Client) error { _, err := c.Keys(t.Context()); return err }
	for _, tt := range []struct {
		name     string
		failure  failure
		call     func(*client.Client) error
		requests int
	}{
		{"unavailable", status(503, "0"), keys, 3},
		{"too many", status(429, "0"), keys, 3},
		{"cut", refused, keys, 3},
		{"broken", status(500, ""), keys, 3},
		{"wrong", status(400, ""), keys, 1},
		{"unauthenticated", status(401, ""), keys, 1},
		{"more patience than we have", status(503, "61"), keys, 1},
		{"not to be repeated", status(503, "0"), func(c *client.Client) error {
			_, _, err := c.CreateKey(t.Context(), costd.RoleIngest, 0, nil)
			return err
		}, 1},
	} {
		f := always(tt.failure)
		c := site(t).through(t, f.around, "operator", client.WithRetryWait(time.Millisecond, time.Minute), client.WithMaxRetries(2))
		if err := tt.call(c); err == nil || f.count() != tt.requests {
			t.Errorf("%s: %v after %d requests, want %d", tt.name, err, f.count(), tt.requests)
		}
	}
}

// A caller who gives up does not wait for the server's convenience.
func TestRetriesHeedTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := always(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		time.AfterFunc(10*time.Millisecond, cancel)
		status(503, "50")(w, r, next)
	})
	_, err := site(t).through(t, f.around, fleetKey).Account(ctx)
	if !errors.Is(err, context.Canceled) || f.count() != 1 {
		t.Errorf("%v after %d requests", err, f.count())
	}
	if !errors.Is(err, client.ErrServer) {
		t.Errorf("%v does not tell why it waited", err)
	}
}
