package server_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"costd.dev/costd/server"
)

// Bodies of reports that never end take a bounded memory, which the keys of one client
// share; another client has its reports all the same.
func TestReportBodiesAreBounded(t *testing.T) {
	s := open(t)
	const size = 1 << 20
	answers := make(chan string, 40)
	for i := range 20 {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		token := s.tokens[[]string{"administrator", "project"}[i%2]]
		go func() {
			fmt.Fprintf(conn, "POST /cloud/v1/cost_report/totals HTTP/1.1\r\nHost: costd\r\nAuthorization: APIKey %s\r\nContent-Length: %d\r\n\r\n%s",
				token, size, strings.Repeat(" ", size-1))
			if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
				answers <- fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Retry-After") != "")
				_ = resp.Body.Close()
			}
		}()
	}
	select {
	case got := <-answers:
		if got != "429 true" {
			t.Errorf("status and Retry-After: %s", got)
		}
	case <-time.After(10 * time.Second):
		t.Error("the server took 20 bodies of a client, and refused none")
	}
	if status, body := s.call(t, "POST", totals, s.tokens["other"], "{}"); status != http.StatusOK {
		t.Errorf("another client: %d %s", status, body)
	}
}

// The keys of one client share its turns.
func TestKeysOfAClientShareItsTurns(t *testing.T) {
	s := open(t)
	store := newStuck(s)
	s.serve(store, server.Config{Reports: 2, ReportsPerKey: 1, ReportWait: time.Millisecond})
	first := s.report(t, "administrator")
	<-store.came
	if status, body := s.call(t, "POST", "/cloud/v1/cost_report/totals", s.tokens["project"], `{`+october1+`}`); status != http.StatusTooManyRequests {
		t.Errorf("a second report of the client, with another key: %d %s", status, body)
	}
	second := s.report(t, "other")
	<-store.came
	close(store.gate)
	if a, b := <-first, <-second; a != http.StatusOK || b != http.StatusOK {
		t.Errorf("the reports of both clients: %d, %d", a, b)
	}
}
