package api_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/ingest"
	"costd.dev/costd/internal/openapitest"
)

// data is a record without an id, as the data of an event.
func data(further string) string { return strings.Replace(record("", further), `"id":"",`, "", 1) }

func event(id, data string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"https://meters.example/7","type":"dev.costd.usage","data":%s}`, id, data)
}

// eventHeaders are the attributes of the same event in binary mode.
func eventHeaders(id string, further ...string) []string {
	return append([]string{"ce-specversion: 1.0", "ce-id: " + id, "ce-source: https://meters.example/7", "ce-type: dev.costd.usage"}, further...)
}

func TestPostUsageEvents(t *testing.T) {
	s := newSite(t)
	const structured, batched, object = "Content-Type: application/cloudevents+json; charset=UTF-8", "Content-Type: application/cloudevents-batch+json", "Content-Type: application/json"
	counts := func(accepted, replaced, unchanged, deleted int) string {
		return fmt.Sprintf(`{"accepted":%d,"replaced":%d,"unchanged":%d,"deleted":%d,"rejected":[]}`, accepted, replaced, unchanged, deleted)
	}
	for _, tt := range []struct {
		name, body string
		headers    []string
		want       string
	}{
		{"structured", event("1", data("")), []string{structured}, counts(1, 0, 0, 0)},
		{"batched", "[" + event("1", data("")) + "," + event("2", data("")) + "]", []string{batched}, counts(1, 0, 1, 0)},
		{"base64", strings.Replace(event("1", `"`+base64.StdEncoding.EncodeToString([]byte(data("")))+`"`), "data", "data_base64", 1), []string{structured}, counts(0, 0, 1, 0)},
		{"binary", data(""), eventHeaders("1", object, "ce-time: 2026-10-01T00:00:00Z", "traceparent: 00"), counts(0, 0, 1, 0)},
		{"binary, no content type", data(""), eventHeaders("1"), counts(0, 0, 1, 0)},
		{"binary, escaped", data(""), eventHeaders("%31", object), counts(0, 0, 1, 0)},
		{"structured despite headers", event("1", data("")), eventHeaders("3", structured), counts(0, 0, 1, 0)},
		{"gzip", zip(event("1", data(`,"name":"x"`))), []string{structured, "Content-Encoding: gzip"}, counts(0, 1, 0, 0)},
		{"gzip again", zip(event("1", data(`,"name":"x"`))), []string{structured, "Content-Encoding: gzip"}, counts(0, 0, 1, 0)},
		{"a record of that id", record("https://meters.example/7 1", `,"name":"x"`), nil, counts(0, 0, 1, 0)},
		{"deletion", event("1", data(`,"deleted":true`)), []string{structured}, counts(0, 0, 0, 1)},
		{"a mistake", "[" + event("1", data("")) + "," + event("", data("")) + "]", []string{batched},
			`{"accepted":1,"replaced":0,"unchanged":0,"deleted":0,"rejected":[{"index":1,"id":"","error":"event.id: is required"}]}`},
		{"a mistake in binary mode", data(`,"end":1`), eventHeaders("9"), `{"accepted":0,"replaced":0,"unchanged":0,"deleted":0,` +
			`"rejected":[{"index":0,"id":"https://meters.example/7 9","error":"end: stands here twice; keep one"}]}`},
	} {
		a := s.call(costd.RoleIngest, "POST", "/api/v1/usage", tt.body, tt.headers...)
		if a.status != 200 || strings.TrimSpace(a.body) != tt.want {
			t.Errorf("%s: %d %s, want %s", tt.name, a.status, a.body, tt.want)
		}
	}
}

func TestPostUsageRefusesEvents(t *testing.T) {
	s := newSite(t)
	for _, tt := range []struct {
		name, body string
		headers    []string
		status     int
		code, want string
	}{
		{"a batch as one", "[]", []string{"Content-Type: application/cloudevents+json"}, 400, "invalid", "must be one JSON object"},
		{"one as a batch", "{}", []string{"Content-Type: application/cloudevents-batch+json"}, 400, "invalid", "must be a JSON array"},
		{"another event format", "{}", []string{"Content-Type: application/cloudevents+avro"}, 415, "unsupported_media_type", "application/cloudevents+json"},
		{"binary lines", data(""), eventHeaders("1", "Content-Type: application/x-ndjson"), 415, "unsupported_media_type", "one record as application/json"},
		{"a binary array", "[]", eventHeaders("1", "Content-Type: application/json"), 400, "invalid", "must be one JSON object"},
		{"a broken escape", data(""), eventHeaders("100%"), 400, "invalid", "ce-id: has a % that encodes nothing; write %25 for it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.t = t
			s.wantError(s.call(costd.RoleIngest, "POST", "/api/v1/usage", tt.body, tt.headers...), tt.status, tt.code, tt.want)
		})
	}
	r, err := http.NewRequest("POST", s.url+"/api/v1/usage", strings.NewReader(data("")))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Authorization": {"APIKey " + s.tokens[costd.RoleIngest]}, "Ce-Specversion": {"1.0"}, "Ce-Id": {"1", "2"}}
	resp, err := (&http.Client{Transport: openapitest.Transport(t, nil)}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("an attribute twice: %s", resp.Status)
	}
}

// TestPostUsageRefusesUnread announces a body that is too large and sends none of
// it: the answer comes all the same.
func TestPostUsageRefusesUnread(t *testing.T) {
	s := newSite(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /api/v1/usage HTTP/1.1\r\nHost: x\r\nAuthorization: APIKey %s\r\nContent-Length: %d\r\n\r\n", s.tokens[costd.RoleIngest], ingest.MaxBody+1)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%v, %v", resp, err)
	}
}

// A held store says that a write has begun, and goes on with it when it is let.
type held struct {
	ingest.Writer
	begun chan struct{} // with room for every write
	gate  chan struct{}
}

func (h held) Write(ctx context.Context, records []costd.Record) ([]costd.Outcome, error) {
	h.begun <- struct{}{}
	<-h.gate
	return h.Writer.Write(ctx, records)
}

// TestPostUsagePushesBack fills the queue.
func TestPostUsagePushesBack(t *testing.T) {
	s := newSite(t)
	store := held{s.store, make(chan struct{}, 2), make(chan struct{})}
	s.handler.Usage = &ingest.Service{Store: store, Limits: ingest.Limits{QueueRecords: 1, Patience: time.Millisecond}}
	answers := make(chan answer, 2)
	send := func(id string) {
		answers <- s.call(costd.RoleIngest, "POST", "/api/v1/usage", record(id, ""))
	}
	go send("written")
	<-store.begun
	go send("waiting")
	for s.handler.Usage.Queue().Requests == 0 {
		runtime.Gosched()
	}
	a := s.call(costd.RoleIngest, "POST", "/api/v1/usage", record("over", ""))
	s.wantError(a, 503, "unavailable", "too many records wait to be written; send these again later")
	if a.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	close(store.gate)
	for range 2 {
		if a := <-answers; a.status != 200 || !strings.Contains(a.body, `"accepted":1`) {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

// TestPostUsageSharesByKey fills what one key may have waiting.
func TestPostUsageSharesByKey(t *testing.T) {
	s := newSite(t)
	store := held{s.store, make(chan struct{}, 3), make(chan struct{})}
	s.handler.Usage = &ingest.Service{Store: store, Limits: ingest.Limits{QueueRecords: 2}}
	answers := make(chan answer, 3)
	send := func(role costd.Role, id string) { answers <- s.call(role, "POST", "/api/v1/usage", record(id, "")) }
	waitFor := func(requests int) {
		for s.handler.Usage.Queue().Requests < requests {
			runtime.Gosched()
		}
	}
	go send(costd.RoleIngest, "written")
	<-store.begun
	go send(costd.RoleIngest, "waiting")
	waitFor(1)
	a := s.call(costd.RoleIngest, "POST", "/api/v1/usage", record("over", ""))
	s.wantError(a, 503, "unavailable", "too many records wait to be written")
	go send(costd.RoleOperator, "of another key")
	waitFor(2)
	close(store.gate)
	for range 3 {
		if a := <-answers; a.status != 200 || !strings.Contains(a.body, `"accepted":1`) {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}
