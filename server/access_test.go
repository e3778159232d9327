package server_test

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"costd.dev/costd/server"
)

// limited replaces the server by one with a limit on keys, and returns its clock.
func (s *site) limited(perSecond, burst int) *atomic.Int64 {
	clock := new(atomic.Int64)
	clock.Store(october().UnixNano())
	s.Config.Handler = server.New(server.Config{
		Usage: s.store, Catalog: s.store, Logger: slog.New(slog.DiscardHandler), RateLimit: perSecond, RateBurst: burst,
		Now: func() time.Time { return time.Unix(0, clock.Load()).UTC() },
	})
	return clock
}

// ask sends the Authorization header as it stands and returns the status and the
// seconds of Retry-After.
func (s *site) ask(t *testing.T, authorization string) (status, retryAfter int) {
	t.Helper()
	r, err := http.NewRequest("GET", s.URL+"/iam/clients/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	retryAfter, _ = strconv.Atoi(resp.Header.Get("Retry-After"))
	return resp.StatusCode, retryAfter
}

// A key has one limit, however its header is written.
func TestRateLimitCountsTheKey(t *testing.T) {
	s := open(t)
	s.limited(1, 4)
	id, secret, _ := strings.Cut(s.tokens["administrator"], "$")
	headers := []string{"APIKey " + id + "$" + secret, "apikey " + id + "$" + secret, "APIKey    " + id + "$" + secret, "APIKEY " + id + "_" + secret}
	for _, header := range headers {
		if status, _ := s.ask(t, header); status != http.StatusOK {
			t.Errorf("within the burst: %d", status)
		}
	}
	for i, header := range headers {
		if status, _ := s.ask(t, strings.Replace(header, " ", strings.Repeat(" ", i+5), 1)); status != http.StatusTooManyRequests {
			t.Errorf("beyond the burst, header %d: %d", i, status)
		}
	}
	if status, _ := s.ask(t, "APIKey "+s.tokens["other"]); status != http.StatusOK {
		t.Errorf("another key: %d", status)
	}
}

// After the time that Retry-After says a request is answered, and not before.
func TestRetryAfterIsTrue(t *testing.T) {
	s := open(t)
	clock := s.limited(1, 1)
	header := "APIKey " + s.tokens["administrator"]
	s.ask(t, header)
	for range 10 {
		if status, after := s.ask(t, header); status != http.StatusTooManyRequests || after != 1 {
			t.Fatalf("%d, retry after %d", status, after)
		}
	}
	clock.Add(int64(time.Second))
	if status, _ := s.ask(t, header); status != http.StatusOK {
		t.Errorf("after the wait: %d", status)
	}

	for range 60 {
		s.ask(t, "APIKey a$guess")
	}
	_, after := s.ask(t, "APIKey a$guess")
	clock.Add(int64(time.Duration(after)*time.Second) - 1)
	if status, _ := s.ask(t, "APIKey a$guess"); status != http.StatusTooManyRequests {
		t.Errorf("before the wait is over: %d", status)
	}
	clock.Add(1)
	if status, _ := s.ask(t, "APIKey a$guess"); status != http.StatusUnauthorized {
		t.Errorf("after the wait of %d s: %d", after, status)
	}
}

// Wrong keys from an address leave the right ones of that address alone.
func TestWrongKeysDoNotLockOutRightOnes(t *testing.T) {
	s := open(t)
	for range 60 {
		s.ask(t, "APIKey a$guess")
		s.call(t, "GET", "/api/v1/keys", "a$guess", "")
	}
	if status, _ := s.ask(t, "APIKey a$guess"); status != http.StatusTooManyRequests {
		t.Fatalf("the guesses are not limited: %d", status)
	}
	if status, _ := s.ask(t, "APIKey "+s.tokens["administrator"]); status != http.StatusOK {
		t.Errorf("a right key: %d", status)
	}
	if status, body := s.call(t, "GET", "/api/v1/keys", s.tokens["operator"], ""); status != http.StatusOK {
		t.Errorf("a right key: %d %s", status, body)
	}
}
