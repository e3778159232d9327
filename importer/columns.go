package importer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"costd.dev/costd"
)

// A kind says how the text of a column is written as JSON.
type kind uint8

const (
	text    kind = iota
	integer      // of any size
	number       // of any size and precision: its digits are passed on
	flag
	object // a JSON object of texts
)

// usageColumns are the columns that stand at the top of a usage record, and
// attributeColumns those that stand under its attributes.
var (
	usageColumns = map[string]kind{
		"id": text, "client_id": integer, "project_id": integer, "region_id": integer, "type": text,
		"resource_id": text, "metric": text, "start": text, "end": text,
		"quantity": number, "size": number, "count": number,
		"flavor": text, "name": text, "deleted": flag, "attributes": object, "tags": object,
	}
	attributeColumns = []string{
		"volume_type", "file_share_type", "instance_type", "ip_address", "attached_to_vm", "port_id", "network_id",
		"subnet_id", "vm_id", "instance_name", "source_volume_uuid", "schedule_id", "size_unit",
	}
	// requiredColumns are what every record must state; a deletion does not need
	// all of them.
	requiredColumns = []string{"client_id", "project_id", "region_id", "type", "resource_id", "metric", "start", "end"}
	requiredAlways  = []string{"client_id", "start"}
)

// attributePrefix may stand before the name of an attribute's column.
const attributePrefix = "attributes."

// tagColumn begins the name of a column that holds the values of one tag.
const tagColumn = "tags."

// An encoder writes rows of texts under a header as usage records.
type encoder struct {
	width                 int   // number of columns
	id                    int   // index of the id column, -1 if there is none
	named                 []int // indexes of the columns that a record without id is known by
	top, attributes, tags []member
}

// A member is one column as a member of a JSON object.
type member struct {
	index int    // of the column
	name  string // for messages
	key   string // `"name":`
	kind  kind
}

// newEncoder returns the encoder for a header, or an error that names every
// column it cannot place and what the known ones are.
func newEncoder(header []string) (*encoder, error) {
	e := &encoder{width: len(header), id: slices.Index(header, "id")}
	seen := make(map[string]bool, len(header))
	var unknown []string
	for i, name := range header {
		name = shortName(name)
		if seen[name] {
			return nil, costd.Errorf(costd.Invalid, "column %q stands twice; name it once", name)
		}
		seen[name] = true
		if name == "resource_id" || name == "metric" {
			e.named = append(e.named, i)
		}
		if !e.place(i, name) {
			unknown = append(unknown, strconv.Quote(name))
		}
	}
	if len(unknown) > 0 {
		return nil, costd.Errorf(costd.Invalid, "unknown column %s; usage has the columns %s, and tags.KEY for a tag; use --query to read another table",
			strings.Join(unknown, ", "), strings.Join(Columns(), ", "))
	}
	if err := e.conflict(seen); err != nil {
		return nil, err
	}
	return e, missing(seen)
}

// shortName returns the name of a column of one attribute, which may be written as it is
// in a record, attributes.volume_type, and that of any other column as it is.
func shortName(name string) string {
	if short, ok := strings.CutPrefix(name, attributePrefix); ok && slices.Contains(attributeColumns, short) {
		return short
	}
	return name
}

// place adds the column to the object it belongs to, and returns false if the
// name is unknown.
func (e *encoder) place(i int, name string) bool {
	m := member{index: i, name: name, key: string(appendText(nil, name)) + ":"}
	if k, ok := usageColumns[name]; ok {
		m.kind = k
		e.top = append(e.top, m)
		return true
	}
	if slices.Contains(attributeColumns, name) {
		e.attributes = append(e.attributes, m)
		return true
	}
	key, ok := strings.CutPrefix(name, tagColumn)
	if !ok || key == "" {
		return false
	}
	m.key = string(appendText(nil, key)) + ":"
	e.tags = append(e.tags, m)
	return true
}

// conflict returns an error if an object is given both whole and by columns.
func (e *encoder) conflict(seen map[string]bool) error {
	if seen["tags"] && len(e.tags) > 0 {
		return costd.Errorf(costd.Invalid, "both column \"tags\" and column %q; use one form", e.tags[0].name)
	}
	if seen["attributes"] && len(e.attributes) > 0 {
		return costd.Errorf(costd.Invalid, "both column \"attributes\" and column %q; use one form", e.attributes[0].name)
	}
	return nil
}

