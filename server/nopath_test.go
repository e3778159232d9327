package server_test

import (
	"strings"
	"testing"

	"costd.dev/costd/server"
)

// TestRequestsWithoutAPath are answered in JSON and with a request id, like all others.
func TestRequestsWithoutAPath(t *testing.T) {
	s := open(t)
	address, stop := s.listen(t, server.Config{})
	defer stop()
	for _, line := range []string{"OPTIONS *", "CONNECT a:80", "GET *"} {
		conn := transmit(t, address, line+" HTTP/1.1\r\nHost: costd\r\n\r\n")
		resp, body := receive(t, conn)
		if resp.StatusCode != 400 || resp.Header.Get("Content-Type") != "application/json" || resp.Header.Get("X-Request-ID") == "" || !strings.Contains(body, "begins with /") {
			t.Errorf("%s: %d %v %s", line, resp.StatusCode, resp.Header, body)
		}
	}
}
