package server

import (
	_ "embed"
	"net/http"
	"strings"

	"costd.dev/costd"
	"costd.dev/costd/gcore"
)

// frontPage is what a person sees who opens the address of the server in a browser.
//
//go:embed front.html
var frontPage []byte

// front answers a browser at / with a page that leads to the documentation, and
// everybody else as at any path that has nothing: clients of the reports expect that.
func (*Server) front(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept")
	if !strings.Contains(strings.ToLower(strings.Join(r.Header.Values("Accept"), ",")), "text/html") {
		gcore.WriteError(w, r, costd.Errorf(costd.NotFound, "there is nothing at this path; see /docs for what there is"))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-cache") // the next release may say otherwise
	_, _ = w.Write(frontPage)                   // who asked may be gone
}
