package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
)

// late is a body that the server waits for the rest of.
type late struct{ path, body, contentType, encoding string }

// A request that was begun with a key does nothing after the key was deleted, or has
// expired, before the body was whole.
func TestBodiesOutliveNoKey(t *testing.T) {
	s := newSite(t)
	var ahead atomic.Int64 // of the time, nanoseconds
	s.handler.Access.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	usage, regions := record("late", ""), "regions: [{id: 77, name: Late}]\n"
	for name, c := range map[string]late{
		"POST a key":           {"/api/v1/keys", `{"role":"operator"}`, "application/json", ""},
		"POST usage":           {"/api/v1/usage", usage, "application/x-ndjson", ""},
		"POST a list of usage": {"/api/v1/usage", "[" + usage + "]", "application/json", ""},
		"POST zipped usage":    {"/api/v1/usage", zip(usage), "application/x-ndjson", "gzip"},
		"PUT a catalog":        {"/api/v1/catalog", regions, "application/yaml", ""},
		"PUT a zipped catalog": {"/api/v1/catalog", zip(regions), "application/yaml", "gzip"},
	} {
		method, _, _ := strings.Cut(name, " ")
		s.wantLate(t, name+" with a deleted key", method, c, func(key costd.Key) {
			if err := s.handler.Access.Delete(t.Context(), key.ID); err != nil {
				t.Error(err)
			}
		})
		s.wantLate(t, name+" with an expired key", method, c, func(costd.Key) { ahead.Add(int64(time.Hour)) })
	}
}

// wantLate begins the request with a key that lasts an hour, ends the key, sends the
// rest, and wants a 401 and nothing done.
func (s *site) wantLate(t *testing.T, name, method string, c late, end func(costd.Key)) {
	t.Helper()
	key, token, err := s.handler.Access.Create(t.Context(), costd.RoleOperator, 0, nil, access.Expires(s.handler.Access.Now().Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	body, rest := io.Pipe()
	req, err := http.NewRequest(method, s.url+c.path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"APIKey " + token}, "Content-Type": {c.contentType}, "Expect": {"100-continue"}}
	if c.encoding != "" {
		req.Header.Set("Content-Encoding", c.encoding)
	}
	var before string
	go func() {
		_, _ = rest.Write([]byte(c.body[:5])) // returns when the server, which knows the key, has asked for the body
		end(key)
		before = s.state(t)
		_, _ = rest.Write([]byte(c.body[5:]))
		_ = rest.Close()
	}()
	transport := &http.Transport{ExpectContinueTimeout: time.Minute}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusUnauthorized || !strings.Contains(string(answer), `"unauthenticated"`) {
		t.Errorf("%s: %d %s, want 401", name, resp.StatusCode, answer)
	}
	if after := s.state(t); after != before {
		t.Errorf("%s: the server has %s, had %s", name, after, before)
	}
}

// state counts what requests change.
func (s *site) state(t *testing.T) string {
	t.Helper()
	keys, err := s.store.Keys(t.Context())
	if err != nil {
		t.Error(err)
	}
	months, err := s.store.Months(t.Context())
	if err != nil {
		t.Error(err)
	}
	entries, _, err := s.store.Entries(t.Context())
	if err != nil {
		t.Error(err)
	}
	return fmt.Sprintf("%d keys, %d months of usage, %d regions", len(keys), len(months), len(entries.Regions))
}
