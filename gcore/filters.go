package gcore

import (
	"slices"
	"strings"

	"costd.dev/costd"
)

// Bounds of tag conditions, from the contract.
const (
	maxConditions = 10
	minTagKey     = 3
	maxTagKey     = 128
	minTagValue   = 3
	maxTagValue   = 256
)

// schemaFilter reads {type, field, values}, where the type decides which fields
// there are.
func (d *decoder) schemaFilter(path string, v any) *costd.Filter {
	f := &costd.Filter{Values: []string{}}
	var field string
	d.object(path, v, map[string]reader{
		"type": func(d *decoder, path string, v any) {
			f.Type = costd.Type(d.choice(path, v, filterTypes))
		},
		"field": func(d *decoder, path string, v any) { field = d.text(path, v) },
		"values": func(d *decoder, path string, v any) {
			d.list(path, v, maxList, func(d *decoder, path string, v any) {
				f.Values = append(f.Values, d.text(path, v))
			})
		},
	}, "type", "field", "values")
	f.Field = costd.Field(field)
	fields := shapes[f.Type].filters
	at := join(path, "field")
	if fields != nil && !d.failed(at) && !slices.Contains(fields, f.Field) {
		d.fail(at, "must be one of: %s, for type %s", joinFields(fields), f.Type)
	}
	return f
}

var filterTypes = func() []string {
	names := make([]string, len(costd.Types))
	for i, info := range costd.Types {
		names[i] = string(info.Type)
	}
	return names
}()

func joinFields(fields []costd.Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}

// tagFilter reads {conditions, condition_type}.
func (d *decoder) tagFilter(path string, v any) *costd.TagFilter {
	f := &costd.TagFilter{}
	d.object(path, v, map[string]reader{
		"condition_type": func(d *decoder, path string, v any) {
			f.All = d.choice(path, v, []string{"OR", "AND"}) == "AND"
		},
		"conditions": func(d *decoder, path string, v any) {
			d.list(path, v, maxConditions, func(d *decoder, path string, v any) {
				f.Conditions = append(f.Conditions, d.tagCondition(path, v))
			})
			if len(f.Conditions) == 0 && !d.failed(path) {
				d.fail(path, "must have 1 to %d items", maxConditions)
			}
		},
	}, "conditions")
	return f
}

// tagCondition reads {key, value, strict}: at least one of the first two.
func (d *decoder) tagCondition(path string, v any) costd.TagCondition {
	c := costd.TagCondition{Strict: true}
	given := false
	d.object(path, v, map[string]reader{
		"key": func(d *decoder, path string, v any) {
			given = true
			if c.Key = d.text(path, v); !d.failed(path) {
				d.length(path, c.Key, minTagKey, maxTagKey)
			}
		},
		"value": func(d *decoder, path string, v any) {
			given = true
			if c.Value = d.text(path, v); !d.failed(path) {
				d.length(path, c.Value, minTagValue, maxTagValue)
			}
		},
		"strict": func(d *decoder, path string, v any) { c.Strict = d.flag(path, v) },
	})
	if !given && !d.failed(path) {
		d.fail(path, "needs a key, a value or both")
	}
	return c
}
