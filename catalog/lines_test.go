package catalog_test

import (
	"reflect"
	"strings"
	"testing"

	"costd.dev/costd/catalog"
)

const misspelt = `clients:
  - id: 1001
    name: Acme
    currency: EUR
    show_price: true
projets: []
prices:
  - type: volumes
    metric: v
    currency: EUR
    unit: H
    unit_size: 60
    effective_from: 2026-01-01
`

// Every mistake of a YAML file names its line, and what was most likely meant.
func TestMistakesNameLines(t *testing.T) {
	_, err := catalog.Parse([]byte(misspelt))
	want := []string{
		"projets: is not known here; did you mean projects? (line 6)",
		"clients[0] (1001).show_price: is not known here; did you mean show_prices? (line 5)",
		`prices[0] (v).type: "volumes" is no type; did you mean volume? (line 8)`,
		"prices[0] (v).unit_price: is required (line 8)",
	}
	if got := mistakes(t, err); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// So does a mistake that only the catalog shows to be one.
func TestMistakesOfReferencesNameLines(t *testing.T) {
	file, err := catalog.Read([]byte("regions:\n  - {id: 1, name: a}\nprojects:\n  - id: 1\n    name: p\n    client_id: 9\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&catalog.Service{Store: openStore(t)}).ApplyFile(t.Context(), file)
	want := []string{"projects[0] (1).client_id: is 9, but there is no such client; add it under clients (line 6)"}
	if got := mistakes(t, err); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
