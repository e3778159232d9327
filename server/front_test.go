package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// A browser at / gets a page that leads to the documentation; clients of the reports,
// which ask for JSON or anything, get the error that they understand.
func TestFrontPage(t *testing.T) {
	s := open(t)
	for accept, page := range map[string]bool{
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": true,
		"Text/HTML": true, "application/json": false, "*/*": false, "": false,
	} {
		r, err := http.NewRequest("GET", s.URL+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		resp, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		status, text := http.StatusNotFound, `"exception_class":"NotFoundError"`
		if page {
			status, text = http.StatusOK, `<a href="docs">`
		}
		if resp.StatusCode != status || !strings.Contains(string(body), text) || resp.Header.Get("Vary") != "Accept" {
			t.Errorf("Accept %q: %d %v %s", accept, resp.StatusCode, resp.Header, body)
		}
	}
}
