// Package api is costd's own HTTP API, version 1: usage comes in by it, and
// operators keep the catalog and the keys. The reports speak another dialect, in
// package gcore.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/catalog"
	"costd.dev/costd/ingest"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/report"
)

// A Handler answers the paths under /api/v1/. Use it by pointer.
type Handler struct {
	Usage   *ingest.Service
	Catalog *catalog.Service
	Access  *access.Service
	Reports *report.Service
	Store   costd.Maintainer // nil: there are no backups and checks
	Logger  *slog.Logger     // nil: errors are not logged

	once    sync.Once
	mux     *http.ServeMux
	tending sync.Mutex // held by the one backup or check that may be under way
}

// An endpoint answers a request, or returns an error while nothing has been sent.
type endpoint func(h *Handler, w http.ResponseWriter, r *http.Request) error

// A route is one method of one path, the roles that may call it, and the parameters
// it takes, each any number of times.
type route struct {
	method, path string
	roles        []costd.Role
	endpoint     endpoint
	params       []string
}

var (
	senders   = []costd.Role{costd.RoleOperator, costd.RoleIngest}
	operators = []costd.Role{costd.RoleOperator}
	readers   = []costd.Role{costd.RoleOperator, costd.RoleAdministrator} // of one client; operators name it
)

var routes = []route{
	{"POST", "/api/v1/usage", senders, (*Handler).postUsage, nil},
	{"GET", "/api/v1/catalog", operators, (*Handler).getCatalog, []string{"version", "as_of"}},
	{"PUT", "/api/v1/catalog", operators, (*Handler).putCatalog, []string{"prune", "dry_run"}},
	{"GET", "/api/v1/catalog/changes", operators, (*Handler).getChanges, []string{"since", "limit"}},
	{"POST", "/api/v1/diff", operators, (*Handler).diff, nil},
	{"GET", "/api/v1/audit", operators, (*Handler).listAudit, []string{"since", "actor", "action", "limit", "cursor"}},
	{"GET", "/api/v1/keys", operators, (*Handler).listKeys, nil},
	{"POST", "/api/v1/keys", operators, (*Handler).createKey, nil},
	{"GET", "/api/v1/keys/{id}", operators, (*Handler).getKey, nil},
	{"DELETE", "/api/v1/keys/{id}", operators, (*Handler).deleteKey, nil},
	{"GET", "/api/v1/bills", operators, (*Handler).bills, billParams},
	{"GET", "/api/v1/explain", readers, (*Handler).explain, explainParams},
	{"POST", "/api/v1/backup", operators, (*Handler).backup, nil},
	{"POST", "/api/v1/check", operators, (*Handler).check, []string{"kind"}},
}

// Patterns lists what a Handler answers, as "METHOD /path".
func Patterns() []string {
	patterns := make([]string, len(routes))
	for i, route := range routes {
		patterns[i] = route.method + " " + route.path
	}
	return patterns
}

// ReportPaths lists the paths of reports: those that are bounded as all reports are.
func ReportPaths() []string { return []string{"/api/v1/bills", "/api/v1/explain"} }

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.once.Do(h.route)
	h.mux.ServeHTTP(w, r)
}

func (h *Handler) route() {
	h.mux = http.NewServeMux()
	methods := map[string][]string{}
	for _, route := range routes {
		methods[route.path] = append(methods[route.path], route.method)
		if route.method == http.MethodGet {
			methods[route.path] = append(methods[route.path], http.MethodHead)
		}
		h.mux.HandleFunc(route.method+" "+route.path, func(w http.ResponseWriter, r *http.Request) {
			if err := h.serve(w, r, route); err != nil {
				h.fail(w, r, err)
			}
		})
	}
	for path, allowed := range methods {
		slices.Sort(allowed)
		h.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			h.fail(w, r, refusal(http.StatusMethodNotAllowed, "method_not_allowed",
				"%s is not for this path; use %s", r.Method, strings.Join(allowed, " or ")))
		})
	}
	h.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		h.fail(w, r, costd.Errorf(costd.NotFound, "there is nothing at this path; see /docs for what there is"))
	})
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request, route route) error {
	principal, err := h.Access.Authenticate(r.Context(), r.Header.Get("Authorization"))
	if err != nil {
		return err
	}
	web.SetKeyID(r.Context(), principal.KeyID)
	allowed := func(p access.Principal) error { return p.Require(route.roles...) }
	if principal, err = principal.Authorize(r.Context(), r.Header, allowed, h.Reports.Client); err != nil {
		return err
	}
	if principal.Acting {
		web.SetActingFor(r.Context(), principal.ClientID)
	}
	if _, mistakes := (web.Query{Many: route.params}).Parse(r.URL.RawQuery); len(mistakes) > 0 {
		return costd.InvalidFields(mistakes...)
	}
	ctx := costd.WithActor(r.Context(), costd.Actor{Name: principal.KeyID, RequestID: web.RequestID(r.Context())})
	r = r.WithContext(withPrincipal(ingest.WithSender(ctx, principal.KeyID), principal))
	return route.endpoint(h, w, h.withLateBody(r))
}

type principalKey struct{}

// withPrincipal returns a context that says who makes the request.
func withPrincipal(ctx context.Context, p access.Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// principalOf returns who makes the request of an endpoint.
func principalOf(ctx context.Context) access.Principal {
	p, _ := ctx.Value(principalKey{}).(access.Principal)
	return p
}
