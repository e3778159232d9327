package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/ingest"
	"costd.dev/costd/server"
)

const totals = "/cloud/v1/reservation_cost_report/totals"

// A stuck store says when a report has come, and lets it wait for the gate or until
// its context ends.
type stuck struct {
	costd.UsageStore
	came, gate chan struct{}
}

func (s stuck) Lines(ctx context.Context, q costd.Query) ([]costd.LineUsage, error) {
	s.came <- struct{}{}
	select {
	case <-s.gate:
		return s.UsageStore.Lines(ctx, q)
	case <-ctx.Done():
		return nil, costd.Errorf(costd.Unavailable, "ended")
	}
}

func newStuck(s *site) stuck {
	return stuck{s.store, make(chan struct{}, 9), make(chan struct{})}
}

// serve replaces the server by one of the store with the settings.
func (s *site) serve(store costd.UsageStore, c server.Config) {
	c.Usage, c.Catalog, c.Now = store, s.store, october
	c.Logger = slog.New(slog.NewTextHandler(s.log, nil))
	s.Config.Handler = server.New(c)
}

// report asks for a report in a goroutine and returns its status when it comes.
func (s *site) report(t *testing.T, role string) chan int {
	status := make(chan int, 1)
	go func() {
		got, _ := s.call(t, "POST", totals, s.tokens[role], "{}")
		status <- got
	}()
	return status
}

// retryAfter returns the status of a report and its Retry-After.
func (s *site) retryAfter(t *testing.T, role string) string {
	t.Helper()
	r, err := http.NewRequest("POST", s.URL+totals, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "APIKey "+s.tokens[role])
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Retry-After"))
}

func TestReportsUnderWayAreBounded(t *testing.T) {
	s := open(t)
	store := newStuck(s)
	s.serve(store, server.Config{Reports: 2, ReportsPerKey: 1, ReportWait: time.Millisecond})
	first := s.report(t, "administrator")
	<-store.came
	if got := s.retryAfter(t, "administrator"); got != "429 1" {
		t.Errorf("a second report of the key: %s", got)
	}
	second := s.report(t, "other")
	<-store.came
	if got := s.retryAfter(t, "operator"); got != "503 1" {
		t.Errorf("a third report of all: %s", got)
	}
	for _, path := range []string{"/readyz", "/healthz", "/metrics"} {
		if status, body := s.call(t, "GET", path, "", ""); status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	close(store.gate)
	if a, b := <-first, <-second; a != http.StatusOK || b != http.StatusOK {
		t.Errorf("the reports under way: %d, %d", a, b)
	}
	if got := <-s.report(t, "administrator"); got != http.StatusOK {
		t.Errorf("afterwards: %d", got)
	}
}

// A report that finds its turn taken waits for it.
func TestReportsWaitForTheirTurn(t *testing.T) {
	s := open(t)
	store := newStuck(s)
	s.serve(store, server.Config{Reports: 1, ReportWait: time.Minute})
	first := s.report(t, "administrator")
	<-store.came
	second := s.report(t, "administrator")
	close(store.gate)
	if a, b := <-first, <-second; a != http.StatusOK || b != http.StatusOK {
		t.Errorf("%d, %d", a, b)
	}
}

func TestReportsHaveADeadline(t *testing.T) {
	s := open(t)
	s.serve(newStuck(s), server.Config{ReportTimeout: time.Millisecond})
	status, body := s.call(t, "POST", totals, s.tokens["administrator"], "{}")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "took longer than 1ms; ask for less") {
		t.Errorf("%d %s", status, body)
	}
	if !strings.Contains(s.log.String(), "report took too long") {
		t.Errorf("the log does not tell:\n%s", s.log)
	}
}

// shortOfBuffer makes connections whose sender notices soon that nobody reads.
type shortOfBuffer struct{ net.Listener }

func (l shortOfBuffer) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		err = conn.(*net.TCPConn).SetWriteBuffer(4 << 10)
	}
	return conn, err
}

// largeReport is the body of a request whose answer is larger than the buffers of a
// connection.
const largeReport = `{"response_format": "csv_records", ` + october1 + `}`

// begun is what readSlowly reads.
const begun = "HTTP/1.1 200"

// serveSlowly fills the store with a large fleet, and serves it on connections with small
// buffers until the test ends.
func (s *site) serveSlowly(t *testing.T, c server.Config) {
	t.Helper()
	var fleet []costd.Usage
	for i := range 4000 {
		fleet = append(fleet, instance(ours, 501, fmt.Sprint("vm-", i), "g1"))
	}
	if _, err := (&ingest.Service{Store: s.store}).Write(t.Context(), fleet); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Usage, c.Catalog, c.Logger, c.Now = s.store, s.store, slog.New(slog.NewTextHandler(s.log, nil)), october
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.New(c).Serve(ctx, shortOfBuffer{listener}) }()
	s.URL = "http://" + listener.Addr().String()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// readSlowly asks for a large report and reads no more of it than that it has begun.
