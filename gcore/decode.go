package gcore

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"costd.dev/costd"
)

// Limits on what a body may ask for, beside the size of the body itself.
const (
	// maxList bounds the lists of regions, projects and values: more than any
	// client has, few enough to compare with.
	maxList = 10_000
	// maxMistakes bounds what an answer says about a body that is all wrong.
	maxMistakes = 100
	// maxShown bounds what an answer repeats of the caller's own text.
	maxShown = 64
)

// What can be wrong with a body before its fields are looked at.
var (
	errNotUTF8  = errors.New("is not UTF-8")
	errNotJSON  = errors.New("is not valid JSON")
	errTrailing = errors.New("has something after the JSON object")
	errTooDeep  = errors.New("is nested too deeply")
)

// A decoder turns a parsed body into Go values and collects every mistake on the
// way, so that a caller hears of all of them at once. Its methods return zero
// values for what is wrong.
type decoder struct{ mistakes []costd.FieldError }

func (d *decoder) fail(path, format string, args ...any) {
	if len(d.mistakes) < maxMistakes {
		d.mistakes = append(d.mistakes, costd.FieldError{Field: path, Message: fmt.Sprintf(format, args...)})
	}
}

// failed reports whether a mistake was found at the path or below it.
func (d *decoder) failed(path string) bool {
	return slices.ContainsFunc(d.mistakes, func(m costd.FieldError) bool {
		return m.Field == path || strings.HasPrefix(m.Field, path+".")
	})
}

// err returns the mistakes as one error, nil if there are none.
func (d *decoder) err() error {
	if len(d.mistakes) == 0 {
		return nil
	}
	return costd.InvalidFields(d.mistakes...)
}

// A reader reads the value of one field.
type reader func(d *decoder, path string, v any)

// object reads an object by the readers of its keys. Unknown keys, keys given
// twice and required keys left out are mistakes.
func (d *decoder) object(path string, v any, readers map[string]reader, required ...string) {
	members, ok := v.(object)
	if !ok {
		d.fail(orBody(path), "must be a JSON object")
		return
	}
	seen := map[string]bool{}
	for _, m := range members {
		at := join(path, m.key)
		read, known := readers[m.key]
		switch {
		case !known:
			d.fail(join(path, shorten(m.key)), "unknown field; known here are: %s", strings.Join(slices.Sorted(maps.Keys(readers)), ", "))
		case seen[m.key]:
			d.fail(at, "is given twice; keep one")
		default:
			read(d, at, m.value)
		}
		seen[m.key] = true
	}
	for _, key := range required {
		if !seen[key] {
			d.fail(join(path, key), "is required")
		}
	}
}

func (d *decoder) text(path string, v any) string {
	s, ok := v.(string)
	if !ok {
		d.fail(path, "must be a string")
	}
	return s
}

func (d *decoder) flag(path string, v any) bool {
	b, ok := v.(bool)
	if !ok {
		d.fail(path, "must be true or false")
	}
	return b
}

// integer reads a number without fraction or exponent.
func (d *decoder) integer(path string, v any) int64 {
	number, ok := v.(json.Number)
	if !ok {
		d.fail(path, "must be an integer")
		return 0
	}
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil {
		d.fail(path, "must be an integer of at most 64 bits")
	}
	return n
}

// list reads a list of at most limit items.
func (d *decoder) list(path string, v any, limit int, read reader) {
	items, ok := v.([]any)
	switch {
	case !ok:
		d.fail(path, "must be a list")
		return
	case len(items) > limit:
		d.fail(path, "has %d items; at most %d are allowed", len(items), limit)
		return
	}
	for i, item := range items {
		read(d, path+"."+strconv.Itoa(i), item)
	}
}

func (d *decoder) integers(path string, v any) []int64 {
	var list []int64
	d.list(path, v, maxList, func(d *decoder, path string, v any) {
		list = append(list, d.integer(path, v))
	})
	return list
}

// choice reads one of the given strings.
func (d *decoder) choice(path string, v any, choices []string) string {
	s, ok := v.(string)
	if !ok || !slices.Contains(choices, s) {
		d.fail(path, "must be one of: %s", strings.Join(choices, ", "))
		return ""
	}
	return s
}

// length checks that s has between low and high characters.
func (d *decoder) length(path, s string, low, high int) {
	if n := utf8.RuneCountInString(s); n < low || n > high {
		d.fail(path, "must have %d to %d characters", low, high)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// orBody names the body as a whole, which has no path.
func orBody(path string) string {
	if path == "" {
		return "body"
	}
	return path
}

func shorten(s string) string {
	if utf8.RuneCountInString(s) <= maxShown {
		return s
	}
	return string([]rune(s)[:maxShown]) + "..."
}
