package openapitest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"costd.dev/costd/internal/openapitest"
)

// A fake is a test that only remembers whether it failed, and the server it calls.
type fake struct {
	failures int
	answer   http.Response
}

func (*fake) Helper()                 {}
func (f *fake) Errorf(string, ...any) { f.failures++ }
func (f *fake) RoundTrip(*http.Request) (*http.Response, error) {
	return &f.answer, nil
}

const (
	empty = `{"count":0,"results":[],"price_status":"show"}`
	row   = `"type":"volume","billing_value":1,"billing_value_unit":"gbminutes","billing_metric_name":"m","region":1,"region_id":1,` +
		`"volume_type":"ssd","billing_feature_name":null,"cost":null,"currency":null,"err":null`
	dialect = `{"exception_class":"NotFoundError","message":"m","request_id":"r"}`
	ours    = `{"error":{"code":"not_found","message":"m","request_id":"r"}}`
)

func results(row string) string {
	return `{"count":1,"results":[{` + row + `}],"price_status":"hide"}`
}

// Each line is an exchange; those with a complaint must fail.
func TestTransportFires(t *testing.T) {
	const totals, period = "POST /cloud/v1/cost_report/totals", `{"time_from":"2026-10-01","time_to":"2026-11-01"}`
	for _, tt := range []struct {
		request, sent string
		status        int
		headers, body string
		complaint     string
	}{
		{totals, period, 200, "", empty, ""},
		{totals, period, 200, "", results(row), ""},
		{totals, period, 200, "Content-Type: text/csv; charset=utf-8", "Type\r\n", ""},
		{totals, `{"time_from":"2026-10-01"}`, 200, "", empty, "a request that is not documented succeeds"},
		{totals, period[:len(period)-1] + `,"limit":1}`, 200, "", empty, "an unknown field is taken"},
		{totals, `{"time_from":"tomorrow"}`, 200, "", empty, "a time that is none is taken"},
		{totals, period, 200, "", `{"count":0,"results":[]}`, "a field is missing"},
		{totals, period, 200, "", results(row + `,"more":1`), "a row has a field too many"},
		{totals, period, 200, "", results(strings.Replace(row, "volume_type", "flavor", 1)), "a row has the field of another type"},
		{totals, period, 200, "", results(strings.Replace(row, "gbminutes", "minutes", 1)), "a row has the unit of another type"},
		{totals, period, 200, "", results(strings.Replace(row, `"billing_value":1`, `"billing_value":"1"`, 1)), "a number is a text"},
		{totals, period, 200, "Content-Type: text/plain", "", "the media type is not documented"},
		{totals, period, 200, "X-Request-ID: ", empty, "a header is missing"},
		{totals, period, 418, "", empty, "the status is not documented"},
		{totals, "", 404, "", dialect, ""},
		{totals, "", 404, "", ours, "an error is in the words of the other API"},
		{totals, "", 429, "", strings.Replace(dialect, "NotFound", "TooManyRequests", 1), "Retry-After is missing"},
		{totals, "", 429, "Retry-After: 1", strings.Replace(dialect, "NotFound", "TooManyRequests", 1), ""},
		{totals, "", 429, "Retry-After: soon", strings.Replace(dialect, "NotFound", "TooManyRequests", 1), "Retry-After is no number"},
		{"GET /cloud/v1/nothing", "", 404, "", dialect, ""},
		{"GET /cloud/v1/nothing", "", 200, "", dialect, "a path that is not documented answers"},
		{"GET /api/v1/nothing", "", 404, "", ours, ""},
		{"GET /api/v1/nothing", "", 404, "", dialect, "an error is in the words of the other API"},
		{"GET //healthz", "", 307, "", "", ""},
		{"PUT /healthz", "", 405, "Content-Type: text/plain, Allow: GET, HEAD", "", ""},
		{"PUT /healthz", "", 405, "Content-Type: text/plain, Allow: GET", "", "Allow lacks HEAD"},
		{"PUT /healthz", "", 200, "Content-Type: text/plain", "ok\n", "a method that is not documented succeeds"},
		{"GET /healthz", "", 200, "Content-Type: text/plain, Cache-Control: no-store", "ok\n", ""},
		{"GET /healthz", "", 200, "Content-Type: text/plain, Cache-Control: no-store", "fine\n", "another text"},
		{"HEAD /iam/clients/me", "", 200, "", "", ""},
		{"GET /cloud/v1/projects?limit=10", "", 200, "", `{"count":0,"results":[]}`, ""},
		{"GET /cloud/v1/projects?limit=0", "", 200, "", `{"count":0,"results":[]}`, "a parameter out of bounds is taken"},
		{"DELETE /api/v1/keys/a", "", 204, "", "", ""},
		{"DELETE /api/v1/keys/a", "", 204, "", "{}", "an answer without a body has one"},
	} {
		f := &fake{answer: http.Response{StatusCode: tt.status, Header: headers(tt.headers), Body: io.NopCloser(strings.NewReader(tt.body))}}
		method, path, _ := strings.Cut(tt.request, " ")
		req, err := http.NewRequestWithContext(t.Context(), method, "http://costd"+path, strings.NewReader(tt.sent))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := openapitest.Transport(f, f).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != tt.body {
			t.Errorf("%s: the test reads %q, %v", tt.request, body, err)
		}
		if (f.failures > 0) != (tt.complaint != "") {
			t.Errorf("%s %s: %d %s: %d complaints, want: %q", tt.request, tt.sent, tt.status, tt.body, f.failures, tt.complaint)
		}
	}
}

// headers reads "Name: value, Name: value", beside what most answers have.
func headers(s string) http.Header {
	h := http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"r"}}
	name := ""
	for part := range strings.SplitSeq(s, ", ") {
		before, after, named := strings.Cut(part, ": ")
		if !named { // the value goes on
			h[name] = []string{h.Get(name) + ", " + part}
			continue
		}
		name = http.CanonicalHeaderKey(before)
		h[name] = []string{after}
		if after == "" {
			delete(h, name)
		}
	}
	delete(h, "")
	return h
}

// An answer that breaks off is handed on as it came.
func TestTransportHandsOnBrokenAnswers(t *testing.T) {
	cut := errors.New("cut")
	f := &fake{answer: http.Response{
		StatusCode: 200, Header: headers(""),
		Body: io.NopCloser(io.MultiReader(strings.NewReader(`{"cou`), iotest.ErrReader(cut))),
	}}
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://costd/iam/clients/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := openapitest.Transport(f, f).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); string(body) != `{"cou` || !errors.Is(err, cut) || f.failures > 0 {
		t.Errorf("%q, %v, %d complaints", body, err, f.failures)
	}
}
