package server

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"costd.dev/costd"
	"costd.dev/costd/api"
	"costd.dev/costd/catalog"
	"costd.dev/costd/gcore"
	"costd.dev/costd/openapi"
	"costd.dev/costd/report"
)

// ownRoutes are the paths of the server itself, which know only GET and need no key.
var ownRoutes = []struct {
	path  string
	serve func(*Server, http.ResponseWriter, *http.Request)
}{
	{"/healthz", (*Server).healthy},
	{"/readyz", (*Server).ready},
	{"/metrics", func(s *Server, w http.ResponseWriter, r *http.Request) { s.figures.ServeHTTP(w, r) }},
	{"/openapi.yaml", func(_ *Server, w http.ResponseWriter, r *http.Request) { openapi.ServeDocument(w, r) }},
	{"/", (*Server).front},
	{"/docs/", func(_ *Server, w http.ResponseWriter, r *http.Request) { openapi.ServePage(w, r) }},
	{"/docs", func(_ *Server, w http.ResponseWriter, r *http.Request) { openapi.ServePage(w, r) }},
}

// maxScrapes bounds the readers of the figures at a time: each asks the store, and
// needs no key for it.
const maxScrapes = 4

// Patterns lists everything that a Server answers, as "METHOD /path".
func Patterns() []string {
	patterns := slices.Concat(gcore.Patterns(), api.Patterns())
	for _, route := range ownRoutes {
		patterns = append(patterns, "GET "+route.path)
	}
	return patterns
}

// routes puts every handler in its place. What nobody answers, the compatible
// dialect does: its clients must understand a 404.
func (s *Server) routes(registry *prometheus.Registry) http.Handler {
	reports := &report.Service{Usage: s.config.Usage, Catalog: s.config.Catalog, Now: s.config.Now}
	store, _ := s.config.Usage.(costd.Maintainer) // some stores cannot be looked after
	dialect := &gcore.Handler{
		Reports: reports,
		Access:  s.access,
		Logger:  s.config.Logger,
		UUIDs:   s.config.UUIDs,
	}
	own := &api.Handler{
		Usage:   s.usage,
		Catalog: &catalog.Service{Store: s.config.Catalog, Usage: store, Now: s.config.Now},
		Access:  s.access,
		Reports: reports,
		Store:   store,
		Logger:  s.config.Logger,
	}
	mux := http.NewServeMux()
	l := s.newLimits(s.config.RateLimit, s.config.RateBurst)
	bounds := s.newReportBounds()
	mux.Handle("/", s.limit(l, s.boundReports(bounds, dialect, gcore.WriteError), gcore.WriteError))
	limited := s.limit(limits{failures: l.failures}, own, failOwn)
	mux.Handle("/api/", limited)
	mux.Handle("/api", limited)
	for _, path := range api.ReportPaths() {
		mux.Handle(path, s.limit(l, s.boundReports(bounds, own, failOwn), failOwn))
	}
	s.figures = promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry, MaxRequestsInFlight: maxScrapes})
	for _, route := range ownRoutes {
		exact := route.path
		if strings.HasSuffix(exact, "/") {
			exact += "{$}" // and not all that is under it
		}
		mux.HandleFunc("GET "+exact, func(w http.ResponseWriter, r *http.Request) { route.serve(s, w, r) })
		mux.HandleFunc(exact, refuseMethod)
	}
	return noPath(cleanPath(mux))
}

// failOwn answers with an error as our own API says it.
func failOwn(w http.ResponseWriter, r *http.Request, err error) { api.WriteError(w, r, err) }

// noPath refuses "*" and what CONNECT has in the place of a path. The mux would do that
// without words, or in plain text.
func noPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/") {
			gcore.WriteError(w, r, costd.Errorf(costd.Invalid, "the path is %.64q; send one that begins with /", r.RequestURI))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// cleanPath redirects a path with doubled slashes or dots to the one that is meant. The mux
// would do that too, but escape the percent signs of the path once more.
func cleanPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		escaped := r.URL.EscapedPath()
		clean := path.Clean(escaped)
		if strings.HasSuffix(escaped, "/") && clean != "/" {
			clean += "/"
		}
		if clean == escaped || r.Method == http.MethodConnect {
			next.ServeHTTP(w, r)
			return
		}
		if r.URL.RawQuery != "" {
			clean += "?" + r.URL.RawQuery
		}
		w.Header().Set("Location", clean)
		writeText(w, http.StatusTemporaryRedirect, "the path has doubled slashes or dots; Location has the one that is meant\n")
	})
}

// refuseMethod answers a method that a path of the server itself does not have.
func refuseMethod(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	writeText(w, http.StatusMethodNotAllowed, "use GET\n")
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // who asked may be gone; there is nobody left to tell
}

// onPanic answers a request whose handler failed in a way nobody foresaw. It tells
// nothing: the cause is in the log, under the request's id.
func (s *Server) onPanic(w http.ResponseWriter, r *http.Request) {
	gcore.WriteError(w, r, costd.Errorf(costd.Internal, "internal error"))
}
