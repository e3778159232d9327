package catalog

import (
	"bytes"
	"encoding/json"

	"go.yaml.in/yaml/v3"

	"costd"
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
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(entries); err != nil {
		return nil, err
	}
	err = enc.Close()
	return b.Bytes(), err
}
