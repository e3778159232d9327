package report_test

import (
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/report"
)

// An answer that is remembered must not be sent again when its prices were hidden or
// shown since, or when a project came, was renamed or went to somebody.
func TestBasisHoldsUntilTheCatalogChangesForTheClient(t *testing.T) {
	db := openStore(t)
	service := &report.Service{Usage: db, Catalog: db}
	apply := func(change costd.Entries) {
		t.Helper()
		if _, err := (&catalog.Service{Store: db}).Apply(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	client := func(id int64, show bool) costd.Entries {
		return costd.Entries{Clients: []costd.Client{{ID: id, Name: "a", Currency: "EUR", ShowPrices: show}}}
	}
	project := func(id, of int64, name string) costd.Entries {
		return costd.Entries{Projects: []costd.Project{{ID: id, ClientID: of, Name: name}}}
	}
	apply(client(1, true))
	apply(client(2, true))
	apply(project(1, 1, "one"))
	for _, tt := range []struct {
		name   string
		change costd.Entries
		holds  bool
	}{
		{"the same again", client(1, true), true},
		{"its prices are hidden", client(1, false), false},
		{"its prices are shown", client(1, true), false},
		{"those of another client are hidden", client(2, false), true},
		{"the same project again", project(1, 1, "one"), true},
		{"a new project", project(2, 1, "two"), false},
		{"a project's new name", project(2, 1, "zwei"), false},
		{"another client's project", project(3, 2, "three"), false},
	} {
		before, err := service.Basis(t.Context(), 1, october.Period())
		if err != nil {
			t.Fatal(err)
		}
		apply(tt.change)
		if holds, err := service.Holds(t.Context(), before); err != nil || holds != tt.holds {
			t.Errorf("%s: holds %v, %v; want %v", tt.name, holds, err, tt.holds)
		}
	}
}
