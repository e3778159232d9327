package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"costd.dev/costd/server"
)

// listen serves the site's store on an address, until stop is called, which returns
// what Serve does.
func (s *site) listen(t *testing.T, c server.Config) (address string, stop func() error) {
	t.Helper()
	if c.Usage == nil {
		c.Usage = s.store
	}
	c.Catalog, c.Now = s.store, october
	c.Logger = slog.New(slog.NewTextHandler(s.log, nil))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.New(c).Serve(ctx, listener) }()
	return listener.Addr().String(), func() error {
		cancel()
		return <-served
	}
}

// transmit writes raw bytes to a connection of its own.
func transmit(t *testing.T, address, request string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return conn
}

// receive reads one answer.
func receive(t *testing.T, conn net.Conn) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// A sender that hangs in the middle of its body does not hold the stop up: it is told
// to send again.
func TestStopDoesNotWaitForHalfSentBodies(t *testing.T) {
	s := open(t)
	address, stop := s.listen(t, server.Config{StopGrace: time.Millisecond})
	var conns []net.Conn
	for _, path := range []string{"/api/v1/usage", totals} {
		token := s.tokens["ingest"]
		if path == totals {
			token = s.tokens["administrator"]
		}
		conn := transmit(t, address, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: costd\r\nAuthorization: APIKey %s\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n", path, token))
		if _, err := io.ReadFull(conn, make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))); err != nil { // the handler reads
			t.Fatal(err)
		}
		io.WriteString(conn, "[{")
		conns = append(conns, conn)
	}
	if err := stop(); err != nil {
		t.Errorf("Serve: %v", err)
	}
	for _, conn := range conns {
		if resp, body := receive(t, conn); resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "the server is stopping; send the request again") {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
	}
}

// A sender that reads nothing before it has sent everything still reads why it was
// refused.
func TestRefusalsAreReadByLargeSenders(t *testing.T) {
	s := open(t)
	address, stop := s.listen(t, server.Config{})
	body := strings.Repeat("x", 16<<20)
	for _, path := range []string{"/api/v1/usage", "/cloud/v1/cost_report/totals"} {
		conn := transmit(t, address, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: costd\r\nAuthorization: APIKey a$guess\r\nContent-Length: %d\r\n\r\n", path, len(body)))
		if _, err := io.WriteString(conn, body); err != nil {
			t.Errorf("%s: the connection was reset before everything was sent: %v", path, err)
			continue
		}
		if resp, answer := receive(t, conn); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", path, resp.StatusCode, answer)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A refusal does not wait for the rest of the body.
func TestRefusalsComeAtOnce(t *testing.T) {
	s := open(t)
	address, stop := s.listen(t, server.Config{})
	conn := transmit(t, address, "POST /api/v1/usage HTTP/1.1\r\nHost: costd\r\nAuthorization: APIKey a$guess\r\nContent-Length: 1000\r\n\r\n[{")
	if resp, body := receive(t, conn); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// What net/http refuses by itself is answered in JSON.
func TestBadHTTPIsAnsweredInJSON(t *testing.T) {
	s := open(t)
	address, stop := s.listen(t, server.Config{})
	for request, status := range map[string]int{
		"nonsense\r\n\r\n":                  http.StatusBadRequest,
		"GET / HTTP/1.1\r\n\r\n":            http.StatusBadRequest,
		"GET / HTTP/7.1\r\nHost: x\r\n\r\n": http.StatusHTTPVersionNotSupported,
		"GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("x", 80<<10) + "\r\n\r\n":   http.StatusRequestHeaderFieldsTooLarge,
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: zip\r\n\r\n":                  http.StatusNotImplemented,
		"POST / HTTP/1.1\r\nHost: x\r\nExpect: a miracle\r\nContent-Length: 1\r\n\r\nx": http.StatusExpectationFailed,
		"GET * HTTP/1.1\r\nHost: x\r\n\r\n":                                             http.StatusBadRequest,
	} {
		resp, body := receive(t, transmit(t, address, request))
		var answer struct {
			Class     string `json:"exception_class"`
			Message   string `json:"message"`
			RequestID string `json:"request_id"`
		}
		err := json.Unmarshal([]byte(body), &answer)
		if err != nil || resp.StatusCode != status || answer.Message == "" || answer.RequestID == "" || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%.40q: %d %v %s: %v", request, resp.StatusCode, resp.Header, body, err)
		} else if !strings.Contains(s.log.String(), answer.RequestID) {
			t.Errorf("%.40q: the log does not know the request %s", request, answer.RequestID)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
