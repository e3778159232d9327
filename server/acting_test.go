package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"costd.dev/costd/server"
)

var roles = [...]string{"operator", "ingest", "administrator", "project", "other"} // as in everyRoute

// as makes a call with a token and these values of the header X-Client-ID.
func (s *site) as(t *testing.T, token, method, path, body string, clients ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "APIKey "+token)
	}
	r.Header.Set("Content-Type", "application/json")
	if len(clients) > 0 {
		r.Header["X-Client-Id"] = clients
	}
	return s.send(t, r)
}

// send sends a request and returns the status and the body of the answer.
func (s *site) send(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// An operator who names a client gets on every route what that client's administrator
// gets, to the byte, and nothing else.
func TestOperatorsActAsAdministrators(t *testing.T) {
	s := open(t)
	for _, route := range everyRoute {
		name := route.method + " " + route.path + " " + route.body
		for client, column := range map[int]int{ours: 2, theirs: 4} {
			status, body := s.as(t, s.tokens["operator"], route.method, route.path, route.body, fmt.Sprint(client))
			if status != route.status[column] {
				t.Errorf("%s as client %d: %d, want %d: %s", name, client, status, route.status[column], body)
			}
			if client == ours && strings.Contains(body, secret) {
				t.Errorf("%s as client %d shows data of another one: %s", name, client, body)
			}
			_, want := s.call(t, route.method, route.path, s.tokens[roles[column]], route.body)
			if status == http.StatusOK && body != want {
				t.Errorf("%s as client %d:\n%s\nbut its administrator gets\n%s", name, client, body, want)
			}
			if strings.HasPrefix(route.path, "/api/") && status == http.StatusForbidden && !strings.Contains(body, "X-Client-ID makes this a call of an administrator, who may not do this; leave the header out") {
				t.Errorf("%s as client %d does not say what to do: %s", name, client, body)
			}
		}
	}
}

// No other role can use the header on any route, not even for its own client.
func TestNobodyElseActsForAClient(t *testing.T) {
	s := open(t)
	for _, route := range everyRoute {
		name := route.method + " " + route.path + " " + route.body
		for _, role := range roles[1:] {
			for _, clients := range [][]string{{"1001"}, {"2002"}, {"4711"}, {"nonsense"}, {""}, {"1001", "2002"}} {
				status, body := s.as(t, s.tokens[role], route.method, route.path, route.body, clients...)
				if status != http.StatusForbidden || !strings.Contains(body, "the header X-Client-ID is for keys with the role operator") {
					t.Errorf("%s as %s with the header %q: %d %s", name, role, clients, status, body)
				}
			}
		}
		if status, body := s.as(t, "", route.method, route.path, route.body, "1001"); status != http.StatusUnauthorized {
			t.Errorf("%s without a key: %d %s", name, status, body)
		}
		s.forgive(t)
	}
}

// What an operator cannot have meant is refused with what to do.
func TestOperatorsNameOneClientThatThereIs(t *testing.T) {
	s := open(t)
	for _, tt := range []struct {
		clients []string
		status  int
		want    string
	}{
		{[]string{"4711"}, 404, "the catalog has no client 4711, which the header X-Client-ID names"},
		{[]string{"1001", "2002"}, 400, "stands here 2 times"},
		{[]string{"1001", "1001"}, 400, "stands here 2 times"},
		{[]string{""}, 400, "is not the id of a client; write it like 1001"},
		{[]string{"Acme"}, 400, "is not the id of a client"},
		{[]string{"0"}, 400, "is not the id of a client"},
		{[]string{"-1001"}, 400, "is not the id of a client"},
		{[]string{"+1001"}, 400, "is not the id of a client"},
		{[]string{"01001"}, 400, "is not the id of a client"},
		{[]string{"1001,2002"}, 400, "is not the id of a client"},
		{[]string{"99999999999999999999"}, 400, "is not the id of a client"},
	} {
		for _, route := range everyRoute {
			if !strings.HasPrefix(route.path, "/api/") {
				status, body := s.as(t, s.tokens["operator"], route.method, route.path, route.body, tt.clients...)
				if status != tt.status || !strings.Contains(body, tt.want) || status == 400 && !strings.Contains(body, `"invalid_fields":{"X-Client-ID":[`) {
					t.Errorf("%s %s with %q: %d %s, want %d %s", route.method, route.path, tt.clients, status, body, tt.status, tt.want)
				}
			}
		}
	}
}

// The rate of requests and the turns of reports count for the operator's key, whichever
// clients it names, and take nothing from those clients.
func TestActingCountsForTheOperator(t *testing.T) {
	s := open(t)
	s.limited(1, 2)
	const me = "/iam/clients/me"
	for i, want := range []int{200, 200, 429} {
		client := []string{"1001", "2002", "1001"}[i]
		if status, body := s.as(t, s.tokens["operator"], "GET", me, "", client); status != want {
			t.Errorf("request %d: %d %s, want %d", i, status, body, want)
		}
	}
	if status, body := s.call(t, "GET", me, s.tokens["administrator"], ""); status != http.StatusOK {
		t.Errorf("the client's administrator: %d %s", status, body)
	}

	store := newStuck(s)
	s.serve(store, server.Config{Reports: 9, ReportsPerKey: 1, ReportWait: time.Millisecond})
	first := make(chan int, 1)
	go func() {
		status, _ := s.as(t, s.tokens["operator"], "POST", totals, "{}", "1001")
		first <- status
	}()
	<-store.came
	if status, body := s.as(t, s.tokens["operator"], "POST", totals, "{}", "2002"); status != http.StatusTooManyRequests {
		t.Errorf("a second report of the operator: %d %s", status, body)
	}
	own := s.report(t, "administrator")
	<-store.came // the client has its turn
	close(store.gate)
	if a, b := <-first, <-own; a != http.StatusOK || b != http.StatusOK {
		t.Errorf("the operator's report: %d, the client's: %d", a, b)
	}
}

// The access log has the operator's key, and for whom it acted.
func TestAccessLogTellsForWhomAnOperatorActs(t *testing.T) {
	s := open(t)
	s.Config.Handler = server.New(server.Config{Usage: s.store, Catalog: s.store, Logger: slog.New(slog.NewTextHandler(s.log, nil)), Now: october})
	s.as(t, s.tokens["operator"], "POST", totals, "{}", "1001")
	s.as(t, s.tokens["operator"], "GET", "/api/v1/keys", "")
	s.Close() // after it, the requests are logged
	id, _, _ := strings.Cut(s.tokens["operator"], "$")
	log := s.log.String()
	if !strings.Contains(log, "key="+id+" acting_for=1001\n") || strings.Count(log, "acting_for") != 1 {
		t.Errorf("the log is\n%s", log)
	}
}
