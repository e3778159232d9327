package gcore

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/internal/web"
)

func TestEveryCodeHasAKind(t *testing.T) {
	classes := map[string]bool{}
	for _, code := range costd.Codes {
		k, ok := kinds[code]
		if !ok || k.status < 400 || k.class == "" || classes[k.class] {
			t.Errorf("%s is said as %+v", code, k)
		}
		classes[k.class] = true
	}
	if len(kinds) != len(costd.Codes) {
		t.Errorf("%d kinds for %d codes", len(kinds), len(costd.Codes))
	}
}

// answerTo returns what a caller reads of err.
func answerTo(t *testing.T, err error) (*http.Response, map[string]any) {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/cloud/v1/usage_report", nil)
	WriteError(w, r.WithContext(web.WithRequestID(r.Context(), "id-1")), err)
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	if body["request_id"] != "id-1" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("answer %s with headers %v", w.Body, w.Header())
	}
	return w.Result(), body
}

func TestInternalErrorsTellNothing(t *testing.T) {
	secret := errors.New("the secret cause")
	wrapped := error(secret)
	costd.Wrap(&wrapped, "duckdb.Lines")
	for _, err := range []error{secret, wrapped, &costd.Error{Code: costd.Internal, Message: "the secret message", Err: secret}} {
		resp, body := answerTo(t, err)
		if resp.StatusCode != 500 || strings.Contains(body["message"].(string), "secret") || strings.Contains(body["message"].(string), "duckdb") {
			t.Errorf("%v became %d %v", err, resp.StatusCode, body)
		}
	}
}

func TestCausesAreNotShown(t *testing.T) {
	for _, code := range costd.Codes {
		_, body := answerTo(t, &costd.Error{Code: code, Op: "secret.Op", Message: "busy", Err: errors.New("secret")})
		if strings.Contains(body["message"].(string), "secret") {
			t.Errorf("%s: %v", code, body)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for _, code := range costd.Codes {
		resp, _ := answerTo(t, costd.Errorf(code, "x"))
		wait := resp.Header.Get("Retry-After")
		if want := code == costd.TooMany || code == costd.Unavailable; (wait != "") != want {
			t.Errorf("%s: Retry-After %q", code, wait)
		}
	}
}

func TestValidationErrorsListEveryField(t *testing.T) {
	resp, body := answerTo(t, costd.InvalidFields(
		costd.FieldError{Field: "year_month", Message: `"2026-13" isn't`},
		costd.FieldError{Field: "types.0", Message: "one"},
		costd.FieldError{Field: "year_month", Message: "two"},
	))
	want := `Validation Error: {'year_month': ['"2026-13" isn\'t', 'two'], 'types.0': ['one']}`
	if resp.StatusCode != 400 || body["exception_class"] != "ValidationError" || body["message"] != want {
		t.Errorf("%d %v, want %s", resp.StatusCode, body, want)
	}
	fields, _ := json.Marshal(body["invalid_fields"])
	if string(fields) != `{"types.0":["one"],"year_month":["\"2026-13\" isn't","two"]}` {
		t.Errorf("invalid_fields %s", fields)
	}
}

func TestPythonString(t *testing.T) {
	for in, want := range map[string]string{
		`a`: `'a'`, `it's`: `"it's"`, `say "it's"`: `'say "it\'s"'`, `a\b`: `'a\\b'`, "a\nb": `'a\nb'`,
	} {
		if got := pythonString(in); got != want {
			t.Errorf("pythonString(%q) = %s, want %s", in, got, want)
		}
	}
}
