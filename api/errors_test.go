package api

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"costd.dev/costd"
)

func TestStatusesAreTotal(t *testing.T) {
	for _, code := range costd.Codes {
		if statuses[code] < 400 {
			t.Errorf("no status for %s", code)
		}
	}
	if len(statuses) != len(costd.Codes) {
		t.Errorf("%d statuses for %d codes", len(statuses), len(costd.Codes))
	}
}

func TestWriteErrorHidesCauses(t *testing.T) {
	secret := errors.New("password of the database")
	wrapped := error(&costd.Error{Code: costd.Internal, Message: "it failed: " + secret.Error(), Err: secret})
	for _, err := range []error{secret, wrapped, &costd.Error{Code: "new code", Message: secret.Error()}} {
		w := httptest.NewRecorder()
		status := WriteError(w, httptest.NewRequest("GET", "/", nil), err)
		if status != http.StatusInternalServerError || w.Code != status || strings.Contains(w.Body.String(), "password") {
			t.Errorf("%v: %d %s", err, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	WriteError(w, httptest.NewRequest("GET", "/", nil), &costd.Error{Code: costd.TooMany, Message: "slow down", Err: secret})
	if w.Code != 429 || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "password") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}
