package openapitest

import (
	"bytes"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"costd.dev/costd/openapi"
)

// Schemas are compiled once for each place of the document: most of the time that
// a check takes would go into that.

var compiler = sync.OnceValues(func() (*schemas, error) {
	var document any
	if err := yaml.Unmarshal(openapi.Document, &document); err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("openapi.json", plain(document)); err != nil {
		return nil, err
	}
	return &schemas{compiler: c, compiled: map[string]*jsonschema.Schema{}}, nil
})

type schemas struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

// at returns the schema at a pointer into the document.
func (s *schemas) at(pointer string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if schema := s.compiled[pointer]; schema != nil {
		return schema, nil
	}
	schema, err := s.compiler.Compile("openapi.json#" + (&url.URL{Fragment: pointer}).EscapedFragment())
	s.compiled[pointer] = schema
	return schema, err
}

// checkBody checks a body of the media type against the content at the pointer.
func checkBody(content, contentType string, body []byte) error {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("the media type %q: %w", contentType, err)
	}
	value, err := parse(mediaType, body)
	if err != nil {
		return fmt.Errorf("the body is not %s: %w", mediaType, err)
	}
	s, err := compiler()
	if err != nil {
		return err
	}
	schema, err := s.at(content + "/" + token(mediaType) + "/schema")
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// parse reads a body as its media type says. Texts are read as they are.
func parse(mediaType string, body []byte) (any, error) {
	switch mediaType {
	case "application/json", "application/cloudevents+json", "application/cloudevents-batch+json":
		return jsonschema.UnmarshalJSON(bytes.NewReader(body))
	case "application/x-ndjson":
		lines := []any{}
		for line := range bytes.Lines(body) {
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
			if err != nil {
				return nil, err
			}
			lines = append(lines, value)
		}
		return lines, nil
	case "application/yaml":
		var value any
		err := yaml.Unmarshal(body, &value)
		return plain(value), err
	}
	return string(body), nil
}

// plain returns a value of YAML as JSON knows it: times are texts there.
func plain(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = plain(item)
		}
	case []any:
		for i, item := range v {
			v[i] = plain(item)
		}
	case interface{ Format(string) string }:
		return v.Format("2006-01-02")
	}
	return value
}

// token writes a name as a part of a JSON pointer.
func token(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
