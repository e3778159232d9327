package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"costd.dev/costd"
	"costd.dev/costd/internal/text"
)

// maxMistakes bounds what is looked for and what one answer lists: a file with more
// mistakes has one mistake, made by a program.
const maxMistakes = 1000

// A place is one entry of a list, or the file itself if list is "".
type place struct {
	list  string
	index int
}

// order returns where the list stands among all, those of what goes last.
func (p place) order() int {
	name, removed := strings.CutPrefix(p.list, remove+".")
	if removed {
		return len(listNames) + slices.Index(listNames, name)
	}
	return slices.Index(listNames, name)
}

type mistake struct {
	place
	field   string
	message string
}

// mistakes collects what is wrong with entries. Of several mistakes in one field
// it keeps the first, and in an entry that could not be read at all only that.
type mistakes struct {
	limit int        // of the entries of a list
	root  *yaml.Node // of the file, to tell lines; nil if there is none
	list  []mistake
	seen  map[place]map[string]bool
	more  bool // there was one mistake too many
}

// full reports whether there are so many mistakes that no more are looked for.
func (m *mistakes) full() bool { return m.more }

func (m *mistakes) add(at place, field, format string, args ...any) {
	fields := m.seen[at]
	parent, _, _ := strings.Cut(field, ".") // hardware_info of hardware_info.cpu
	if fields[field] || fields[parent] || fields[""] {
		return
	}
	if len(m.list) == maxMistakes {
		m.more = true
		return
	}
	if fields == nil {
		if m.seen == nil {
			m.seen = map[place]map[string]bool{}
		}
		fields = map[string]bool{}
		m.seen[at] = fields
	}
	fields[field] = true
	m.list = append(m.list, mistake{place: at, field: field, message: fmt.Sprintf(format, args...)})
}

// err returns all mistakes as one Invalid error, in the order of the file, or nil.
func (m *mistakes) err(entries costd.Entries) error {
	if len(m.list) == 0 {
		return nil
	}
	slices.SortStableFunc(m.list, func(a, b mistake) int {
		return cmp.Or(cmp.Compare(a.order(), b.order()),
			cmp.Compare(a.index, b.index), cmp.Compare(a.field, b.field))
	})
	var fields []costd.FieldError
	for _, mistake := range m.list {
		fields = append(fields, costd.FieldError{Field: mistake.path(entries), Message: mistake.message + m.line(mistake)})
	}
	if m.more {
		more := fmt.Sprintf("has more mistakes; these are %d, and the rest was not looked at", maxMistakes)
		fields = append(fields, costd.FieldError{Field: "catalog", Message: more})
	}
	return costd.InvalidFields(fields...)
}

// line returns " (line 12)" for a mistake of a YAML file; "" for JSON, which
// programs write, and for entries of no file.
func (m *mistakes) line(at mistake) string {
	node := m.root
	for _, step := range []string{at.list, at.field} {
		if node = child(node, step); step == at.list && node != nil && step != "" {
			if node.Kind != yaml.SequenceNode || at.index >= len(node.Content) {
				return ""
			}
			node = node.Content[at.index]
		}
	}
	if node == nil || node.Line == 0 {
		return ""
	}
	return fmt.Sprintf(" (line %d)", node.Line)
}

// child returns the value of the field of a mapping, also of one in it ("a.b"); the
// mapping itself if there is no such field.
func child(node *yaml.Node, path string) *yaml.Node {
	name, rest, nested := strings.Cut(path, ".")
	if node == nil || node.Kind != yaml.MappingNode {
		return node
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name && nested {
			return child(node.Content[i+1], rest)
		} else if node.Content[i].Value == name {
			return node.Content[i+1]
		}
	}
	return node
}

// path returns "commitments[0] (acme-h100).dimension".
func (m mistake) path(entries costd.Entries) string {
	if m.list == "" {
		return m.field
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s[%d]", m.list, m.index)
	if label := m.label(entries); label != "" && len(label) <= 64 && text.Check(label, 64) == nil {
		fmt.Fprintf(&b, " (%s)", label)
	}
	if m.field != "" {
		b.WriteString("." + m.field)
	}
	return b.String()
}

// label returns what people know the entry by, as far as it could be read.
func (p place) label(entries costd.Entries) string {
	switch p.list {
	case clients:
		return idLabel(entries.Clients[p.index].ID)
	case regions:
		return idLabel(entries.Regions[p.index].ID)
	case projects:
		return idLabel(entries.Projects[p.index].ID)
	case prices:
		return entries.Prices[p.index].Metric
	case commitments:
		return entries.Commitments[p.index].ID
	}
	return ""
}

func idLabel(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
