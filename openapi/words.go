package openapi

import (
	"fmt"
	"html/template"
	"strings"

	"go.yaml.in/yaml/v3"
)

// phrase says in words what values the schema allows, limits and lists of values
// aside.
func (d *document) phrase(s *schema) phrase {
	if name, ok := component(s.Ref); ok {
		return phrase{{Text: name, Schema: name}}
	}
	switch {
	case !s.Const.IsZero():
		return phrase{{Text: compact(&s.Const)}}
	case len(s.OneOf) > 0:
		return d.join(s.OneOf, " or ")
	case len(s.AllOf) > 0:
		return d.join(s.AllOf, " and ")
	case len(s.AnyOf) > 0 && len(s.Properties) == 0:
		return d.join(s.AnyOf, " or ")
	}
	var p phrase
	for i, t := range s.Type {
		if i > 0 {
			p = append(p, word{Text: " or "})
		}
		p = append(p, d.ofType(t, s)...)
	}
	return p
}

func (d *document) ofType(t string, s *schema) phrase {
	switch {
	case t == "array" && s.Items != nil:
		return append(phrase{{Text: "list of "}}, d.phrase(s.Items)...)
	case t == "object" && s.AdditionalProperties.schema != nil:
		return append(phrase{{Text: "object of "}}, d.phrase(s.AdditionalProperties.schema)...)
	case t == "array":
		return phrase{{Text: "list"}}
	case s.Format != "" && t != "null":
		return phrase{{Text: t + " (" + s.Format + ")"}}
	}
	return phrase{{Text: t}}
}

func (d *document) join(schemas []*schema, by string) (p phrase) {
	for i, s := range schemas {
		if i > 0 {
			p = append(p, word{Text: by})
		}
		p = append(p, d.phrase(s)...)
	}
	return p
}

// limits says in words what else the schema demands.
func limits(s *schema) (list []string) {
	between := func(low, high *int, what string) {
		switch {
		case low != nil && high != nil && *low == *high:
			list = append(list, fmt.Sprintf("exactly %d %s", *low, what))
		case low != nil && high != nil:
			list = append(list, fmt.Sprintf("%d to %d %s", *low, *high, what))
		case low != nil && *low == 1:
			list = append(list, "not empty")
		case low != nil:
			list = append(list, fmt.Sprintf("at least %d %s", *low, what))
		case high != nil:
			list = append(list, fmt.Sprintf("at most %d %s", *high, what))
		}
	}
	if s.Format != "int64" { // which is a limit of its own
		list = append(list, bounds(s)...)
	}
	between(s.MinLength, s.MaxLength, "characters")
	between(s.MinItems, s.MaxItems, "items")
	between(nil, s.MaxProperties, "keys")
	if !s.Default.IsZero() {
		list = append(list, "default "+compact(&s.Default))
	}
	return list
}

func bounds(s *schema) []string {
	switch {
	case !s.Minimum.IsZero() && !s.Maximum.IsZero():
		return []string{s.Minimum.Value + " to " + s.Maximum.Value}
	case !s.Minimum.IsZero():
		return []string{"at least " + s.Minimum.Value}
	case !s.ExclusiveMinimum.IsZero():
		return []string{"above " + s.ExclusiveMinimum.Value}
	}
	return nil
}

// markup makes HTML of a description: paragraphs at empty lines, `code` and
// **emphasis**. Everything else is text.
func markup(s string) template.HTML {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(s), "\n\n") {
		text := template.HTMLEscapeString(strings.TrimSpace(paragraph))
		text = pairs(pairs(text, "`", "code"), "**", "strong")
		if text != "" {
			b.WriteString("<p>" + text + "</p>")
		}
	}
	return template.HTML(b.String())
}

// pairs puts what stands between two marks into an element.
func pairs(s, mark, element string) string {
	parts := strings.Split(s, mark)
	if len(parts)%2 == 0 {
		return s // a mark without its other half is text
	}
	var b strings.Builder
	for i, part := range parts {
		if i%2 == 1 {
			part = "<" + element + ">" + part + "</" + element + ">"
		}
		b.WriteString(part)
	}
	return b.String()
}

// exampleText writes an example as the media type does.
func exampleText(mediaType string, value *yaml.Node) string {
	switch {
	case mediaType == "application/yaml":
		text, err := yaml.Marshal(value)
		if err != nil {
			return compact(value)
		}
		return string(text)
	case strings.HasSuffix(mediaType, "ndjson"):
		lines := make([]string, len(value.Content))
		for i, line := range value.Content {
			lines[i] = compact(line)
		}
		return strings.Join(lines, "\n")
	case strings.HasPrefix(mediaType, "text/"):
		return strings.ReplaceAll(value.Value, "\r", "")
	}
	return indented(value, "")
}

// curl returns a command that calls the operation with the first example.
func curl(o *operationView) string {
	var b strings.Builder
	b.WriteString("curl")
	if o.Method != "GET" && (o.Method != "POST" || len(o.Bodies) == 0) {
		b.WriteString(" -X " + o.Method)
	}
	b.WriteString(` "$COSTD_URL` + o.Path + `"`)
	if len(o.Roles) > 0 {
		b.WriteString(" \\\n  -H \"Authorization: APIKey $COSTD_API_KEY\"")
	}
	if len(o.Bodies) == 0 || len(o.Bodies[0].Examples) == 0 {
		return b.String()
	}
	body := o.Bodies[0]
	b.WriteString(" \\\n  -H 'Content-Type: " + body.MediaType + "'")
	if body.MediaType == "application/yaml" {
		return b.String() + " \\\n  --data-binary @catalog.yaml"
	}
	return b.String() + " \\\n  -d '" + body.Examples[0].Text + "'"
}
