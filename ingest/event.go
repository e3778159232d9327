package ingest

import (
	"encoding/base64"
	"maps"
	"mime"
	"slices"
	"strings"

	"costd.dev/costd"
)

// An event is a CloudEvent (specification 1.0) with a usage record as its data.
// What costd needs of the envelope is the identity: source and id together name
// the event, and so the record.
type event struct {
	specVersion, id, source, kind string
	contentType                   string // of the data; "" means JSON
	usage                         *costd.Usage
	hasData                       bool
}

// eventFields are the attributes that the specification knows, and the data.
// Attributes it does not know are extensions, which need no announcement.
var eventFields = func() *fieldSet[event] {
	ignored := func(*event) *string { return new(string) }
	set := newFieldSet(
		textField("specversion", func(e *event) *string { return &e.specVersion }),
		textField("id", func(e *event) *string { return &e.id }),
		textField("source", func(e *event) *string { return &e.source }),
		textField("type", func(e *event) *string { return &e.kind }),
		textField("datacontenttype", func(e *event) *string { return &e.contentType }),
		textField("dataschema", ignored),
		textField("subject", ignored),
		textField("time", ignored),
		field[event]{"data", '{', func(s *scanner, e *event, m *mistakes) error {
			e.found(m)
			return readObject(s, usageFields, e.usage, "", m)
		}},
		field[event]{"data_base64", '"', readEncodedData},
	)
	set.unknown = readExtension
	return set
}()

// found notes that the event has data, once.
func (e *event) found(m *mistakes) {
	if e.hasData {
		m.add("event.data", "stands here twice, as data and as data_base64; keep one")
	}
	e.hasData = true
}

// readEncodedData reads data from base64, in which some libraries put JSON too.
func readEncodedData(s *scanner, e *event, m *mistakes) error {
	encoded, err := s.text()
	if err != nil {
		return err
	}
	e.found(m)
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		m.add("event.data_base64", "is not base64; put the record into data")
		return nil
	}
	inner := &scanner{s: string(data)}
	if err = readObject(inner, usageFields, e.usage, "", m); err == nil {
		err = inner.end()
	}
	if err != nil {
		m.add("event.data_base64", "does not hold a JSON object: %v", err)
	}
	return nil
}

// readExtension skips an attribute that the specification does not know.
func readExtension(s *scanner, name string, m *mistakes) error {
	m.extension(name)
	switch s.peek() {
	case '{', '[':
		m.add("event."+clip(name), "must be a string, a number, true or false")
	}
	return s.skip(0)
}

// extension judges the name of an attribute.
func (m *mistakes) extension(name string) {
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		m.add("event."+clip(name), "is no name of an attribute; it has only lower-case letters and digits")
	}
}

// event reads a record from an event in JSON.
func (d *decoder) event(text string, u *costd.Usage) error {
	return d.read(text, func() error {
		e := event{usage: u}
		err := readObject(&d.s, eventFields, &e, "event.", &d.m)
		e.name(&d.m)
		return err
	})
}

// name judges the envelope and gives the record its id. A source is a URI
// reference and so has no space: cut at the first one, the id gives both back.
func (e *event) name(m *mistakes) {
	switch e.specVersion {
	case "1.0":
	case "":
		m.add("event.specversion", "is required")
	default:
		m.add("event.specversion", "is %s; only 1.0 is understood", clip(e.specVersion))
	}
	for _, a := range []struct{ name, value string }{{"id", e.id}, {"source", e.source}, {"type", e.kind}} {
		if a.value == "" {
			m.add("event."+a.name, "is required")
		}
	}
	if strings.Contains(e.source, " ") {
		m.add("event.source", "must be a URI reference; it has no spaces")
	}
	if !isJSON(e.contentType) {
		m.add("event.datacontenttype", "is %s; the data must be JSON", clip(e.contentType))
	}
	if !e.hasData {
		m.add("event.data", "is required; it is the usage record")
	}
	if e.usage.ID != "" {
		m.add("id", "is not for the data of an event, whose source and id name the record; leave it out")
	}
	e.usage.ID = ""
	if e.source != "" && e.id != "" {
		e.usage.ID = e.source + " " + e.id
	}
	if n := len(e.usage.ID); n > maxID {
		m.add("event.id", "has, with source and a space, %d bytes; at most %d are kept", n, maxID)
	}
}

// isJSON reports whether a media type is that of a JSON document.
func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && (strings.HasSuffix(mediaType, "/json") || strings.HasSuffix(mediaType, "+json"))
}

// binary returns the grammar of a body that is the data of an event, of which the
// attributes were given apart.
func binary(attributes map[string]string) grammar {
	return grammar{cutObject, func(d *decoder, text string, u *costd.Usage) error {
		return d.read(text, func() error {
			e := event{usage: u, hasData: true}
			err := readObject(&d.s, usageFields, u, "", &d.m)
			for _, name := range slices.Sorted(maps.Keys(attributes)) {
				e.set(name, attributes[name], &d.m)
			}
			e.name(&d.m)
			return err
		})
	}}
}

// set sets an attribute from a text.
func (e *event) set(name, value string, m *mistakes) {
	switch name {
	case "specversion":
		e.specVersion = value
	case "id":
		e.id = value
	case "source":
		e.source = value
	case "type":
		e.kind = value
	case "datacontenttype":
		e.contentType = value
	default:
		m.extension(name)
	}
}
