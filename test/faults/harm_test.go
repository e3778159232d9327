package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A target is a server that harm is done to, between two of its starts.
type target struct {
	t     *testing.T
	url   string
	tally *tally
	// Keys: of the operator, of an ingest role that only harm uses, and of an
	// administrator of the client with the large fleet.
	operator, sender, crowd string
}

// address returns where the server listens, as net.Dial takes it.
func (x *target) address() string { return strings.TrimPrefix(x.url, "http://") }

// harms are the kinds of harm. Each returns when it is done or when ctx ends.
var harms = []struct {
	name string
	do   func(x *target, ctx context.Context)
}{
	{"hang-ups", (*target).hangUp},
	{"short time-outs", (*target).timeOut},
	{"half-sent bodies", (*target).sendHalf},
	{"slow readers", func(x *target, ctx context.Context) { x.readNothing(ctx, 2*time.Second+rand.N(20*time.Second)) }},
	{"floods of usage", (*target).floodUsage},
	{"floods of reports", (*target).floodReports},
	{"wrong keys", (*target).guessKeys},
	{"bad bodies", (*target).sendNonsense},
	{"catalog bombs", (*target).sendBombs},
	{"month-long records", (*target).sendMonths},
	{"abandoned backups", (*target).abandonBackup},
}

// times does the same so many times, some at once, until ctx ends.
func times(ctx context.Context, n, width int, do func(i int)) {
	next := make(chan int)
	var group sync.WaitGroup
	for range width {
		group.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	group.Wait()
}

// yearBody asks for all usage of the large fleet, with a row of each of its machines.
const yearBody = `{"time_from": "2026-01-01", "time_to": "2026-12-31", "limit": 100000}`

// paths are requests of all kinds that a caller may leave.
var paths = []struct{ method, path, body string }{
	{"GET", "/readyz", ""},
	{"GET", "/metrics", ""},
	{"POST", "/cloud/v1/usage_report", yearBody},
	{"POST", "/cloud/v1/cost_report/resources", `{"time_from": "2026-09-11", "time_to": "2026-10-05", "limit": 50}`},
	{"POST", "/cloud/v1/reservation_cost_report/totals", `{"year_month": "2026-09"}`},
	{"GET", "/api/v1/keys", ""},
	{"GET", "/api/v1/catalog", ""},
}

// keyFor returns the key that may ask for the path.
func (x *target) keyFor(path string) string {
	if strings.HasPrefix(path, "/api/") {
		return x.operator
	}
	return x.crowd
}

// open opens a connection and writes the head of a request to it; nil if the server
// does not take it.
func (x *target) open(method, path, body string) net.Conn {
	conn, err := net.DialTimeout("tcp", x.address(), 5*time.Second)
	if err != nil {
		return nil
	}
	// A server that was killed takes no more, which is no mistake.
	_, _ = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: costd\r\nAuthorization: APIKey %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		method, path, x.keyFor(path), len(body), body)
	return conn
}

// hangUp closes 1,600 connections some instants after their requests.
func (x *target) hangUp(ctx context.Context) {
	times(ctx, 1600, 32, func(i int) {
		p := paths[0] // no key is needed for it
		if i%2 == 0 {
			p = paths[rand.IntN(len(paths))]
		}
		conn := x.open(p.method, p.path, p.body)
		if conn == nil {
			return
		}
		time.Sleep(rand.N(2 * time.Millisecond))
		if tcp, ok := conn.(*net.TCPConn); ok && i%3 == 0 {
			_ = tcp.SetLinger(0) // a reset instead of an end
		}
		conn.Close()
		x.tally.add("hang-ups", 1)
	})
}

// timeOut gives requests less time than they need.
func (x *target) timeOut(ctx context.Context) {
	times(ctx, 200, 16, func(i int) {
		limited, cancel := context.WithTimeout(ctx, rand.N(20*time.Millisecond))
		defer cancel()
		if i%4 == 0 {
			x.call(limited, "short time-outs", "POST", "/api/v1/usage", x.sender, "application/x-ndjson", floodBodies()[i%4])
			return
		}
		p := paths[rand.IntN(len(paths))]
		x.call(limited, "short time-outs", p.method, p.path, x.keyFor(p.path), "application/json", []byte(p.body))
	})
}

// sendHalf sends half a body, waits a little and leaves.
func (x *target) sendHalf(ctx context.Context) {
	times(ctx, 40, 40, func(i int) {
		path := []string{"/api/v1/usage", "/api/v1/catalog", "/cloud/v1/usage_report"}[i%3]
		conn := x.open(map[bool]string{true: "PUT", false: "POST"}[i%3 == 1], path, yearBody[:40])
		if conn == nil {
			return
		}
		defer conn.Close()
		// The same connection begins another request, whose body is never whole.
		_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: costd\r\nAuthorization: APIKey %s\r\nContent-Length: 100000\r\n\r\n[{", path, x.keyFor(path))
		pause(ctx, rand.N(2*time.Second))
		x.tally.add("half-sent bodies", 1)
	})
}

// slowReaders is how many connections read nothing at a time.
const slowReaders = 40

// readNothing asks on some connections for as large an answer as there is, and reads
// none for so long.
func (x *target) readNothing(ctx context.Context, patience time.Duration) {
	for range slowReaders {
		conn := x.open("POST", "/cloud/v1/usage_report", yearBody)
		if conn == nil {
			return
		}
		defer conn.Close()
		x.tally.add("slow readers", 1)
	}
	pause(ctx, patience)
}

// floodUsage sends large batches with one key, as many at once as it can.
func (x *target) floodUsage(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, time.Second+rand.N(4*time.Second))
	defer cancel()
	bodies := floodBodies()
	times(limited, 10_000, 32, func(i int) {
		x.call(limited, "floods of usage", "POST", "/api/v1/usage", x.sender, "application/x-ndjson", bodies[i%len(bodies)])
	})
}

// floodReports asks for large reports with one key, as many at once as it can.
func (x *target) floodReports(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, time.Second+rand.N(4*time.Second))
	defer cancel()
	times(limited, 10_000, 32, func(i int) {
		body := fmt.Sprintf(`{"time_from": "2026-09-%02d", "time_to": "2026-12-31", "limit": 100000}`, 1+i%20)
		x.call(limited, "floods of reports", "POST", "/cloud/v1/usage_report", x.crowd, "application/json", []byte(body))
	})
}

