// Package client is a Go client of costd's HTTP API: it sends usage, applies
// catalogs, makes keys and asks for reports.
//
// Calls that may be repeated without harm are repeated, a bounded number of times,
// when the server was not reached or says that it cannot answer now; sending usage
// is one of them, for the server knows records by their identity. What the server
// refuses comes back as an [*Error].
package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	defaultAttempts = 5
	defaultBackoff  = 250 * time.Millisecond // doubled after every attempt
	maxBackoff      = 10 * time.Second
	maxRetryAfter   = time.Minute // a server may not keep a caller waiting for longer
	answerTimeout   = 5 * time.Minute

	// maxAnswer bounds the memory of an answer that is read as a whole.
	maxAnswer = 256 << 20
)

// A Client calls one server with one key. It may be used by several goroutines.
type Client struct {
	baseURL  string
	apiKey   string
	http     *http.Client
	attempts int
	backoff  time.Duration
	compress bool
}

// An Option changes a Client while it is made.
type Option func(*Client)

// WithHTTPClient makes the calls by c.
func WithHTTPClient(c *http.Client) Option { return func(o *Client) { o.http = c } }

// WithAttempts makes at most n attempts at a call, 1 for no repetition.
func WithAttempts(n int) Option { return func(o *Client) { o.attempts = n } }

// WithBackoff waits d, or a little less, before the first repetition of a call,
// and twice as long before each further one, unless the server says how long.
func WithBackoff(d time.Duration) Option { return func(o *Client) { o.backoff = d } }

// WithCompression decides whether usage is compressed on its way. Left out, it is
// unless the server runs on this machine, where it would only cost time.
func WithCompression(on bool) Option { return func(o *Client) { o.compress = on } }

// New returns a client of the server at baseURL ("http://127.0.0.1:8080"), whose
// requests carry the key.
func New(baseURL, apiKey string, options ...Option) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = answerTimeout
	c := &Client{
		baseURL:  strings.TrimRight(strings.TrimSpace(baseURL), "/"),
		apiKey:   strings.TrimSpace(apiKey),
		http:     &http.Client{Transport: transport},
		attempts: defaultAttempts,
		backoff:  defaultBackoff,
		compress: !isLoopback(baseURL),
	}
	for _, option := range options {
		option(c)
	}
	return c
}

func isLoopback(baseURL string) bool {
	u, err := url.Parse(strings.TrimSpace(baseURL))
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// A call is one request that may be made several times.
type call struct {
	method, path string
	body         []byte
	contentType  string
	encoding     string // of the body: "gzip" or ""
	accept       string
	once         bool // whether repeating it could do harm
}

// do makes the call and returns the body of its answer. Statuses other than 2xx
// are an *Error.
func (c *Client) do(ctx context.Context, call call) ([]byte, error) {
	for attempt := 1; ; attempt++ {
		answer, err := c.attempt(ctx, call)
		if err == nil || call.once || attempt >= c.attempts || ctx.Err() != nil || !temporary(err) {
			return answer, err
		}
		if waitErr := wait(ctx, c.delay(attempt, err)); waitErr != nil {
			return nil, fmt.Errorf("%w while waiting to try again after: %w", waitErr, err)
		}
	}
}

func (c *Client) attempt(ctx context.Context, call call) ([]byte, error) {
	req, err := c.request(ctx, call)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, &connectionError{fmt.Errorf("cannot reach %s: %w", c.baseURL, err)}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, &connectionError{fmt.Errorf("the answer of %s broke off: %w", c.baseURL, err)}
	}
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("the answer of %s is larger than %d bytes", c.baseURL, maxAnswer)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, newError(resp, answer)
	}
	return answer, nil
}

func (c *Client) request(ctx context.Context, call call) (*http.Request, error) {
	if !strings.HasPrefix(c.baseURL, "http://") && !strings.HasPrefix(c.baseURL, "https://") {
		return nil, fmt.Errorf("the address %q must begin with http:// or https://", c.baseURL)
	}
	req, err := http.NewRequestWithContext(ctx, call.method, c.baseURL+call.path, bytes.NewReader(call.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "APIKey "+c.apiKey)
	for name, value := range map[string]string{"Content-Type": call.contentType, "Content-Encoding": call.encoding, "Accept": call.accept} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	return req, nil
}

// A connectionError says that the server was not reached, or not heard to the end.
type connectionError struct{ error }

func (e *connectionError) Unwrap() error { return e.error }

// temporary reports whether the same call may succeed later.
func temporary(err error) bool {
	if _, ok := errors.AsType[*connectionError](err); ok {
		return true
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// delay returns how long to wait after a failed attempt: what the server asked
// for, else twice as long each time, less up to a half so that callers spread out.
func (c *Client) delay(attempt int, err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok && e.RetryAfter != nil {
		return min(*e.RetryAfter, maxRetryAfter)
	}
	d := c.backoff
	for range attempt - 1 {
		d = min(2*d, maxBackoff)
	}
	if d <= 0 {
		return 0
	}
	return d - rand.N(d/2+1)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retryAfter reads a Retry-After header, in seconds or as a date; nil if there is
// none that can be read.
func retryAfter(header http.Header) *time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		d := time.Duration(seconds) * time.Second
		return &d
	}
	if at, err := http.ParseTime(value); err == nil {
		d := max(time.Until(at), 0)
		return &d
	}
	return nil
}
