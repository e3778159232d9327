package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// MaxFileSize is the size of a catalog file in bytes. A price takes about 250, so
// this is room for some 60,000 of them, and bounds the memory of reading.
const MaxFileSize = 16 << 20

// maxValues bounds the values of a file: the keys and values of its mappings and the
// elements of its lists. A price has some 20, so that this is room for every sensible
// file of MaxFileSize; a value takes 200 bytes of memory while the file is read, and
// without a bound two bytes of the file would be enough for one.
const maxValues = 2_000_000

// MaxEntries bounds the entries of one list of a file. It is more than a file of
// MaxFileSize has room for if its entries are as long as they usually are.
const MaxEntries = 100_000

// checkSize refuses files that would take too much memory, before anything is made of
// them. White space counts: a caller that reads one byte more than MaxFileSize has the
// beginning of a larger file, and that must not pass because it happens to end in a space.
func checkSize(data []byte) error {
	if len(data) > MaxFileSize {
		return costd.Errorf(costd.TooLarge, "the catalog is larger than %d bytes; apply it in several files", MaxFileSize)
	}
	if data = bytes.TrimSpace(data); len(data) > 0 && countValues(data) > maxValues {
		return costd.Errorf(costd.TooLarge, "the catalog has more than %d values; apply it in several files", maxValues)
	}
	return nil
}

// parseTree returns the one document of a YAML or JSON file. JSON is told apart
// because YAML reads some of its escapes differently.
func parseTree(data []byte) (*yaml.Node, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\uFEFF")))
	switch {
	case len(data) == 0:
		return nil, costd.Errorf(costd.Invalid, "the catalog is empty; it needs at least one of %s", strings.Join(listNames, ", "))
	case !utf8.Valid(data):
		return nil, costd.Errorf(costd.Invalid, "the catalog is not valid UTF-8")
	case data[0] == '{' && json.Valid(data):
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		return jsonTree(dec)
	}
	return yamlTree(data)
}

// countValues returns a number that the values of a YAML or JSON file do not exceed by
// much: how many characters the file has that may end or begin one. It is counted
// before anything is made of them.
func countValues(data []byte) (n int) {
	for i, c := range data {
		switch c {
		case ',', '[', '{', '\n':
			n++
		case ':', '-', '?': // in YAML only before a space; JSON may leave it out after a colon
			if next := data[min(i+1, len(data)-1)]; c == ':' && data[0] == '{' || next == ' ' || next == '\t' || next == '\n' {
				n++
			}
		}
	}
	return n
}

func yamlTree(data []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	if err := dec.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, costd.Errorf(costd.Invalid, "the catalog is neither YAML nor JSON: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, costd.Errorf(costd.Invalid, "the catalog has several YAML documents; apply them one by one")
	}
	if len(document.Content) != 1 {
		return nil, costd.Errorf(costd.Invalid, "the catalog is empty; it needs at least one of %s", strings.Join(listNames, ", "))
	}
	return document.Content[0], nil
}

// jsonTree reads one valid JSON value into the form of YAML.
func jsonTree(dec *json.Decoder) (*yaml.Node, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("valid JSON: %w", err)
	}
	switch v := token.(type) {
	case json.Delim:
		node := &yaml.Node{Kind: yaml.SequenceNode}
		if v == '{' {
			node.Kind = yaml.MappingNode
		}
		for dec.More() {
			child, err := jsonTree(dec)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, child)
		}
		_, err := dec.Token() // the closing one
		return node, err
	case string:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v}, nil
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: v.String()}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v)}, nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
}

// An object is one mapping of a catalog file, from which fields are read one by
// one. What cannot be read is noted as a mistake and read as zero.
type object struct {
	place  place
	prefix string // of its fields, for mappings within entries
	fields map[string]*yaml.Node
	names  []string        // of the fields, in the order of the file
	known  map[string]bool // the fields that were asked for
	m      *mistakes
}

