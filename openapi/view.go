package openapi

import (
	"cmp"
	"html/template"
	"slices"
	"strings"
)

// These types are the page, ready for its template.

type view struct {
	Title, Version, Summary string
	Description, Key        template.HTML
	Groups                  []group
	Schemas                 []schemaView
	Style                   template.CSS
}

type group struct {
	Name        string
	Description template.HTML
	Operations  []operationView
}

type operationView struct {
	ID, Method, Path, Summary string
	Description               template.HTML
	Roles                     []string // none: no key is needed
	Parameters                []row
	Bodies                    []bodyView
	Optional                  bool // the body
	Curl                      string
	Answers, Errors           []responseView
}

type bodyView struct {
	MediaType string
	Type      phrase
	Fields    []row // of a request
	Examples  []exampleView
}

type exampleView struct{ Summary, Text string }

type responseView struct {
	Status      string
	Description template.HTML
	Headers     []row
	Bodies      []bodyView
}

// A row is a parameter, a header or a property.
type row struct {
	Name                 string
	Required, Deprecated bool
	Type                 phrase
	Values               []string // all there are, if they are few enough to list
	Limits               []string
	Description          template.HTML
}

// A phrase says in words what a value may be. Some of its words are links.
type phrase []word

type word struct{ Text, Schema string }

type schemaView struct {
	Name        string
	Description template.HTML
	Type        phrase
	Values      []string
	Limits      []string
	Bases       phrase // what else it has the properties of
	Rows        []row
	Choices     []choice
	Example     string
}

// A choice is one of several schemas, and the types or roles it is for.
type choice struct {
	Schema string
	When   []string
}

// view returns the page of the document.
func (d *document) view() view {
	v := view{
		Title: d.Info.Title, Version: d.Info.Version, Summary: d.Info.Summary,
		Description: markup(d.Info.Description),
		Key:         markup(d.Components.SecuritySchemes["APIKey"].Description),
	}
	for _, t := range d.Tags {
		v.Groups = append(v.Groups, group{Name: t.Name, Description: markup(t.Description), Operations: d.operations(t.Name)})
	}
	for _, s := range d.Components.Schemas {
		v.Schemas = append(v.Schemas, d.schema(s.Key, s.Value))
	}
	return v
}

func (d *document) operations(tag string) (views []operationView) {
	for _, p := range d.Paths {
		for _, m := range []struct {
			name string
			*operation
		}{{"GET", p.Value.Get}, {"POST", p.Value.Post}, {"PUT", p.Value.Put}, {"DELETE", p.Value.Delete}} {
			if m.operation != nil && slices.Contains(m.Tags, tag) {
				views = append(views, d.operation(m.name, p.Key, p.Value.Parameters, m.operation))
			}
		}
	}
	return views
}

func (d *document) operation(method, path string, shared []parameter, o *operation) operationView {
	v := operationView{
		ID: o.ID, Method: method, Path: path, Summary: o.Summary, Description: markup(o.Description), Roles: o.Roles,
	}
	for _, p := range append(slices.Clone(shared), o.Parameters...) {
		if name, ok := component(p.Ref); ok {
			p = d.Components.Parameters[name]
		}
		r := d.row(p.Name, p.Schema, p.Required)
		r.Deprecated, r.Description = p.Deprecated, markup(cmp.Or(p.Description, d.description(p.Schema)))
		r.Limits = append([]string{"in " + p.In}, r.Limits...)
		v.Parameters = append(v.Parameters, r)
	}
	if o.RequestBody != nil {
		v.Bodies, v.Optional = d.bodies(o.RequestBody.Content), !o.RequestBody.Required
		v.Bodies[0].Fields = d.rows(d.element(o.RequestBody.Content[0].Value.Schema), "")
	}
	v.Curl = curl(&v)
	for _, r := range o.Responses {
		answer := d.response(r.Key, r.Value)
		if r.Key < "300" {
			v.Answers = append(v.Answers, answer)
		} else {
			v.Errors = append(v.Errors, answer)
		}
	}
	return v
}

func (d *document) response(status string, r response) responseView {
	if name, ok := component(r.Ref); ok {
		r = d.Components.Responses[name]
	}
	v := responseView{Status: status, Description: markup(r.Description), Bodies: d.bodies(r.Content)}
	for _, h := range r.Headers {
		if h.Key == "X-Request-ID" {
			continue // every answer has it
		}
		if name, ok := component(h.Value.Ref); ok {
			h.Value = d.Components.Headers[name]
		}
		v.Headers = append(v.Headers, row{Name: h.Key, Description: markup(h.Value.Description)})
	}
	return v
}

func (d *document) bodies(content ordered[media]) (views []bodyView) {
	for _, c := range content {
		b := bodyView{MediaType: c.Key, Type: d.phrase(c.Value.Schema)}
		for _, e := range c.Value.Examples {
			if name, ok := component(e.Value.Ref); ok {
				e.Value = d.Components.Examples[name]
			}
			b.Examples = append(b.Examples, exampleView{Summary: e.Value.Summary, Text: exampleText(c.Key, &e.Value.Value)})
		}
		views = append(views, b)
	}
	return views
}

