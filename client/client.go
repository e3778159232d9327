// Package client is a Go client of the cost and usage reports of the Gcore Cloud
// API, as costd serves them and as the hosted service does, and of costd's own API.
//
// Reports come as rows, one Go type for each type of resource ([Volume],
// [Instance], ...) behind the interface [Row]. Numbers are exact decimals, read
// from the digits on the wire. Long reports are sequences over all pages, CSV is
// a stream.
//
// Calls that may be repeated without harm are repeated, a bounded number of times,
// when the server was not reached or says that it cannot answer now; sending usage
// is one of them, for the server knows records by their identity. What the server
// refuses comes back as an [*Error].
package client

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Defaults of the options.
const (
	defaultRetries     = 4
	defaultRetryWait   = 250 * time.Millisecond // doubled after every attempt
	defaultLongestWait = time.Minute
	defaultUserAgent   = "costd-go"
)

const (
	// answerTimeout is how long a server may be silent. Reports of large clients
	// take a while to add up.
	answerTimeout = 5 * time.Minute
	// maxAnswer bounds the memory of an answer that is read as a whole.
	maxAnswer = 256 << 20
)

// A Client calls one server with one key. It may be used by several goroutines.
type Client struct {
	baseURL     string
	apiKey      string
	userAgent   string
	http        *http.Client
	maxRetries  int
	retryWait   time.Duration
	longestWait time.Duration
	compress    bool
	actingFor   string // the id of a client, or ""
}

// An Option changes a Client while it is made.
type Option func(*Client)

// WithHTTPClient makes the calls by h. A timeout of h also cuts CSV that is still
// being read; a context can do that better.
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// WithUserAgent names the calling program to the server.
func WithUserAgent(name string) Option { return func(c *Client) { c.userAgent = name } }

// WithMaxRetries repeats a call at most n times, 0 for never.
func WithMaxRetries(n int) Option { return func(c *Client) { c.maxRetries = n } }

// WithRetryWait waits first, or a little less, before a call is repeated, and twice
// as long each further time, but never longer than longest, unless the server says
// how long. If it asks to wait for longer than longest, the call fails at once.
func WithRetryWait(first, longest time.Duration) Option {
	return func(c *Client) { c.retryWait, c.longestWait = first, longest }
}

// WithCompression decides whether usage is compressed on its way. Left out, it is
// unless the server runs on this machine, where it would only cost time.
func WithCompression(on bool) Option { return func(c *Client) { c.compress = on } }

// WithClientID makes every call as an administrator of the client with this id would. It is
// for reports with the key of an operator, who sees every client; costd refuses it with any
// other key, and on paths that are not for administrators.
func WithClientID(id int64) Option {
	return func(c *Client) { c.actingFor = strconv.FormatInt(id, 10) }
}

// New returns a client of the server at baseURL ("http://127.0.0.1:8080" or
// "https://api.gcore.com"), whose requests carry the key.
func New(baseURL, apiKey string, options ...Option) *Client {
	c := &Client{
		baseURL:     strings.TrimRight(strings.TrimSpace(baseURL), "/"),
		apiKey:      strings.TrimSpace(apiKey),
		userAgent:   defaultUserAgent,
		http:        newHTTPClient(),
		maxRetries:  defaultRetries,
		retryWait:   defaultRetryWait,
		longestWait: defaultLongestWait,
		compress:    !isLoopback(baseURL),
	}
	for _, option := range options {
		option(c)
	}
	return c
}

func newHTTPClient() *http.Client {
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // the program has put its own in place
		return &http.Client{}
	}
	transport = transport.Clone()
	transport.ResponseHeaderTimeout = answerTimeout
	return &http.Client{Transport: transport}
}

func isLoopback(baseURL string) bool {
	u, err := url.Parse(strings.TrimSpace(baseURL))
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
