package faults

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// idleConnections are many more than the server of TestIdleConnections has descriptors for.
const idleConnections = 3000

// TestIdleConnections opens connections that ask for nothing, far more than the process has
// descriptors for. Beside them readiness, usage and a backup go on: a connection without a
// request makes room, and the database has descriptors of its own.
func TestIdleConnections(t *testing.T) {
	s := newSickOf(t, withDescriptors(t, 320))
	address := strings.TrimPrefix(s.server.URL, "http://")
	var idle []net.Conn
	defer func() { closeAll(idle) }()
	for range idleConnections {
		conn, err := net.Dial("tcp", address)
		s.must(err)
		idle = append(idle, conn)
	}
	impatient := &http.Client{Timeout: s.patience, Transport: &http.Transport{DisableKeepAlives: true}}
	for range 10 {
		resp, err := impatient.Get(s.server.URL + "/readyz")
		s.must(err)
		s.must(resp.Body.Close())
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("/readyz says %s beside idle connections", resp.Status)
		}
	}
	s.ingest(100)
	s.wantBackup()
	closeAll(idle)
	s.healthy()
}

// TestHalfRequests opens connections that all begin a request and never end it. They have
// no place that a whole request needs.
func TestHalfRequests(t *testing.T) {
	s := newSickOf(t, withDescriptors(t, 320))
	address := strings.TrimPrefix(s.server.URL, "http://")
	var half []net.Conn
	defer func() { closeAll(half) }()
	for range 500 {
		conn, err := net.Dial("tcp", address)
		s.must(err)
		_, _ = fmt.Fprint(conn, "GET /readyz HTTP/1.1\r\nHost: cos") // fails if it was closed already
		half = append(half, conn)
	}
	s.wantReady()
	s.ingest(100)
	closeAll(half)
	s.healthy()
}

// withDescriptors returns an executable that is costd with so many descriptors at most.
func withDescriptors(t *testing.T, n int) string {
	path := filepath.Join(t.TempDir(), "costd")
	script := fmt.Sprintf("#!/bin/sh\nulimit -n %d && exec '%s' \"$@\"\n", n, executable(t))
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func closeAll(conns []net.Conn) {
	for _, conn := range conns {
		_ = conn.Close() // the server may have done so
	}
}
