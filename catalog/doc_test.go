package catalog_test

import (
	"errors"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
)

// docs/catalog.md lists every field of every list in the order of the code, and calls
// those required without which an entry is refused.
func TestPageListsEveryField(t *testing.T) {
	page, err := os.ReadFile("../docs/catalog.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([^|]+) \\|")
	entries := reflect.TypeFor[costd.Entries]()
	for i := range entries.NumField() {
		list := jsonName(entries.Field(i))
		_, section, found := strings.Cut(string(page), "\n## "+list+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		var fields, required []string
		for _, cells := range row.FindAllStringSubmatch(section, -1) {
			fields = append(fields, cells[1])
			if cells[2] == "required" {
				required = append(required, cells[1])
			}
		}
		if want := fieldsOf(entries.Field(i).Type.Elem()); !found || !slices.Equal(slices.Sorted(slices.Values(fields)), want) {
			t.Errorf("%s: the page has %v, the code %v", list, fields, want)
		}
		slices.Sort(required)
		if want := requiredIn(t, list); !slices.Equal(required, want) {
			t.Errorf("%s: the page requires %v, the code %v", list, required, want)
		}
	}
}

func fieldsOf(entry reflect.Type) (names []string) {
	for i := range entry.NumField() {
		names = append(names, jsonName(entry.Field(i)))
	}
	slices.Sort(names)
	return names
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// requiredIn returns the fields that an empty entry of the list lacks.
func requiredIn(t *testing.T, list string) (names []string) {
	t.Helper()
	_, err := catalog.Parse([]byte("{\"" + list + "\": [{}]}"))
	e, ok := errors.AsType[*costd.Error](err)
	if !ok {
		t.Fatal(err)
	}
	for _, f := range e.Fields {
		if _, name, _ := strings.Cut(f.Field, "]."); f.Message == "is required" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
