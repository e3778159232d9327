package catalog

import (
	"bytes"
	"encoding/json"

	"go.yaml.in/yaml/v3"

	"costd.dev/costd"
)

// A Format is a way to write a catalog.
type Format string

// The formats.
const (
	YAML Format = "yaml"
	JSON Format = "json"
)

// Marshal writes entries as a catalog file that Parse reads back to the same.
func Marshal(entries costd.Entries, format Format) (_ []byte, err error) {
	defer costd.Wrap(&err, "catalog.Marshal")
	var b bytes.Buffer
	if format == JSON {
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err := enc.Encode(entries)
		return b.Bytes(), err
	}
	var tree yaml.Node
	if err := tree.Encode(entries); err != nil {
		return nil, err
	}
	quoteValues(&tree)
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&tree); err != nil {
		return nil, err
	}
	err = enc.Close()
	return b.Bytes(), err
}

// quoteValues puts quotes around the text "=", which readers of YAML 1.1 take for
// something else, and refuse.
func quoteValues(node *yaml.Node) {
	if node.Kind == yaml.ScalarNode && node.Value == "=" {
		node.Style = yaml.DoubleQuotedStyle
	}
	for _, child := range node.Content {
		quoteValues(child)
	}
}