func newObject(node *yaml.Node, at place, prefix string, m *mistakes) *object {
	o := &object{place: at, prefix: prefix, fields: map[string]*yaml.Node{}, known: map[string]bool{}, m: m}
	if node.Kind != yaml.MappingNode {
		m.add(at, strings.TrimSuffix(prefix, "."), "must be a mapping of fields")
		return o
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i].Value
		if _, twice := o.fields[key]; twice {
			o.mistake(key, "stands here twice; keep one")
		} else {
			o.names = append(o.names, key)
		}
		o.fields[key] = node.Content[i+1]
	}
	return o
}

func (o *object) mistake(field, format string, args ...any) {
	o.m.add(o.place, o.prefix+field, format, args...)
}

// get returns the field, and false if it is absent or null.
func (o *object) get(field string) (*yaml.Node, bool) {
	o.known[field] = true
	node, ok := o.fields[field]
	if !ok || node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" {
		return nil, false
	}
	return node, true
}

// require notes every one of the fields that is absent.
func (o *object) require(fields ...string) {
	for _, field := range fields {
		if _, ok := o.get(field); !ok {
			o.mistake(field, "is required")
		}
	}
}

// done notes every field that nobody asked for.
func (o *object) done() {
	for _, field := range o.names {
		if !o.known[field] {
			o.mistake(field, "is not known here; %s", orMeant(field, slices.Collect(maps.Keys(o.known)), "check its spelling"))
		}
	}
}

// text returns the field as it is written, whatever YAML would take it for.
func (o *object) text(field string) string {
	node, ok := o.get(field)
	if !ok {
		return ""
	}
	switch {
	case node.Kind == yaml.AliasNode:
		o.mistake(field, "is an alias; write the value out")
	case node.Kind != yaml.ScalarNode:
		o.mistake(field, "must be a single value")
	case !plainTags[node.ShortTag()]:
		o.mistake(field, "has the tag %s; leave it out", node.ShortTag())
	default:
		return node.Value
	}
	return ""
}

var plainTags = map[string]bool{"!!str": true, "!!int": true, "!!float": true, "!!bool": true, "!!timestamp": true}

// parse reads the field by the given function, and reads zero if it is absent.
func parse[T any](o *object, field string, f func(string) (T, error)) (value T) {
	if _, ok := o.get(field); !ok {
		return value
	}
	text := o.text(field)
	if text == "" {
		o.mistake(field, "is empty") // unless text has said what is wrong
		return value
	}
	value, err := f(text)
	if err != nil {
		o.mistake(field, "%v", err)
	}
	return value
}

// parseOptional is parse for fields that may be absent.
func parseOptional[T any](o *object, field string, f func(string) (T, error)) *T {
	if _, ok := o.get(field); !ok {
		return nil
	}
	value := parse(o, field, f)
	return &value
}

func (o *object) integer(field string) int64           { return parse(o, field, parseInteger) }
func (o *object) day(field string) costd.Day           { return parse(o, field, costd.ParseDay) }
func (o *object) optionalDay(field string) *costd.Day  { return parseOptional(o, field, costd.ParseDay) }
func (o *object) decimal(field string) decimal.Decimal { return parse(o, field, decimal.Parse) }
func (o *object) optionalDecimal(field string) *decimal.Decimal {
	return parseOptional(o, field, decimal.Parse)
}

// decimalOr is decimal with a default.
func (o *object) decimalOr(field string, byDefault decimal.Decimal) decimal.Decimal {
	if _, ok := o.get(field); !ok {
		return byDefault
	}
	return o.decimal(field)
}

// textOr is text with a default.
func (o *object) textOr(field, byDefault string) string {
	if _, ok := o.get(field); !ok {
		return byDefault
	}
	return o.text(field)
}

// flag returns a field that is true or false.
func (o *object) flag(field string, byDefault bool) bool {
	node, ok := o.get(field)
	if !ok {
		return byDefault
	}
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!bool" {
		o.mistake(field, "must be true or false")
		return byDefault
	}
	return strings.EqualFold(node.Value, "true")
}

// parseInteger reads digits as everybody does: YAML would read 010 as eight.
func parseInteger(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%.32q is not a whole number", s)
	}
	return n, nil
}
