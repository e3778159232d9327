package driver

import (
	"maps"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// A State is what the records of one resource and metric say beside times and quantities.
// It never changes: a record that says something else is of another state.
type State struct {
	Number             int64 // names the state: equal numbers are equal states
	ResourceID, Metric string
	ProjectID          int64
	RegionID           int64
	Type               costd.Type
	Flavor, Name       string
	Size               *decimal.Decimal // nil for none; in the unit of Attributes.SizeUnit
	Attributes         costd.Attributes
	Tags               map[string]string
}

// Field returns the value of a field of the state, "" for no field. A size is no text:
// costd.ShownSize says how it is compared.
func (s *State) Field(f costd.Field) string {
	switch f {
	case "":
		return ""
	case costd.FieldType:
		return string(s.Type)
	case costd.FieldUUID:
		return s.ResourceID
	case costd.FieldFlavor:
		return s.Flavor
	case costd.FieldLastName:
		return s.Name
	}
	for _, a := range s.Attributes.Fields() {
		if a.Field == f {
			return *a.Value
		}
	}
	return ""
}

// Bytes estimates the memory that the state takes.
func (s *State) Bytes() int64 { return int64(448 + 64*len(s.Tags) + s.TextBytes()) }

// What sums and states take of memory in an engine, in bytes, about.
const (
	// SumBytes is the size of a sum, without the text of its id.
	SumBytes = 88
	// StateBytes is what a state takes beside State.Bytes, for what it is grouped by.
	StateBytes = 512
)

// TextBytes returns the length in bytes of all texts but those of the resource.
func (s *State) TextBytes() int {
	n := len(s.Type) + len(s.Flavor) + len(s.Name)
	for _, a := range s.Attributes.Fields() {
		n += len(*a.Value)
	}
	for key, value := range s.Tags {
		n += len(key) + len(value)
	}
	return n
}

// Row returns the resource row of which s is the state seen last: first and last are the
// times when it was seen, in nanoseconds since 1970. The row shares no memory with s.
func (s *State) Row(first, last int64, days []costd.DayUsage) costd.ResourceUsage {
	info, _ := s.Type.Info()
	u := costd.ResourceUsage{
		Line:      costd.Line{Type: s.Type, RegionID: s.RegionID, Dimension: s.Field(info.RowDimension), Metric: s.Metric},
		ProjectID: s.ProjectID, ResourceID: s.ResourceID, Days: days,
		FirstSeen: time.Unix(0, first).UTC(), LastSeen: time.Unix(0, last).UTC(),
		Name: s.Name, Attributes: s.Attributes, Tags: maps.Clone(s.Tags),
	}
	if s.Size != nil {
		size := *s.Size
		u.Size = &size
	}
	return u
}
