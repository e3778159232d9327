package openapi_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"costd.dev/costd"
	"costd.dev/costd/api"
	"costd.dev/costd/gcore"
	"costd.dev/costd/internal/openapitest"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/server"
)

func document(t *testing.T) *openapi3.T {
	t.Helper()
	d, err := openapitest.Document()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// An operation is one method of one path of the document.
type operation struct {
	*openapi3.Operation
	method, path string
	item         *openapi3.PathItem
}

func operations(t *testing.T) (list []operation) {
	t.Helper()
	for path, item := range document(t).Paths.Map() {
		for method, o := range item.Operations() {
			list = append(list, operation{o, method, path, item})
		}
	}
	slices.SortFunc(list, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return list
}

// roles returns the roles that may call the operation, none if it needs no key.
func (o operation) roles() (roles []costd.Role) {
	listed, _ := o.Extensions["x-roles"].([]any)
	for _, role := range listed {
		roles = append(roles, costd.Role(role.(string)))
	}
	return roles
}

// ours reports whether the operation belongs to costd's own API, and needsKey
// whether it belongs to either.
func (o operation) ours() bool     { return strings.HasPrefix(o.path, "/api/") }
func (o operation) needsKey() bool { return o.ours() || o.Security == nil }

func TestEveryRouteIsDocumented(t *testing.T) {
	var documented []string
	for _, o := range operations(t) {
		documented = append(documented, o.method+" "+o.path)
	}
	served := server.Patterns()
	slices.Sort(documented)
	slices.Sort(served)
	if !slices.Equal(documented, served) {
		t.Errorf("documented\n%s\nserved\n%s", strings.Join(documented, "\n"), strings.Join(served, "\n"))
	}
}

func TestOperationsAreWhole(t *testing.T) {
	for _, o := range operations(t) {
		if o.OperationID == "" || o.Summary == "" || len(o.Tags) != 1 {
			t.Errorf("%s %s has no id, summary or tag", o.method, o.path)
		}
		if known := o.Security == nil || len(*o.Security) == 0; !known || (o.Security == nil) != (len(o.roles()) > 0) {
			t.Errorf("%s says neither which roles may call it nor that it needs no key", o.OperationID)
		}
		for status, r := range o.Responses.Map() {
			if r.Value.Headers["X-Request-ID"] == nil {
				t.Errorf("%s %s has no X-Request-ID", o.OperationID, status)
			}
		}
	}
}

// gives says which operations can fail in the way of a code. What depends on
// nothing but the key can happen to all of them.
var gives = map[costd.Code]func(operation) bool{
	costd.NotFound: func(o operation) bool {
		return !o.ours() || strings.Contains(o.path, "{") || o.OperationID == "explainLine" || o.OperationID == "getCatalog" || o.OperationID == "diff" // the client of the key, or the one an operator names
	},
	costd.Conflict: func(o operation) bool { return o.OperationID == "applyCatalog" },
	costd.TooLarge: func(o operation) bool { return o.RequestBody != nil },
	costd.Overflow: func(o operation) bool {
		return !o.ours() && o.Tags[0] == "Reports" || o.OperationID == "explainLine" || o.OperationID == "applyCatalog" || o.OperationID == "diff"
	},
}

// ownErrors are what paths that need no key say themselves.
var ownErrors = map[string]costd.Code{"metrics": costd.Internal, "readyz": costd.Unavailable, "front": costd.NotFound}

// Every status that the tables of the two APIs have, with the answer that goes with
// it, is documented where it can happen, and nowhere else.
func TestEveryErrorIsDocumented(t *testing.T) {
	for _, o := range operations(t) {
		for _, code := range costd.Codes {
			resp, body := written(o, code)
			documented := o.Responses.Status(resp.StatusCode) != nil
			can := gives[code]
			if want := o.needsKey() && (can == nil || can(o)); documented != want {
				if own, ok := ownErrors[o.OperationID]; !ok || own != code {
					t.Errorf("%s: %d for %s is documented: %v, want %v", o.OperationID, resp.StatusCode, code, documented, want)
				}
				continue
			}
			if !documented || !o.needsKey() {
				continue
			}
			r := httptest.NewRequest(o.method, strings.Replace(o.path, "{id}", "x", 1), nil)
			if err := openapitest.Check(r, nil, resp, body); err != nil {
				t.Errorf("%s: %d %s: %v", o.OperationID, resp.StatusCode, body, err)
			}
		}
	}
}

// written returns how the API of the operation says a code.
func written(o operation, code costd.Code) (*http.Response, []byte) {
	w := httptest.NewRecorder()
	w.Header().Set("X-Request-ID", "id")
	r := httptest.NewRequest(o.method, "/", nil)
	r = r.WithContext(web.WithRequestID(r.Context(), "id"))
	err := costd.Errorf(code, "what happened")
	if code == costd.Invalid {
		err = costd.InvalidField("a.field", "is wrong")
	}
	if o.ours() {
		api.WriteError(w, r, err)
	} else {
		gcore.WriteError(w, r, err)
	}
	return w.Result(), w.Body.Bytes()
}
