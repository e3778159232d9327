package gcore

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"costd.dev/costd/decimal"
)

// This file writes JSON. Reports are asked for often and can be long, so rows are
// appended to a buffer key by key instead of going through reflection; numbers are
// appended from their digits.

// appendKey begins a member of the object that b ends in.
func appendKey(b []byte, key string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, key...)
	return append(b, `":`...)
}

func appendInt(b []byte, key string, n int64) []byte {
	return strconv.AppendInt(appendKey(b, key), n, 10)
}

func appendText(b []byte, key, s string) []byte {
	return appendString(appendKey(b, key), s)
}

// appendTextOrNull writes null for "".
func appendTextOrNull(b []byte, key, s string) []byte {
	if s == "" {
		return append(appendKey(b, key), "null"...)
	}
	return appendText(b, key, s)
}

func appendBool(b []byte, key string, v bool) []byte {
	return strconv.AppendBool(appendKey(b, key), v)
}

func appendNull(b []byte, key string) []byte { return append(appendKey(b, key), "null"...) }

// appendTime writes a UTC time as "2024-07-01T00:00:30Z", with a fraction only if
// there is one.
func appendTime(b []byte, key string, t time.Time) []byte {
	b = append(appendKey(b, key), '"')
	b = t.UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// rounded returns q in plain notation with at most the given decimals, rounded
// half to even.
func rounded(q decimal.Rational, places int) (string, error) {
	d, err := q.RoundHalfEven(places)
	if err != nil {
		return "", overflow(err)
	}
	return d.String(), nil
}

const hexDigits = "0123456789abcdef"

// appendString writes s as a JSON string. What is not UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c == 0x7f:
			b = append(b, `\u00`...)
			b = append(b, hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
		i++
	}
	return append(b, '"')
}

// A member is one key of an object that was read, with its value.
type member struct {
	key   string
	value any
}

// An object is a JSON object as it was written: members in order, keys not
// necessarily unique.
type object []member

// maxDepth is how deep a JSON body may nest. The deepest the contract needs is 4.
const maxDepth = 16

// parseJSON reads exactly one JSON value: nil, bool, json.Number, string, []any or
// object. Unlike encoding/json alone it keeps duplicate keys, so that they can be
// refused, and takes only UTF-8. The messages are for callers.
func parseJSON(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, errNotUTF8
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := parseValue(d, maxDepth)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errTrailing
	}
	return v, nil
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, errNotJSON
	}
	delim, ok := token.(json.Delim)
	switch {
	case !ok:
		return token, nil
	case depth == 0:
		return nil, errTooDeep
	case delim == '{':
		return parseObject(d, depth-1)
	}
	return parseList(d, depth-1)
}

func parseObject(d *json.Decoder, depth int) (object, error) {
	o := object{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, errNotJSON
		}
		name, ok := key.(string)
		if !ok {
			return nil, errNotJSON
		}
		v, err := parseValue(d, depth)
		if err != nil {
			return nil, err
		}
		o = append(o, member{name, v})
	}
	_, err := d.Token() // the closing brace
	if err != nil {
		return nil, errNotJSON
	}
	return o, nil
}

func parseList(d *json.Decoder, depth int) ([]any, error) {
	list := []any{}
	for d.More() {
		v, err := parseValue(d, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token() // the closing bracket
	if err != nil {
		return nil, errNotJSON
	}
	return list, nil
}
