package gcore

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/report"
)

// maxBody bounds the body of a request. The largest sensible one, with full lists,
// stays far under it.
const maxBody = 1 << 20

// An Authenticator finds out who sends a request. *access.Service is one.
type Authenticator interface {
	// Authenticate returns the bearer of an Authorization header, or an
	// Unauthenticated error.
	Authenticate(ctx context.Context, authorization string) (access.Principal, error)
}

// A Handler answers the paths of the dialect: /cloud/ and /iam/. Use it by pointer.
type Handler struct {
	Reports *report.Service
	Access  Authenticator
	Logger  *slog.Logger // nil: errors are not logged
	// UUIDs says that ids which are no UUIDs are answered as UUIDs made of them. They
	// are left as they are without it.
	UUIDs bool

	once   sync.Once
	mux    *http.ServeMux
	memory *memory
}

// A call is one request whose sender is known.
type call struct {
	*http.Request
	principal access.Principal
	answer    *answer
	body      []byte       // of a report request
	basis     report.Basis // of a report, once its period is known
}

// An endpoint answers a call, or returns an error while nothing has been sent.
type endpoint func(h *Handler, c *call) error

// A route is one path, its only method, and who may call it.
type route struct {
	method, path string
	allowed      func(access.Principal) error
	endpoint     endpoint
}

var routes = []route{
	{"POST", "/cloud/v1/reservation_cost_report/totals", administratorOnly, remember((*Handler).monthlyTotals)},
	{"POST", "/cloud/v1/cost_report/totals", clientOnly, remember((*Handler).costTotals)},
	{"POST", "/cloud/v1/cost_report/resources", clientOnly, remember((*Handler).costResources)},
	{"POST", "/cloud/v1/usage_report", clientOnly, remember((*Handler).usageReport)},
	{"GET", "/cloud/v2/reservations", administratorOnly, (*Handler).reservations},
	{"GET", "/cloud/v1/projects", clientOnly, (*Handler).projects},
	{"GET", "/cloud/v1/regions", clientOnly, (*Handler).regions},
	{"GET", "/cloud/v1/projects/{id}", clientOnly, (*Handler).project},
	{"GET", "/cloud/v1/regions/{id}", clientOnly, (*Handler).region},
	{"GET", "/iam/clients/me", clientOnly, (*Handler).me},
}

// Patterns lists what a Handler answers, as "METHOD /path".
func Patterns() []string {
	patterns := make([]string, len(routes))
	for i, route := range routes {
		patterns[i] = route.method + " " + route.path
	}
	return patterns
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.once.Do(h.route)
	h.mux.ServeHTTP(w, r)
}

func (h *Handler) route() {
	h.mux = http.NewServeMux()
	h.memory = newMemory()
	for _, route := range routes {
		h.mux.HandleFunc(route.method+" "+route.path, func(w http.ResponseWriter, r *http.Request) {
			h.serve(w, r, route)
		})
		h.mux.HandleFunc(route.path, func(w http.ResponseWriter, r *http.Request) {
			refuseMethod(w, r, route.method)
		})
	}
	h.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		WriteError(w, r, costd.Errorf(costd.NotFound, "there is nothing at this path; see /docs for what there is"))
	})
}

// serve is the one place where errors of endpoints become answers.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, route route) {
	a := &answer{w: w, ids: idStyle(h.UUIDs)}
	err := h.call(a, r, route)
	if err == nil {
		err = a.finish()
	}
	if err == nil {
		return
	}
	h.log(r, err)
	if a.begun { // cut the connection, so that nobody takes half a report for a whole one
		panic(http.ErrAbortHandler)
	}
	w.Header().Del("Content-Disposition")
	WriteError(w, r, err)
}

func (h *Handler) call(a *answer, r *http.Request, route route) error {
	principal, err := h.Access.Authenticate(r.Context(), r.Header.Get("Authorization"))
	if err != nil {
		return err
	}
	web.SetKeyID(r.Context(), principal.KeyID)
	if principal, err = principal.Authorize(r.Context(), r.Header, route.allowed, h.Reports.Client); err != nil {
		return err
	}
	if principal.Acting {
		web.SetActingFor(r.Context(), principal.ClientID)
	}
	return route.endpoint(h, &call{Request: r, principal: principal, answer: a})
}

func (h *Handler) log(r *http.Request, err error) {
	if h.Logger == nil || r.Context().Err() != nil {
		return // a caller that went away is no error of ours
	}
	switch costd.ErrorCode(err) {
	case costd.Internal, costd.Unavailable, costd.Overflow:
		h.Logger.ErrorContext(r.Context(), "report failed", "request_id", web.RequestID(r.Context()), "path", r.URL.Path, "error", err)
	}
}

func refuseMethod(w http.ResponseWriter, r *http.Request, allow string) {
	if allow == http.MethodGet {
		allow += ", " + http.MethodHead
	}
	w.Header().Set("Allow", allow)
	e := costd.Errorf(costd.Invalid, "the method %s is not allowed here; use %s", shorten(r.Method), allow)
	writeError(w, r, kind{http.StatusMethodNotAllowed, "HTTPError"}, e)
}
