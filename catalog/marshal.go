package catalog

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"

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

// chunkEntries is how many entries are made into YAML at a time: enough that the rest
// of the work does not count, and little enough that memory does not matter.
const chunkEntries = 200

// Marshal returns entries as a catalog file that Parse reads back to the same.
func Marshal(entries costd.Entries, format Format) ([]byte, error) {
	var b bytes.Buffer
	err := Write(&b, entries, format)
	return b.Bytes(), err
}

// Write writes entries as a catalog file that Parse reads back to the same, YAML bit by
// bit: a tree of a large catalog takes gigabytes. An error of w is returned as it is,
// under Internal.
func Write(w io.Writer, entries costd.Entries, format Format) (err error) {
	defer costd.Wrap(&err, "catalog.Write")
	if format == JSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(entries)
	}
	written := 0
	for _, write := range []func(int) (int, error){
		func(n int) (int, error) { return writeList(w, n, clients, entries.Clients) },
		func(n int) (int, error) { return writeList(w, n, regions, entries.Regions) },
		func(n int) (int, error) { return writeList(w, n, projects, entries.Projects) },
		func(n int) (int, error) { return writeList(w, n, prices, entries.Prices) },
		func(n int) (int, error) { return writeList(w, n, commitments, entries.Commitments) },
	} {
		if written, err = write(written); err != nil {
			return err
		}
	}
	if written == 0 {
		_, err = io.WriteString(w, "{}\n")
	}
	return err
}

// writeList writes a list of a YAML file, and returns n and the number of its entries.
func writeList[T any](w io.Writer, n int, name string, list []T) (int, error) {
	begin, first := []byte(name+":\n"), true
	for chunk := range slices.Chunk(list, chunkEntries) {
		text, err := yamlOf(map[string][]T{name: chunk})
		if err != nil {
			return n, err
		}
		if !first {
			text = bytes.TrimPrefix(text, begin)
		}
		if _, err := w.Write(text); err != nil {
			return n, err
		}
		first = false
	}
	return n + len(list), nil
}

func yamlOf(v any) ([]byte, error) {
	var tree yaml.Node
	if err := tree.Encode(v); err != nil {
		return nil, err
	}
	quoteValues(&tree)
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&tree); err != nil {
		return nil, err
	}
	err := enc.Close()
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
