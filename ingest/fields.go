package ingest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// A field reads one field of a JSON object into a T. It returns an error only if
// the input is no JSON; any other mistake it notes and goes on.
type field[T any] struct {
	name string
	kind byte // the first byte of its values: '"', '{', '0' or 't', see kindOf; 0 if it judges itself
	read func(*scanner, *T, *mistakes) error
}

// A fieldSet finds the fields of an object by name, and their place among them.
type fieldSet[T any] struct {
	fields []field[T]
	places map[string]int
	// unknown reads the value of a field that is not in the set; nil if there must
	// be none.
	unknown func(s *scanner, name string, m *mistakes) error
}

func newFieldSet[T any](fields ...field[T]) *fieldSet[T] {
	places := make(map[string]int, len(fields))
	for i, f := range fields {
		places[f.name] = i
	}
	return &fieldSet[T]{fields: fields, places: places}
}

// find returns the place of the named field. The likely one is looked at first:
// most senders write the fields in our order.
func (set *fieldSet[T]) find(name string, likely int) (place int, known bool) {
	if likely < len(set.fields) && set.fields[likely].name == name {
		return likely, true
	}
	place, known = set.places[name]
	return place, known
}

var usageFields = newFieldSet(
	textField("id", func(u *costd.Usage) *string { return &u.ID }),
	integerField("client_id", func(u *costd.Usage) *int64 { return &u.ClientID }),
	integerField("project_id", func(u *costd.Usage) *int64 { return &u.ProjectID }),
	integerField("region_id", func(u *costd.Usage) *int64 { return &u.RegionID }),
	textField("type", func(u *costd.Usage) *string { return (*string)(&u.Type) }),
	textField("resource_id", func(u *costd.Usage) *string { return &u.ResourceID }),
	textField("metric", func(u *costd.Usage) *string { return &u.Metric }),
	timeField("start", func(u *costd.Usage) *time.Time { return &u.Start }),
	timeField("end", func(u *costd.Usage) *time.Time { return &u.End }),
	decimalField("quantity", func(u *costd.Usage) **decimal.Decimal { return &u.Quantity }),
	decimalField("size", func(u *costd.Usage) **decimal.Decimal { return &u.Size }),
	decimalField("count", func(u *costd.Usage) **decimal.Decimal { return &u.Count }),
	textField("flavor", func(u *costd.Usage) *string { return &u.Flavor }),
	textField("name", func(u *costd.Usage) *string { return &u.Name }),
	field[costd.Usage]{"attributes", '{', func(s *scanner, u *costd.Usage, m *mistakes) error {
		return readObject(s, attributeSet, &u.Attributes, "attributes.", m)
	}},
	field[costd.Usage]{"tags", '{', readTags},
	field[costd.Usage]{"deleted", 't', func(s *scanner, u *costd.Usage, _ *mistakes) error {
		u.Deleted = s.peek() == 't'
		return s.skip(0)
	}},
)

// attributeFields are the fields of costd.Attributes.
var attributeFields = []struct {
	name string
	at   func(*costd.Attributes) *string
}{
	{"volume_type", func(a *costd.Attributes) *string { return &a.VolumeType }},
	{"file_share_type", func(a *costd.Attributes) *string { return &a.FileShareType }},
	{"instance_type", func(a *costd.Attributes) *string { return &a.InstanceType }},
	{"ip_address", func(a *costd.Attributes) *string { return &a.IPAddress }},
	{"attached_to_vm", func(a *costd.Attributes) *string { return &a.AttachedToVM }},
	{"port_id", func(a *costd.Attributes) *string { return &a.PortID }},
	{"network_id", func(a *costd.Attributes) *string { return &a.NetworkID }},
	{"subnet_id", func(a *costd.Attributes) *string { return &a.SubnetID }},
	{"vm_id", func(a *costd.Attributes) *string { return &a.VMID }},
	{"instance_name", func(a *costd.Attributes) *string { return &a.InstanceName }},
	{"source_volume_uuid", func(a *costd.Attributes) *string { return &a.SourceVolumeUUID }},
	{"schedule_id", func(a *costd.Attributes) *string { return &a.ScheduleID }},
	{"size_unit", func(a *costd.Attributes) *string { return &a.SizeUnit }},
}

var attributeSet = func() *fieldSet[costd.Attributes] {
	var fields []field[costd.Attributes]
	for _, f := range attributeFields {
		fields = append(fields, textField(f.name, f.at))
	}
	return newFieldSet(fields...)
}()

func textField[T any](name string, at func(*T) *string) field[T] {
	return field[T]{name, '"', func(s *scanner, into *T, _ *mistakes) (err error) {
		*at(into), err = s.text()
		return err
	}}
}

func integerField[T any](name string, at func(*T) *int64) field[T] {
	return field[T]{name, '0', func(s *scanner, into *T, m *mistakes) error {
		digits, err := s.number()
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			m.add(name, "%s is not a whole number of 64 bits", clip(digits))
		}
		*at(into) = n
		return nil
	}}
}