// guesser is a caller at another address than honest ones, since the server refuses
// an address that sends many wrong keys.
var guesser = &http.Client{Transport: &http.Transport{
	DialContext:       (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext,
	DisableKeepAlives: true,
}}

// guessKeys sends keys that do not exist.
func (x *target) guessKeys(ctx context.Context) {
	times(ctx, 100, 8, func(int) {
		p := paths[2+rand.IntN(len(paths)-2)]
		key := fmt.Sprintf("%d_%x", rand.IntN(100), rand.Uint64())
		status := x.callBy(ctx, guesser, "wrong keys", p.method, p.path, key, "application/json", []byte(p.body))
		if status/100 == 2 {
			x.t.Errorf("%s %s with a key that does not exist: %d", p.method, p.path, status)
		}
	})
}

// nonsense are bodies that no endpoint takes.
var nonsense = []string{
	"", "{", "null", "[", `[{"client_id": 1}]`, `{"year_month": "2026-13"}`, `{"limit": -1}`, "\x00\xff", strings.Repeat("[", 100_000),
	`{"time_from": "2026-09-01", "time_to": "1e400"}`, `{"role": "ingest"}}`, "- - - -", `{"a": ` + strings.Repeat("9", 10_000) + "}",
	`{"id": "` + strings.Repeat("x", 300_000) + `"}`, strings.Repeat("{}\n", 5_000),
}

// sendNonsense sends bodies that are wrong to everything that takes one.
func (x *target) sendNonsense(ctx context.Context) {
	calls := []struct{ method, path string }{
		{"POST", "/api/v1/usage"}, {"PUT", "/api/v1/catalog"}, {"POST", "/api/v1/keys"}, {"POST", "/cloud/v1/usage_report"},
		{"POST", "/cloud/v1/cost_report/totals"}, {"POST", "/cloud/v1/cost_report/resources"}, {"DELETE", "/api/v1/keys/none"},
	}
	times(ctx, 100, 8, func(int) {
		c := calls[rand.IntN(len(calls))]
		body := nonsense[rand.IntN(len(nonsense))]
		x.call(ctx, "bad bodies", c.method, c.path, x.keyFor(c.path), "application/json", []byte(body))
	})
}

// sendBombs sends catalogs that are small until they are decompressed.
func (x *target) sendBombs(ctx context.Context) {
	times(ctx, 4, 4, func(i int) {
		body := bombs()[i%2]
		if status := x.call(ctx, "catalog bombs", "PUT", "/api/v1/catalog", x.operator, "application/yaml", body, "Content-Encoding", "gzip"); status/100 == 2 {
			x.t.Errorf("a catalog of nothing but zeros: %d", status)
		}
	})
}

// sendMonths sends records of a month each: a few, and as many as a request may have.
func (x *target) sendMonths(ctx context.Context) {
	few, many := months()[0], months()[1]
	times(ctx, 4, 2, func(i int) {
		body := few
		if i == 0 {
			body = many
		}
		x.call(ctx, "month-long records", "POST", "/api/v1/usage", x.sender, "application/x-ndjson", body, "Content-Encoding", "gzip")
	})
}

// abandonBackup begins a backup and leaves in the midst of it.
func (x *target) abandonBackup(ctx context.Context) {
	for range 5 {
		if conn := x.open("POST", "/api/v1/backup", ""); conn != nil {
			pause(ctx, rand.N(200*time.Millisecond))
			conn.Close()
			x.tally.add("abandoned backups", 1)
		}
	}
}

// pause waits so long, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// call sends a request and reads its answer. It returns the status, or 0 if there was
// no answer. Whatever is sent, a status of 500 is a mistake of the server.
func (x *target) call(ctx context.Context, kind, method, path, key, media string, body []byte, header ...string) int {
	return x.callBy(ctx, http.DefaultClient, kind, method, path, key, media, body, header...)
}

func (x *target) callBy(ctx context.Context, c *http.Client, kind, method, path, key, media string, body []byte, header ...string) int {
	req, err := http.NewRequestWithContext(ctx, method, x.url+path, bytes.NewReader(body))
	if err != nil {
		x.t.Error(err)
		return 0
	}
	req.Header.Set("Authorization", "APIKey "+key)
	req.Header.Set("Content-Type", media)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		x.tally.add(kind+" without an answer", 1)
		return 0
	}
	defer resp.Body.Close()
	x.tally.add(fmt.Sprintf("%s %d", kind, resp.StatusCode), 1)
	if resp.StatusCode >= 500 && resp.StatusCode != http.StatusServiceUnavailable {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 1000)) // what it says, if it can
		x.t.Errorf("%s: %s %s: %d %s", kind, method, path, resp.StatusCode, said)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		x.tally.add(kind+" with half an answer", 1)
	}
	return resp.StatusCode
}