func (s *site) readSlowly(t *testing.T, role string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /cloud/v1/cost_report/resources HTTP/1.1\r\nHost: costd\r\nAuthorization: APIKey %s\r\nContent-Length: %d\r\n\r\n%s",
		s.tokens[role], len(largeReport), largeReport)
	if _, err := io.ReadFull(conn, make([]byte, len(begun))); err != nil { // it has begun
		t.Fatal(err)
	}
	return conn
}

// readWhole reads the rest of an answer, and reports whether it has an end.
func readWhole(conn net.Conn) bool {
	resp, err := http.ReadResponse(bufio.NewReader(io.MultiReader(strings.NewReader(begun), conn)), nil)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err == nil
}

// A reader that reads nothing holds nobody else up, and is cut off in the end.
func TestSlowReadersAreCutOff(t *testing.T) {
	s := open(t)
	s.serveSlowly(t, server.Config{ReportsPerKey: 1, ReportWait: time.Minute, WriteStall: 100 * time.Millisecond})
	conn := s.readSlowly(t, "administrator")
	for _, role := range []string{"other", "administrator"} { // the same key waits until it is cut off
		if status, answer := s.call(t, "POST", "/cloud/v1/cost_report/resources", s.tokens[role], largeReport); status != http.StatusOK {
			t.Errorf("a report of %s: %d %.200s", role, status, answer)
		}
	}
	if readWhole(conn) {
		t.Error("the slow reader got the whole answer")
	}
}

// The only turn there is passes on while its reader is slow, who gets the whole answer
// nevertheless. A second slow reader, for whom there is no place, is cut off.
func TestSlowReadersHoldNoTurn(t *testing.T) {
	s := open(t)
	s.serveSlowly(t, server.Config{Reports: 1, ReportWait: time.Minute, ReaderPatience: time.Millisecond, WriteStall: time.Hour})
	first := s.readSlowly(t, "administrator")
	if status, answer := s.call(t, "POST", totals, s.tokens["other"], "{}"); status != http.StatusOK {
		t.Errorf("a report beside a slow reader: %d %.200s", status, answer)
	}
	second := s.readSlowly(t, "administrator")
	if status, answer := s.call(t, "POST", totals, s.tokens["other"], "{}"); status != http.StatusOK {
		t.Errorf("a report beside two slow readers: %d %.200s", status, answer)
	}
	if readWhole(second) {
		t.Error("there was a place for a second slow reader")
	}
	if !strings.Contains(s.log.String(), "a slow reader is cut off") {
		t.Errorf("the log does not tell:\n%s", s.log)
	}
	if !readWhole(first) {
		t.Error("the first slow reader did not get the whole answer")
	}
}

// No client has all turns, whatever the settings say, but if there is one only.
func TestAClientLeavesATurn(t *testing.T) {
	s := open(t)
	store := newStuck(s)
	s.serve(store, server.Config{Reports: 2, ReportsPerKey: 12, ReportWait: time.Millisecond})
	first := s.report(t, "administrator")
	<-store.came
	if got := s.retryAfter(t, "administrator"); got != "429 1" {
		t.Errorf("the second of two turns for the same client: %s", got)
	}
	second := s.report(t, "other")
	<-store.came
	close(store.gate)
	if a, b := <-first, <-second; a != http.StatusOK || b != http.StatusOK {
		t.Errorf("%d, %d", a, b)
	}
}

// A watched store says when it is asked how it is, and answers when it is let.
type watched struct {
	costd.UsageStore
	came chan context.Context
	gate chan struct{}
}

func (w watched) Check(ctx context.Context) error {
	w.came <- ctx
	<-w.gate
	if err := ctx.Err(); err != nil {
		return err
	}
	return w.UsageStore.Check(ctx)
}

// Callers of /readyz that leave end nothing in the store and are no errors.
func TestReadinessOutlivesItsCallers(t *testing.T) {
	s := open(t)
	store := watched{s.store, make(chan context.Context, 9), make(chan struct{})}
	s.serve(store, server.Config{})
	callers, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	ask := func() {
		r, err := http.NewRequestWithContext(callers, "GET", s.URL+"/readyz", nil)
		if err == nil {
			_, err = s.Client().Do(r)
		}
		gone <- err
	}
	go ask()
	ctx := <-store.came
	go ask()
	leave()
	for range 2 {
		if err := <-gone; err == nil {
			t.Error("a caller that left was answered")
		}
	}
	if ctx.Err() != nil {
		t.Errorf("the store's work ended with its caller: %v", ctx.Err())
	}
	close(store.gate)
	if status, body := s.call(t, "GET", "/readyz", "", ""); status != http.StatusOK {
		t.Errorf("afterwards: %d %s", status, body)
	}
	if strings.Contains(s.log.String(), "ERROR") {
		t.Errorf("callers that left were logged as errors:\n%s", s.log)
	}
}
