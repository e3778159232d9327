package client

import (
	"strings"

	"costd.dev/costd"
)

// A FilterField is a field of a type of resource that reports can be filtered by,
// as "volume.last_name". The constants are all there are.
type FilterField string

// In selects the resources of the type whose field equals one of the values.
func (f FilterField) In(values ...string) *SchemaFilter {
	typ, field, _ := strings.Cut(string(f), ".")
	return &SchemaFilter{Type: costd.Type(typ), Field: costd.Field(field), Values: append([]string{}, values...)}
}

// A SchemaFilter selects the resources of Type whose Field equals one of Values, as
// text; all other types are left out. [FilterField.In] makes one.
type SchemaFilter struct {
	Type   costd.Type  `json:"type"`
	Field  costd.Field `json:"field"`
	Values []string    `json:"values"`
}

// A TagFilter selects resources by their tags, as last seen in the period.
type TagFilter struct {
	Conditions    []TagCondition `json:"conditions"` // 1 to 10
	ConditionType ConditionType  `json:"condition_type,omitempty"`
}

// A ConditionType says how many conditions of a TagFilter a resource has to meet.
type ConditionType string

// The condition types.
const (
	MatchAny ConditionType = "OR" // the default
	MatchAll ConditionType = "AND"
)

// A TagCondition is met by a resource with a tag of this key and this value; an
// empty key or value matches any, but not both of them.
type TagCondition struct {
	Key    string `json:"key,omitempty"`    // 3 to 128 characters
	Value  string `json:"value,omitempty"`  // 3 to 256 characters
	Strict *bool  `json:"strict,omitempty"` // nil: true; false: the value is contained, whatever the case
}
