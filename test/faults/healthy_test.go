package faults

import "testing"

// TestHealthy holds a server that nobody harmed to what the others are held to.
func TestHealthy(t *testing.T) {
	s := newSick(t)
	s.healthy()
	s.must(s.server.Stop())
	s.start()
	s.wantHours()
}
