package server_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"costd.dev/costd/server"
)

// eof wants the connection to be closed without a word.
func eof(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the connection is not closed: %d bytes, %v", n, err)
	}
}

// A connection without a request makes room for a new one; if all have requests, the new
// one is told so.
func TestConnectionsAreBounded(t *testing.T) {
	s := open(t)
	store := newStuck(s)
	address, stop := s.listen(t, server.Config{Usage: store, Connections: 2})
	defer stop()
	const healthz = "GET /healthz HTTP/1.1\r\nHost: costd\r\n\r\n"
	report := "POST " + totals + " HTTP/1.1\r\nHost: costd\r\nAuthorization: APIKey " + s.tokens["administrator"] + "\r\nContent-Length: 2\r\n\r\n{}"
	silent := transmit(t, address, "")
	second := transmit(t, address, healthz)
	receive(t, second)
	third := transmit(t, address, healthz)
	if resp, _ := receive(t, third); resp.StatusCode != http.StatusOK {
		t.Errorf("a new connection beside an idle one: %d", resp.StatusCode)
	}
	eof(t, silent)
	for _, conn := range []net.Conn{second, third} {
		if _, err := io.WriteString(conn, report); err != nil {
			t.Fatal(err)
		}
		<-store.came
	}
	resp, body := receive(t, transmit(t, address, ""))
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "1" || resp.Header.Get("X-Request-ID") == "" || !strings.Contains(body, "as many connections are open") {
		t.Errorf("a connection too many: %d %v %s", resp.StatusCode, resp.Header, body)
	}
	close(store.gate)
	for _, conn := range []net.Conn{second, third} {
		if resp, _ := receive(t, conn); resp.StatusCode != http.StatusOK {
			t.Errorf("a report under way: %d", resp.StatusCode)
		}
	}
	if status := untilAnswered(t, address); status != http.StatusOK {
		t.Errorf("when the reports are done: %d", status)
	}
	if said := strings.Count(s.log.String(), "as many connections are open"); said != 1 {
		t.Errorf("the log says so %d times within a minute:\n%s", said, s.log)
	}
}

// untilAnswered asks again while the server refuses connections, since it may not have
// noticed yet that others are idle.
func untilAnswered(t *testing.T, address string) (status int) {
	once := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		resp, err := once.Get("http://" + address + "/healthz")
		if err != nil {
			continue // refused before it could ask
		}
		_ = resp.Body.Close()
		if status = resp.StatusCode; status == http.StatusOK {
			return status
		}
	}
	return status
}