func (d *document) schema(name string, s *schema) schemaView {
	v := schemaView{Name: name, Description: markup(s.Description), Values: s.values(), Limits: limits(s), Rows: d.rows(s, "")}
	v.Bases, v.Choices = d.bases(s), d.choices(s)
	if len(v.Rows) == 0 && len(v.Choices) == 0 && len(v.Bases) == 0 {
		v.Type = d.phrase(s)
	}
	if len(s.Examples) > 0 {
		v.Example = exampleText("application/json", &s.Examples[0])
	}
	return v
}

// bases returns the schemas whose properties s has too, but that are choices and
// so cannot be listed with its own.
func (d *document) bases(s *schema) (p phrase) {
	for _, part := range s.AllOf {
		if name, ok := component(part.Ref); ok && len(d.Components.Schemas.get(name).OneOf) > 0 {
			p = append(p, word{Text: name, Schema: name})
		}
	}
	return p
}

// choices returns the schemas that an object may have one of. The first property of
// each tells them apart.
func (d *document) choices(s *schema) (list []choice) {
	for _, alternative := range s.OneOf {
		name, ok := component(alternative.Ref)
		if !ok {
			return nil
		}
		c := choice{Schema: name}
		if properties := d.resolve(alternative).Properties; len(properties) > 0 {
			first := properties[0].Value
			if c.When = first.Enum; !first.Const.IsZero() {
				c.When = []string{first.Const.Value}
			}
		}
		list = append(list, c)
	}
	return list
}

// rows returns the properties of an object, with those of the objects in it below
// them. Of a property that stands in several parts of the schema, the last wins.
func (d *document) rows(s *schema, prefix string) (rows []row) {
	for _, part := range s.AllOf {
		rows = merge(rows, d.rows(d.resolve(part), prefix))
	}
	var own []row
	for _, p := range s.Properties {
		r := d.row(prefix+p.Key, p.Value, slices.Contains(s.Required, p.Key))
		own = append(own, r)
		switch {
		case len(p.Value.Properties) > 0:
			own = append(own, d.rows(p.Value, prefix+p.Key+".")...)
		case p.Value.Items != nil && len(p.Value.Items.Properties) > 0:
			own = append(own, d.rows(p.Value.Items, prefix+p.Key+"[].")...)
		}
	}
	return merge(rows, own)
}

func merge(rows, more []row) []row {
	for _, r := range more {
		i := slices.IndexFunc(rows, func(have row) bool { return have.Name == r.Name })
		if i < 0 {
			rows = append(rows, r)
			continue
		}
		if len(r.Type) > 0 || len(r.Values) > 0 {
			r.Required, r.Description = rows[i].Required, cmp.Or(r.Description, rows[i].Description)
			rows[i] = r
		}
	}
	return rows
}

func (d *document) row(name string, s *schema, required bool) row {
	r := row{
		Name: name, Required: required, Deprecated: s.Deprecated,
		Type: d.phrase(s), Values: s.values(), Limits: limits(s), Description: markup(d.description(s)),
	}
	if of, ok := component(s.Ref); ok {
		if simple := d.resolve(s); simple.isSimple() {
			r.Type, r.Values, r.Limits = d.phrase(simple), simple.values(), limits(simple)
			r.Type[0].Schema = of
			r.Deprecated = r.Deprecated || simple.Deprecated
		}
	}
	return r
}

// maxValues is how many values are listed where a schema is referred to.
const maxValues = 14

// isSimple reports whether a schema can be told in the place of its name.
func (s *schema) isSimple() bool {
	return len(s.Properties)+len(s.AllOf)+len(s.OneOf)+len(s.AnyOf) == 0 && len(s.Type) > 0 && len(s.Enum) <= maxValues
}

// values lists what a value may be, or what the items of a list may be.
func (s *schema) values() []string {
	if s.Items != nil {
		return s.Items.Enum
	}
	return s.Enum
}

// description returns what a schema says of itself, or what it refers to says.
func (d *document) description(s *schema) string {
	if s.Description == "" && s.Ref != "" {
		return d.resolve(s).Description
	}
	return s.Description
}

func (d *document) resolve(s *schema) *schema {
	if name, ok := component(s.Ref); ok {
		return d.Components.Schemas.get(name)
	}
	return s
}

// element returns the schema of what a list is of, or of what is no list.
func (d *document) element(s *schema) *schema {
	if s = d.resolve(s); s.Items != nil {
		return d.resolve(s.Items)
	}
	return s
}

// component returns the name of the component that a reference is to.
func component(ref string) (name string, ok bool) {
	i := strings.LastIndexByte(ref, '/')
	return ref[i+1:], i >= 0
}
