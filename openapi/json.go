package openapi

import (
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"
)

// lineWidth is how long a line of an example may be before it is broken up.
const lineWidth = 72

// indented writes a value as JSON, its keys in their order, what is short on one
// line.
func indented(n *yaml.Node, indent string) string {
	if line := compact(n); len(line)+len(indent) <= lineWidth || n.Kind == yaml.ScalarNode {
		return line
	}
	inner := indent + "  "
	opening, closing, step := "{", "}", 2
	if n.Kind == yaml.SequenceNode {
		opening, closing, step = "[", "]", 1
	}
	var parts []string
	for i := 0; i+step <= len(n.Content); i += step {
		value := indented(n.Content[i+step-1], inner)
		if step == 2 {
			value = quote(n.Content[i].Value) + ": " + value
		}
		parts = append(parts, inner+value)
	}
	return opening + "\n" + strings.Join(parts, ",\n") + "\n" + indent + closing
}

// compact writes a value as JSON on one line.
func compact(n *yaml.Node) string {
	var parts []string
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			parts = append(parts, quote(n.Content[i].Value)+": "+compact(n.Content[i+1]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case yaml.SequenceNode:
		for _, item := range n.Content {
			parts = append(parts, compact(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	if n.ShortTag() == "!!str" {
		return quote(n.Value)
	}
	return n.Value // numbers, booleans and null are written alike
}

func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string in memory can always be written
	return strings.TrimSuffix(b.String(), "\n")
}
