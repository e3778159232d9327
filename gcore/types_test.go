package gcore

import (
	"slices"
	"testing"

	"costd.dev/costd"
)

// Every type has a shape whose own fields can be written, and filters by its own
// dimension and its type.
func TestEveryTypeHasAShape(t *testing.T) {
	for _, info := range costd.Types {
		s, ok := shapes[info.Type]
		if !ok {
			t.Errorf("%s has no shape", info.Type)
		}
		for _, key := range s.own {
			appendOwn([]byte{'{'}, key, &costd.ResourceUsage{Line: costd.Line{Type: info.Type}}, false) // panics for an unknown key
		}
		if slices.Contains(s.own, "size_unit") && s.sizeUnit == "" {
			t.Errorf("%s has a size_unit but none by default", info.Type)
		}
		if !slices.Contains(s.filters, costd.FieldType) || !slices.IsSorted(s.filters) {
			t.Errorf("%s filters by %v", info.Type, s.filters)
		}
		if d := info.RowDimension; d != "" && (!slices.Contains(s.filters, d) || !slices.Contains(s.own, string(d))) {
			t.Errorf("%s does not show or filter by its dimension %s", info.Type, d)
		}
		if s.unnamed == slices.Contains(s.filters, costd.FieldUUID) {
			t.Errorf("%s: rows with a uuid can be filtered by it, others not", info.Type)
		}
	}
	if len(shapes) != len(costd.Types) || len(typeNames()) != len(costd.Types)+1 {
		t.Errorf("%d shapes and %d names for %d types", len(shapes), len(typeNames()), len(costd.Types))
	}
}
