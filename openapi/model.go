package openapi

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// These types hold as much of an OpenAPI 3.1 document as the page shows.

type document struct {
	Info struct {
		Title, Version, Summary, Description string
	}
	Tags       []tag
	Paths      ordered[pathItem]
	Components struct {
		Schemas         ordered[*schema]
		Responses       map[string]response
		Headers         map[string]header
		Parameters      map[string]parameter
		Examples        map[string]example
		SecuritySchemes map[string]struct{ Description string } `yaml:"securitySchemes"`
	}
}

type tag struct{ Name, Description string }

type pathItem struct {
	Parameters             []parameter
	Get, Put, Post, Delete *operation
}

type operation struct {
	ID          string `yaml:"operationId"`
	Tags        []string
	Summary     string
	Description string
	Roles       []string `yaml:"x-roles"`
	Parameters  []parameter
	RequestBody *struct {
		Required bool
		Content  ordered[media]
	} `yaml:"requestBody"`
	Responses ordered[response]
}

type parameter struct {
	Ref         string `yaml:"$ref"`
	Name, In    string
	Required    bool
	Deprecated  bool
	Description string
	Schema      *schema
}

type response struct {
	Ref         string `yaml:"$ref"`
	Description string
	Headers     ordered[header]
	Content     ordered[media]
}

type header struct {
	Ref         string `yaml:"$ref"`
	Description string
}

type media struct {
	Schema   *schema
	Examples ordered[example]
}

type example struct {
	Ref     string `yaml:"$ref"`
	Summary string
	Value   yaml.Node
}

type schema struct {
	Ref                  string `yaml:"$ref"`
	Type                 words
	Format               string
	Description          string
	Deprecated           bool
	Const                yaml.Node
	Enum                 []string
	Default              yaml.Node
	Examples             []yaml.Node
	Pattern              string
	Minimum, Maximum     yaml.Node
	ExclusiveMinimum     yaml.Node `yaml:"exclusiveMinimum"`
	MinLength            *int      `yaml:"minLength"`
	MaxLength            *int      `yaml:"maxLength"`
	MinItems             *int      `yaml:"minItems"`
	MaxItems             *int      `yaml:"maxItems"`
	MaxProperties        *int      `yaml:"maxProperties"`
	Properties           ordered[*schema]
	Required             []string
	Items                *schema
	AdditionalProperties additional `yaml:"additionalProperties"`
	AllOf                []*schema  `yaml:"allOf"`
	AnyOf                []*schema  `yaml:"anyOf"`
	OneOf                []*schema  `yaml:"oneOf"`
}

// An ordered is a mapping whose keys keep the order in which they are written.
type ordered[T any] []entry[T]

type entry[T any] struct {
	Key   string
	Value T
}

// UnmarshalYAML reads a mapping.
func (o *ordered[T]) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: not a mapping", node.Line)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		e := entry[T]{Key: node.Content[i].Value}
		if err := node.Content[i+1].Decode(&e.Value); err != nil {
			return fmt.Errorf("%s: %w", e.Key, err)
		}
		*o = append(*o, e)
	}
	return nil
}

// get returns the value of a key, zero if there is none.
func (o ordered[T]) get(key string) (value T) {
	for _, e := range o {
		if e.Key == key {
			return e.Value
		}
	}
	return value
}

// words are one word or a list of them.
type words []string

// UnmarshalYAML reads either.
func (w *words) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*w = words{node.Value}
		return nil
	}
	return node.Decode((*[]string)(w))
}

// additional is the schema of properties that have no name of their own, or false.
type additional struct{ *schema }

// UnmarshalYAML reads either.
func (a *additional) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return nil
	}
	return node.Decode(&a.schema)
}
