package openapitest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"costd.dev/costd/openapi"
)

// Document returns the document, read and found valid.
var Document = sync.OnceValues(func() (*openapi3.T, error) {
	d, err := openapi3.NewLoader().LoadFromData(openapi.Document)
	if err == nil {
		err = d.Validate(context.Background())
	}
	return d, err
})

// Check returns an error unless the document allows the exchange.
func Check(r *http.Request, sent []byte, resp *http.Response, body []byte) error {
	d, err := Document()
	if err != nil {
		return err
	}
	template, item, params := find(d, r.URL.Path)
	if item == nil {
		return checkNoPath(d, r, resp, body)
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	operation := item.GetOperation(method)
	if operation == nil {
		return checkNoMethod(d, item, template, r, resp, body)
	}
	p := &place{
		Route:   &routers.Route{Spec: d, Path: template, PathItem: item, Method: method, Operation: operation},
		params:  params,
		pointer: "/paths/" + token(template) + "/" + strings.ToLower(method),
	}
	err = checkResponse(p, r, resp, body)
	if resp.StatusCode < http.StatusMultipleChoices && !rejects(body) {
		err = errors.Join(err, checkRequest(p, r, sent))
	}
	return err
}

// find returns the path of the document that p is an instance of.
func find(d *openapi3.T, p string) (template string, item *openapi3.PathItem, params map[string]string) {
	parts := strings.Split(p, "/")
	for template, item := range d.Paths.Map() {
		if params, ok := match(strings.Split(template, "/"), parts); ok {
			return template, item, params
		}
	}
	return "", nil, nil
}

func match(template, parts []string) (map[string]string, bool) {
	if len(template) != len(parts) {
		return nil, false
	}
	params := map[string]string{}
	for i, want := range template {
		if name, ok := strings.CutPrefix(want, "{"); ok && parts[i] != "" {
			params[strings.TrimSuffix(name, "}")] = parts[i]
		} else if want != parts[i] {
			return nil, false
		}
	}
	return params, true
}

// checkNoPath checks the answer of a path that is not documented: a redirect to a
// clean one, or 404 as the API says it.
func checkNoPath(d *openapi3.T, r *http.Request, resp *http.Response, body []byte) error {
	if resp.StatusCode == http.StatusTemporaryRedirect && path.Clean(r.URL.Path) != r.URL.Path {
		return nil
	}
	if resp.StatusCode != http.StatusNotFound {
		return fmt.Errorf("the path is not documented; want a 404")
	}
	ours, dialect := checkAs(d, "NotFound", r, resp, body), checkAs(d, "NotFoundError", r, resp, body)
	switch root, _, _ := strings.Cut(r.URL.Path[1:], "/"); {
	case root == "api":
		return ours
	case root == "cloud", root == "iam", dialect == nil:
		return dialect
	}
	return ours // a handler of one API, tested alone, answers everything
}

// checkNoMethod checks the answer of a documented path to another method.
func checkNoMethod(d *openapi3.T, item *openapi3.PathItem, template string, r *http.Request, resp *http.Response, body []byte) error {
	if resp.StatusCode != http.StatusMethodNotAllowed {
		return fmt.Errorf("the method is not documented; want a 405")
	}
	var want []string
	var any *openapi3.Operation
	for method, operation := range item.Operations() {
		want, any = append(want, method), operation
	}
	if slices.Contains(want, http.MethodGet) {
		want = append(want, http.MethodHead)
	}
	slices.Sort(want)
	if allow := resp.Header.Get("Allow"); allow != strings.Join(want, ", ") {
		return fmt.Errorf("%s allows %q, documented are %q", template, allow, want)
	}
	component := any.Responses.Status(http.StatusMethodNotAllowed).Ref
	return checkAs(d, path.Base(component), r, resp, body)
}

// checkAs checks an answer against a response that belongs to no operation.
func checkAs(d *openapi3.T, component string, r *http.Request, resp *http.Response, body []byte) error {
	documented := &openapi3.ResponseRef{Ref: "#/components/responses/" + component, Value: d.Components.Responses[component].Value}
	return checkResponse(&place{
		Route: &routers.Route{Spec: d, Operation: &openapi3.Operation{
			Responses: openapi3.NewResponses(openapi3.WithStatus(resp.StatusCode, documented)),
		}},
	}, r, resp, body)
}

// A place is an operation of the document.
type place struct {
	*routers.Route
	params  map[string]string
	pointer string // to the operation
}

func checkResponse(p *place, r *http.Request, resp *http.Response, body []byte) error {
	documented := p.Operation.Responses.Status(resp.StatusCode)
	if documented == nil {
		return fmt.Errorf("the status is not documented")
	}
	err := openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: p.Route},
		Status:                 resp.StatusCode,
		Header:                 resp.Header,
		Options:                &openapi3filter.Options{ExcludeResponseBody: true},
	})
	content := documented.Value.Content
	switch {
	case err != nil:
		return err
	case len(content) == 0 && len(body) > 0:
		return fmt.Errorf("the answer is documented to have no body")
	case len(content) == 0 || r.Method == http.MethodHead:
		return nil
	}
	pointer := fmt.Sprintf("%s/responses/%d", p.pointer, resp.StatusCode)
	if documented.Ref != "" {
		pointer = strings.TrimPrefix(documented.Ref, "#")
	}
	return checkBody(pointer+"/content", resp.Header.Get("Content-Type"), body)
}

// rejects reports whether a successful answer says that parts of the request were
// wrong, as that to usage records does.
func rejects(body []byte) bool {
	var answer struct{ Rejected []any }
	return json.Unmarshal(body, &answer) == nil && len(answer.Rejected) > 0
}

// checkRequest checks that a request that has succeeded is documented. Some that
// are have no form that can be checked: compressed ones, events in binary mode, and
// media types by other names.
func checkRequest(p *place, r *http.Request, sent []byte) error {
	err := openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: p.params, QueryParams: r.URL.Query(), Route: p.Route,
		Options: &openapi3filter.Options{
			ExcludeRequestBody: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true,
		},
	})
	body := p.Operation.RequestBody
	if err != nil || body == nil || r.Header.Get("Content-Encoding") != "" || r.Header.Get("Ce-Specversion") != "" {
		return err
	}
	contentType := cmp.Or(r.Header.Get("Content-Type"), defaultType(body.Value)) // what the server then takes it for
	if body.Value.Content.Get(contentType) == nil || len(sent) == 0 && !body.Value.Required {
		return nil
	}
	return checkBody(p.pointer+"/requestBody/content", contentType, sent)
}

// defaultType returns the media type of a body that names none.
func defaultType(body *openapi3.RequestBody) string {
	if body.Content["application/x-ndjson"] != nil {
		return "application/x-ndjson"
	}
	return "application/json"
}