func missing(seen map[string]bool) error {
	required := requiredColumns
	if seen["deleted"] {
		required = requiredAlways
	}
	var names []string
	for _, name := range required {
		if !seen[name] {
			names = append(names, strconv.Quote(name))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return costd.Errorf(costd.Invalid, "missing column %s; add it, or use --query to compute it", strings.Join(names, ", "))
}

// Columns returns the names of the columns of a file of usage, those of attributes last.
// Columns of single tags, which begin with "tags.", are not among them.
func Columns() []string {
	return append(slices.Sorted(maps.Keys(usageColumns)), attributeColumns...)
}

// row returns the fields as a Row whose JSON is appended to dst.
func (e *encoder) row(dst []byte, fields []string) Row {
	json, err := e.append(dst, fields)
	row := Row{JSON: json, Err: err}
	if err == nil {
		row.Key = e.key(fields)
	}
	if e.id >= 0 && e.id < len(fields) {
		row.ID = fields[e.id]
	}
	return row
}

// keySeed makes the keys of rows.
var keySeed = maphash.MakeSeed()

// key returns a hash of what is the same in all records of one identity: the id, or
// without one the resource and the metric.
func (e *encoder) key(fields []string) uint64 {
	if e.id >= 0 && fields[e.id] != "" {
		return maphash.String(keySeed, fields[e.id])
	}
	key := uint64(0)
	for _, i := range e.named {
		key = 31*key + maphash.String(keySeed, fields[i])
	}
	return key
}

// append writes the fields to dst as a JSON object on one line. Empty texts are
// absent from it.
func (e *encoder) append(dst []byte, fields []string) ([]byte, error) {
	if len(fields) != e.width {
		return dst, fmt.Errorf("%d fields, but %d columns in the header; quote fields that hold commas or line breaks", len(fields), e.width)
	}
	dst = append(dst, '{')
	dst, err := appendMembers(dst, e.top, fields)
	if err != nil {
		return dst, err
	}
	if dst, err = appendGroup(dst, `"attributes":{`, e.attributes, fields); err != nil {
		return dst, err
	}
	if dst, err = appendGroup(dst, `"tags":{`, e.tags, fields); err != nil {
		return dst, err
	}
	return append(bytes.TrimSuffix(dst, []byte{','}), '}'), nil
}

// appendGroup writes the members as an object of its own, if any is present.
func appendGroup(dst []byte, open string, members []member, fields []string) ([]byte, error) {
	if len(members) == 0 {
		return dst, nil
	}
	before := len(dst)
	dst = append(dst, open...)
	empty := len(dst)
	dst, err := appendMembers(dst, members, fields)
	if err != nil || len(dst) == empty {
		return dst[:before], err
	}
	dst[len(dst)-1] = '}'
	return append(dst, ','), nil
}

// appendMembers writes each member that is present, followed by a comma.
func appendMembers(dst []byte, members []member, fields []string) ([]byte, error) {
	var err error
	for _, m := range members {
		value := fields[m.index]
		if value == "" {
			continue
		}
		dst = append(dst, m.key...)
		if dst, err = m.append(dst, value); err != nil {
			return dst, fmt.Errorf("%s: %w", m.name, err)
		}
		dst = append(dst, ',')
	}
	return dst, nil
}

func (m member) append(dst []byte, value string) ([]byte, error) {
	if !utf8.ValidString(value) {
		return dst, fmt.Errorf("%q is not UTF-8; convert the file", value)
	}
	switch {
	case m.kind == object:
		return appendObject(dst, value)
	case m.kind == flag:
		return appendFlag(dst, value)
	case m.kind == text:
		return appendText(dst, value), nil
	case isJSONNumber(value):
		return append(dst, value...), nil
	case m.kind == number: // a server reads "007" and ".5" too
		return appendText(dst, value), nil
	}
	return dst, fmt.Errorf("%.64q is not a whole number; write digits only, without leading zeros", value)
}

func appendFlag(dst []byte, value string) ([]byte, error) {
	switch value = strings.ToLower(value); value {
	case "true", "false":
		return append(dst, value...), nil
	}
	return dst, fmt.Errorf("%.64q is neither true nor false", value)
}

// appendText writes s as a JSON string. S must be UTF-8.
func appendText(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // cannot fail for a string
			return append(dst, quoted...)
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}

// appendObject writes a JSON object of texts; numbers and booleans become texts,
// nulls are left out.
func appendObject(dst []byte, value string) ([]byte, error) {
	if isPlainObject(value) {
		return append(dst, value...), nil
	}
	var members map[string]any
	d := json.NewDecoder(strings.NewReader(value))
	d.UseNumber()
	if err := d.Decode(&members); err != nil || d.InputOffset() < int64(len(strings.TrimRight(value, " \t\r\n"))) {
		return dst, fmt.Errorf("%.64q is not a JSON object; write it like {\"key\":\"value\"}", value)
	}
	dst = append(dst, '{')
	for _, key := range slices.Sorted(maps.Keys(members)) {
		var s string
		switch v := members[key].(type) {
		case nil:
			continue
		case string:
			s = v
		case json.Number, bool:
			s = fmt.Sprint(v)
		default:
			return dst, fmt.Errorf("the value of %q is not a text; write it like {\"key\":\"value\"}", key)
		}
		dst = append(appendText(append(appendText(dst, key), ':'), s), ',')
	}
	return append(bytes.TrimSuffix(dst, []byte{','}), '}'), nil
}

// isPlainObject reports whether s is a JSON object of texts, written without spaces
// and escapes, with keys that ascend. Most are.
func isPlainObject(s string) bool {
	previous, first := "", true
	rest, ok := strings.CutPrefix(s, "{")
	for ok {
		var key string
		if key, rest, ok = cutPlainText(rest); !ok || !first && key <= previous {
			return false
		}
		previous, first = key, false
		if rest, ok = strings.CutPrefix(rest, ":"); !ok {
			return false
		}
		if _, rest, ok = cutPlainText(rest); !ok {
			return false
		}
		if rest == "}" {
			return true
		}
		rest, ok = strings.CutPrefix(rest, ",")
	}
	return false
}

// cutPlainText cuts a JSON string without escapes off the beginning of s.
func cutPlainText(s string) (text, rest string, ok bool) {
	if s, ok = strings.CutPrefix(s, `"`); !ok {
		return "", s, false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"':
			return s[:i], s[i+1:], true
		case c == '\\' || c < ' ':
			return "", s, false
		}
	}
	return "", s, false
}

// isJSONNumber reports whether s is a number as JSON spells it, and nothing
// around it. "007", "+1" and ".5" are not.
func isJSONNumber(s string) bool {
	first, last := s[0], s[len(s)-1]
	return (first == '-' || isDigit(first)) && isDigit(last) && json.Valid([]byte(s))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
