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

// TestUncleanPathsAreRedirected wants the path that is meant, escaped as it came, so that the
// next request is not redirected again.
func TestUncleanPathsAreRedirected(t *testing.T) {
	s := open(t)
	address, stop := s.listen(t, server.Config{})
	defer stop()
	for path, want := range map[string]string{
		"//api/v1/a%2Fb":        "/api/v1/a%2Fb",
		"/api//v1/100%25":       "/api/v1/100%25",
		"/cloud/./v1/x%20y?a=1": "/cloud/v1/x%20y?a=1",
		"/docs/../%2F/":         "/%2F/",
		"//":                    "/",
		"/..":                   "/",
		"//evil.example/%2e%2e": "/evil.example/%2e%2e",
	} {
		resp, _ := receive(t, transmit(t, address, "GET "+path+" HTTP/1.1\r\nHost: costd\r\n\r\n"))
		if got := resp.Header.Get("Location"); resp.StatusCode != 307 || got != want || resp.Header.Get("X-Request-ID") == "" {
			t.Errorf("%s: %d to %q, want 307 to %q", path, resp.StatusCode, got, want)
		}
		resp, _ = receive(t, transmit(t, address, "GET "+want+" HTTP/1.1\r\nHost: costd\r\n\r\n"))
		if resp.StatusCode == 307 {
			t.Errorf("%s: redirected again, to %s", want, resp.Header.Get("Location"))
		}
	}
}
