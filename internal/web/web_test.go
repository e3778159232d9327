package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/internal/web"
)

// serve runs one request against a real server whose only handler is h, and
// returns the answer, its body and the access log.
func serve(t *testing.T, h http.HandlerFunc, header http.Header, body string) (*http.Response, string, map[string]any, error) {
	t.Helper()
	var log bytes.Buffer
	onPanic := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, "sorry, "+web.RequestID(r.Context()))
	}
	server := httptest.NewServer(web.Middleware(slog.New(slog.NewJSONHandler(&log, nil)), onPanic)(h))
	req, err := http.NewRequest("POST", server.URL+"/path?secret=1", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := server.Client().Do(req)
	var answer []byte
	if err == nil {
		answer, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	server.Close() // waits for the handler, so that the log is complete
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	line := map[string]any{}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &line); err != nil {
		t.Fatalf("log %q: %v", log.String(), err)
	}
	return resp, string(answer), line, err
}

func TestMiddlewareLogsOneLine(t *testing.T) {
	resp, body, line, err := serve(t, func(w http.ResponseWriter, r *http.Request) {
		web.SetKeyID(r.Context(), "1234")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, web.RequestID(r.Context()))
	}, http.Header{"X-Request-Id": {"abc-1"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if body != "abc-1" || resp.Header.Get("X-Request-ID") != "abc-1" {
		t.Errorf("id in handler %q, in answer %q, want abc-1", body, resp.Header.Get("X-Request-ID"))
	}
	for key, want := range map[string]any{"request_id": "abc-1", "method": "POST", "path": "/path", "status": 201.0, "bytes": 5.0, "key": "1234"} {
		if line[key] != want {
			t.Errorf("logged %s = %v, want %v", key, line[key], want)
		}
	}
}

func TestMiddlewareReplacesUnsaneIDs(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, web.RequestID(r.Context())) }
	for _, id := range []string{"", "a b", "a\"b", strings.Repeat("x", 65)} {
		_, got, _, err := serve(t, echo, http.Header{"X-Request-Id": {id}}, "")
		if err != nil || got == id || len(got) < 20 {
			t.Errorf("id %q became %q (%v), want a new one", id, got, err)
		}
	}
}

func TestMiddlewareRecovers(t *testing.T) {
	resp, body, line, err := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Disposition", "attachment")
		panic("the secret reason")
	}, http.Header{"X-Request-Id": {"abc"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 500 || body != "sorry, abc" {
		t.Errorf("answer %d %q", resp.StatusCode, body)
	}
	if resp.Header.Get("Content-Disposition") != "" || resp.Header.Get("X-Request-ID") != "abc" {
		t.Errorf("headers %v", resp.Header)
	}
	if line["level"] != "ERROR" || line["status"] != 500.0 {
		t.Errorf("log line %v", line)
	}
}

func TestMiddlewareCutsABegunAnswer(t *testing.T) {
	_, body, _, err := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "half")
		http.NewResponseController(w).Flush()
		panic("late")
	}, nil, "")
	if err == nil {
		t.Errorf("the answer %q looks whole", body)
	}
}

func TestReadBody(t *testing.T) {
	var got error
	read := func(w http.ResponseWriter, r *http.Request) { _, got = web.ReadBody(w, r, 4) }
	serve(t, read, nil, "four")
	if got != nil {
		t.Errorf("4 of 4 bytes: %v", got)
	}
	serve(t, read, nil, "fiver")
	if costd.ErrorCode(got) != costd.TooLarge {
		t.Errorf("5 of 4 bytes: %v, want too_large", got)
	}
}

// A server that refuses what it cannot do now is well: a flood of refusals leaves no errors
// in the log.
func TestUnavailableIsAWarning(t *testing.T) {
	for status, level := range map[int]string{200: "INFO", 404: "INFO", 429: "INFO", 500: "ERROR", 502: "ERROR", 503: "WARN"} {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, nil))
		handler := web.Middleware(logger, nil)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) }))
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
		if !strings.Contains(log.String(), `"level":"`+level+`"`) {
			t.Errorf("%d: %s, want %s", status, log.String(), level)
		}
	}
}
