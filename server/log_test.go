package server_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"costd.dev/costd/server"
)

// The access log tells where a request came from. What a caller says of itself is
// believed only when a proxy is said to stand in front.
func TestAccessLogTellsTheCaller(t *testing.T) {
	for _, behindProxy := range []bool{false, true} {
		s := open(t)
		s.Config.Handler = server.New(server.Config{
			Usage: s.store, Catalog: s.store, Logger: slog.New(slog.NewTextHandler(s.log, nil)), Now: october, BehindProxy: behindProxy,
		})
		for _, forwarded := range [][]string{nil, {"192.0.2.7", "198.51.100.1"}} {
			r, err := http.NewRequest("GET", s.URL+"/healthz", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header["X-Forwarded-For"] = forwarded
			resp, err := s.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		s.Close() // waits for the handlers, so that the log is complete
		log := s.log.String()
		if got := strings.Count(log, "path=/healthz") - strings.Count(log, " from=127.0.0.1"); got != 0 || !strings.Contains(log, "path=/healthz") {
			t.Errorf("behind a proxy %v: %d requests without an address:\n%s", behindProxy, got, log)
		}
		forwarded := strings.Count(log, `forwarded_for="192.0.2.7, 198.51.100.1"`) == 1 && strings.Count(log, "forwarded_for") == 1
		if forwarded != behindProxy || !behindProxy && strings.Contains(log, "192.0.2.7") {
			t.Errorf("behind a proxy %v:\n%s", behindProxy, log)
		}
	}
}