func timeField[T any](name string, at func(*T) *time.Time) field[T] {
	return field[T]{name, '"', func(s *scanner, into *T, m *mistakes) error {
		text, err := s.text()
		if err != nil {
			return err
		}
		t, err := parseTime(text)
		if err != nil {
			m.add(name, "%v", err)
		}
		*at(into) = t
		return nil
	}}
}

// parseTime reads RFC 3339 with any offset and at most nine decimals of a second.
func parseTime(s string) (time.Time, error) {
	decimals, ok := timeShape(s)
	if decimals > 9 {
		return time.Time{}, fmt.Errorf("%s is finer than a nanosecond; drop digits", clip(s))
	}
	var t time.Time
	if !ok || t.UnmarshalText([]byte(s)) != nil {
		return time.Time{}, fmt.Errorf("%s is not a time with its offset; write it like 2026-10-01T00:00:00Z", clip(s))
	}
	return t.UTC(), nil
}

// timeShape reports whether s is made like a time of RFC 3339, and how many
// decimals of a second it has. The time package judges the numbers, but lets other
// shapes pass and drops decimals that it cannot hold.
func timeShape(s string) (decimals int, ok bool) {
	const shape = "0000-00-00T00:00:00"
	if len(s) <= len(shape) || !hasShape(s[:len(shape)], shape) {
		return 0, false
	}
	offset := s[len(shape):]
	if offset[0] == '.' {
		end := strings.IndexAny(offset, "Z+-")
		if end < 2 || strings.Trim(offset[1:end], "0123456789") != "" {
			return 0, false
		}
		decimals, offset = end-1, offset[end:]
	}
	if offset == "Z" {
		return decimals, true
	}
	ok = (hasShape(offset, "+00:00") || hasShape(offset, "-00:00")) && offset[1:3] <= "23" && offset[4:] <= "59"
	return decimals, ok
}

// hasShape reports whether s is shape, any digit standing for each 0.
func hasShape(s, shape string) bool {
	if len(s) != len(shape) {
		return false
	}
	for i := range len(s) {
		if shape[i] == '0' && ('0' <= s[i] && s[i] <= '9') || shape[i] == s[i] {
			continue
		}
		return false
	}
	return true
}

func decimalField[T any](name string, at func(*T) **decimal.Decimal) field[T] {
	return field[T]{name, 0, func(s *scanner, into *T, m *mistakes) error {
		text, err := s.numberOrText()
		if err != nil {
			return err
		}
		d, err := decimal.Parse(text)
		if err != nil {
			m.add(name, "%s is not a number of at most %d digits", clip(text), decimal.MaxDigits)
		}
		*at(into) = &d
		return nil
	}}
}

// numberOrText reads a number, or a string that should hold one.
func (s *scanner) numberOrText() (string, error) {
	switch kindOf(s.peek()) {
	case '"':
		return s.text()
	case '0':
		return s.number()
	}
	start := s.i
	err := s.skip(0)
	return s.s[start:s.i], err
}

func readTags(s *scanner, u *costd.Usage, m *mistakes) error {
	s.i++
	for first := true; ; first = false {
		more, err := s.more(first, '}')
		if err != nil || !more {
			return err
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		if s.peek() != '"' {
			m.add("tags."+clip(key), "must be a string")
			if err := s.skip(0); err != nil {
				return err
			}
			continue
		}
		value, err := s.text()
		if err != nil {
			return err
		}
		if _, twice := u.Tags[key]; twice {
			m.add("tags."+clip(key), "stands here twice; keep one")
		}
		if u.Tags == nil {
			u.Tags = map[string]string{}
		}
		u.Tags[key] = value
	}
}

// readObject reads the fields of an object. A null counts as a field left out.
func readObject[T any](s *scanner, set *fieldSet[T], into *T, prefix string, m *mistakes) error {
	if err := s.take('{'); err != nil {
		return err
	}
	var seen uint32 // a bit for each field
	place, known := -1, false
	for first := true; ; first = false {
		more, err := s.more(first, '}')
		if err != nil || !more {
			return err
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		place, known = set.find(key, place+1)
		switch {
		case !known && set.unknown != nil:
			err = set.unknown(s, key, m)
		case !known:
			m.add(prefix+clip(key), "is not known; check its spelling")
			err = s.skip(0)
		case seen&(1<<place) != 0:
			m.add(prefix+key, "stands here twice; keep one")
			err = s.skip(0)
		default:
			seen |= 1 << place
			err = readField(s, &set.fields[place], into, prefix, m)
		}
		if err != nil {
			return err
		}
	}
}

func readField[T any](s *scanner, f *field[T], into *T, prefix string, m *mistakes) error {
	kind := kindOf(s.peek())
	switch {
	case kind == 'n':
		return s.literal("null")
	case f.kind != 0 && kind != f.kind:
		m.add(prefix+f.name, "must be %s", kindNames[f.kind])
		return s.skip(0)
	}
	return f.read(s, into, m)
}

// kindOf returns what stands for the kind of value that begins with c.
func kindOf(c byte) byte {
	switch {
	case c == '-' || '0' <= c && c <= '9':
		return '0'
	case c == 'f':
		return 't'
	}
	return c
}

var kindNames = map[byte]string{'"': "a string", '0': "a number without quotes", 't': "true or false", '{': "an object"}
