package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"costd.dev/costd/client"
)

// Each refusal is an Error of its kind, and of no other.
func TestErrorsOfReports(t *testing.T) {
	fleet := site(t).client(fleetKey)
	kinds := []error{client.ErrInvalid, client.ErrUnauthenticated, client.ErrForbidden, client.ErrNotFound, client.ErrTooManyRequests, client.ErrServer, client.ErrConnection}
	for _, tt := range []struct {
		call   func() error
		status int
		class  string
		kind   error
	}{
		{func() error {
			_, err := fleet.CostTotals(t.Context(), client.CostTotalsRequest{TimeFrom: day(1), TimeTo: day(33)})
			return err
		}, 400, "ValidationError", client.ErrInvalid},
		{func() error { _, err := site(t).client("wrong").Account(t.Context()); return err }, 401, "UnauthorizedError", client.ErrUnauthenticated},
		{func() error {
			_, err := site(t).client("project").MonthlyTotals(t.Context(), client.MonthlyTotalsRequest{})
			return err
		}, 403, "ForbiddenError", client.ErrForbidden},
		{func() error {
			_, err := client.New(site(t).url+"/elsewhere", fleetKey).Account(t.Context())
			return err
		}, 404, "NotFoundError", client.ErrNotFound},
		{func() error {
			_, err := limited(t).Account(t.Context())
			return err
		}, 429, "TooManyRequestsError", client.ErrTooManyRequests},
		{func() error {
			_, err := site(t).through(t, always(status(503, "")).around, fleetKey, client.WithMaxRetries(0)).Account(t.Context())
			return err
		}, 503, "", client.ErrServer},
	} {
		err := tt.call()
		e, ok := errors.AsType[*client.Error](err)
		if !ok || e.StatusCode != tt.status || e.ExceptionClass != tt.class || e.Error() == "" {
			t.Errorf("%+v, want %d %s", err, tt.status, tt.class)
		}
		for _, kind := range kinds {
			if got, want := errors.Is(fmt.Errorf("asking: %w", err), kind), kind == tt.kind; got != want {
				t.Errorf("%v is %q: %v", err, kind, got)
			}
		}
	}
}

// A server that is not there, or goes away amid its answer, is no server that refuses.
func TestErrorsOfConnections(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cut := site(t).through(t, always(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `{"id":`)
	}).around, fleetKey, client.WithMaxRetries(0))
	for _, c := range []*client.Client{client.New(gone.URL, fleetKey, client.WithMaxRetries(0)), cut} {
		_, err := c.Account(t.Context())
		if _, refused := errors.AsType[*client.Error](err); refused || !errors.Is(err, client.ErrConnection) || errors.Is(err, client.ErrServer) {
			t.Errorf("%v", err)
		}
	}
}

// Whatever a server, or a proxy before it, says is shown.
func TestErrorsOfOtherServers(t *testing.T) {
	for body, want := range map[string]client.Error{
		`{"exception_class": "ValidationError", "message": "no", "request_id": "r1", "invalid_fields": {"tags": {"conditions": ["a"]}, "types": ["b", "c"]}}`: {
			StatusCode: 400, ExceptionClass: "ValidationError", Message: "no", RequestID: "r1",
			InvalidFields: map[string][]string{"tags": {`{"conditions": ["a"]}`}, "types": {"b", "c"}}},
		`{"exception_class": "OddError", "message": "why not"}`: {StatusCode: 400, ExceptionClass: "OddError", Message: "why not"},
		`<html>Bad Gateway</html>`:                              {StatusCode: 400, Message: "<html>Bad Gateway</html>"},
		`{"error": "flat"}`:                                     {StatusCode: 400, Message: `{"error": "flat"}`},
		``:                                                      {StatusCode: 400},
	} {
		c := site(t).through(t, always(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(400)
			io.WriteString(w, body)
		}).around, fleetKey)
		_, err := c.Account(t.Context())
		if e, ok := errors.AsType[*client.Error](err); !ok || !reflect.DeepEqual(*e, want) || !strings.HasSuffix(e.Error(), ")") || e.Error()[0] == ' ' {
			t.Errorf("%s: %+v", body, err)
		}
	}
	c := site(t).through(t, always(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		io.WriteString(w, "<html>Welcome</html>")
	}).around, fleetKey)
	if _, err := c.Account(t.Context()); err == nil || !strings.Contains(err.Error(), "check the address") {
		t.Errorf("a page is an account: %v", err)
	}
}
