package faults

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// hang opens a connection that sends half a body and no more. It returns when the
// server waits for the rest.
func (s *sick) hang() {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.server.URL, "http://"))
	s.must(err)
	s.t.Cleanup(func() { conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /api/v1/usage HTTP/1.1\r\nHost: costd\r\nAuthorization: APIKey %s\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n", s.server.Key)
	s.must(err)
	_, err = io.ReadFull(conn, make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n")))
	s.must(err)
	_, err = io.WriteString(conn, "[{")
	s.must(err)
}

// TestStopWithHalfSentBody stops a server that waits for the rest of a body: it ends
// well, and nothing is lost.
func TestStopWithHalfSentBody(t *testing.T) {
	s := newSick(t)
	s.hang()
	s.must(s.server.Stop())
	if log := s.server.Log(); strings.Contains(log, "cut off") {
		t.Errorf("the server waited for the sender until the last moment:\n%s", log)
	}
	s.start()
	s.wantHours()
	s.healthy()
}

// TestSecondSignalEndsAtOnce sends a second SIGTERM to a server that is stopping.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	s := newSick(t)
	s.hang()
	s.must(s.server.Terminate())
	for { // until it takes no more connections, which is the first it does
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.server.URL, "http://"))
		if err != nil {
			break
		}
		conn.Close()
	}
	s.must(s.server.Terminate())
	if err := s.server.Stop(); err == nil || !strings.Contains(err.Error(), "a second signal ends the work at once") {
		t.Errorf("the server did not end by the second signal: %v", err)
	}
	s.start()
	s.wantHours()
	s.healthy()
}
