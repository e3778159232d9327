package server_test

import (
	"net/http"
	"strings"
	"testing"
)

// Wrong keys count together, whatever they are sent to.
func TestWrongKeysHaveOneBucket(t *testing.T) {
	s := open(t)
	refused := 0
	for i := range 50 {
		path := []string{"/iam/clients/me", "/api/v1/keys"}[i%2]
		if status, _ := s.call(t, "GET", path, "wrong", ""); status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 20 { // of a burst of 30; the clock of the server stands still
		t.Errorf("%d of 50 wrong keys were refused, want 20", refused)
	}
}

// The log keeps the beginning of a long path: callers without a key choose it.
func TestLongPathsAreCutInTheLog(t *testing.T) {
	s := open(t)
	s.call(t, "GET", "/"+strings.Repeat("x", 30_000), "", "")
	s.Close() // after it, the request is logged
	if log := s.log.String(); len(log) > 2000 || !strings.Contains(log, "xxx...") {
		t.Errorf("the log has %d bytes", len(log))
	}
}
