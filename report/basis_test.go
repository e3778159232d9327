package report_test

import (
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/decimal"
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
	price := func(of int64, currency string) costd.Entries {
		return costd.Entries{Prices: []costd.Price{{
			Type: costd.Instance, Metric: "m", ClientID: of, Currency: currency, Unit: "H", UnitSize: decimal.FromInt(60), UnitPrice: decimal.FromInt(1),
		}}}
	}
	commitment := func(id string, of int64) costd.Entries {
		return costd.Entries{Commitments: []costd.Commitment{{
			ID: id, ClientID: of, Type: costd.Instance, Metric: "m", RegionID: 1, Dimension: "f", Count: 1,
			Unit: "H", UnitSize: decimal.FromInt(60), UnitSizeMonth: decimal.FromInt(744),
		}}}
	}
	apply(client(1, true))
	apply(client(2, true))
	apply(costd.Entries{Regions: []costd.Region{{ID: 1, Name: "one"}}})
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
		{"another client's price", price(2, "EUR"), true},
		{"its price", price(1, "EUR"), false},
		{"the same price again", price(1, "EUR"), true},
		{"everyone's price in its currency", price(0, "EUR"), false},
		{"everyone's price in another currency", price(0, "USD"), true},
		{"another client's commitment", commitment("a", 2), true},
		{"its commitment", commitment("b", 1), false},
		{"another client", client(3, true), true},
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

	// Package catalog lets no commitment move, but a store may hold one that did.
	before, err := service.Basis(t.Context(), 1, october.Period())
	if err != nil {
		t.Fatal(err)
	}
	_, version, err := db.Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Apply(t.Context(), version, commitment("b", 2)); err != nil {
		t.Fatal(err)
	}
	if holds, err := service.Holds(t.Context(), before); err != nil || holds {
		t.Errorf("its commitment becomes another client's: holds %v, %v; want false", holds, err)
	}
}
