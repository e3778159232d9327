// Package openapi holds the document of everything that costd serves, and shows
// it: as it is, and as a page to read. The page is rendered from the document when
// it is first asked for, and loads nothing from anywhere.
package openapi

import (
	_ "embed"
	"net/http"
	"strconv"
	"sync"
)

// Document is the OpenAPI document, in YAML.
//
//go:embed openapi.yaml
var Document []byte

// ServeDocument answers with the document.
func ServeDocument(w http.ResponseWriter, _ *http.Request) {
	write(w, "application/yaml", Document)
}

// ServePage answers with the page. Its policy lets a browser use the page's own
// style sheet and nothing else.
func ServePage(w http.ResponseWriter, _ *http.Request) {
	p, err := rendered()
	if err != nil {
		panic(err) // a test renders the page
	}
	w.Header().Set("Content-Security-Policy", p.policy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Frame-Options", "DENY")
	write(w, "text/html; charset=utf-8", p.html)
}

var rendered = sync.OnceValues(func() (page, error) { return render(Document) })

func write(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-cache") // the next release may say otherwise
	_, _ = w.Write(body)                        // who asked may be gone
}
