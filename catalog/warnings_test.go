package catalog_test

import (
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/decimal"
	"costd.dev/costd/ingest"
)

// warned applies a file and returns its warnings as "kind entry".
func warned(t *testing.T, service *catalog.Service, file string) (texts []string) {
	t.Helper()
	applied, err := applyFile(t, service, file, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range applied.Warnings {
		texts = append(texts, string(w.Kind)+" "+w.Entry)
	}
	return texts
}

// TestHiddenPrices applies prices that more specific ones hide, and ones that they leave
// a day, a client or a region.
func TestHiddenPrices(t *testing.T) {
	service := &catalog.Service{Store: openStore(t)}
	const places = "clients: [{id: 1, name: a, currency: EUR}, {id: 2, name: b, currency: EUR}, {id: 3, name: c, currency: USD}]\nregions: [{id: 7, name: r}, {id: 8, name: s}]\n"
	price := func(from, scope string) string {
		return "  - {type: volume, metric: m, currency: EUR, unit: U, unit_size: 1, unit_price: 1, effective_from: " + from + scope + "}\n"
	}
	for _, tt := range []struct {
		name, file string
		want       []string
	}{
		{"alone", price("2026-01-01", ""), nil},
		{"one of two clients has its own", price("2026-01-01", ", client_id: 1"), nil},
		{"the other from a later day on", price("2026-02-01", ", client_id: 2"), nil},
		{"the general one anew", price("2026-01-01", ""), nil},
		{"a later general one is hidden", price("2026-02-01", ""), []string{"price_hidden prices[0] (m).effective_from"}},
		{"and so for a region", price("2026-02-01", ", region_id: 8"), []string{"price_hidden prices[0] (m).effective_from"}},
		{"but not before", price("2026-01-31", ", region_id: 8"), nil},
		{"a client's own in one of two regions", price("2026-03-01", ", client_id: 1, region_id: 7"), nil},
		{"its own everywhere", price("2026-03-01", ", client_id: 1"), nil},
		{"its own in the other, and one everywhere", price("2026-03-01", ", client_id: 1, region_id: 8") + price("2026-04-01", ", client_id: 1"), []string{"price_hidden prices[1] (m).effective_from"}},
		{"another metric", `  - {type: volume, metric: n, currency: EUR, unit: U, unit_size: 1, unit_price: 1, effective_from: 2027-01-01}`, nil},
	} {
		if got := warned(t, service, places+"prices:\n"+tt.file); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	// What hides goes: the price holds again.
	const remove = "remove: {prices: [{type: volume, metric: m, currency: EUR, client_id: 2, effective_from: 2026-02-01}]}\n"
	if got := warned(t, service, remove+"prices:\n"+price("2026-02-01", "")); len(got) > 0 {
		t.Errorf("without what hid it: %q", got)
	}
}

// TestUnusedCommitments warns of commitments whose line should have had usage, and of ones
// whose usage beyond the pool has no price.
func TestUnusedCommitments(t *testing.T) {
	store := openStore(t)
	service := &catalog.Service{Store: store, Usage: store, Now: func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }}
	size := decimal.FromInt(1)
	start := time.Date(2026, 10, 3, 0, 0, 0, 0, time.UTC)
	result, err := (&ingest.Service{Store: store}).Write(t.Context(), []costd.Usage{{
		ID: "a", ClientID: 1, ProjectID: 5, RegionID: 7, Type: costd.Volume, ResourceID: "v", Metric: "m", Start: start, End: start.Add(time.Hour),
		Size: &size, Attributes: costd.Attributes{VolumeType: "ssd"},
	}})
	if err != nil || len(result.Rejected) > 0 {
		t.Fatal(result, err)
	}
	const places = "clients: [{id: 1, name: a, currency: EUR}, {id: 2, name: b, currency: EUR}]\nregions: [{id: 7, name: r}, {id: 8, name: s}]\n"
	const prices = "prices:\n  - {type: volume, metric: m, currency: EUR, unit: U, unit_size: 1, unit_price: 1, effective_from: 2026-01-01}\n"
	commitment := func(more string) string {
		return "commitments:\n  - {id: c, type: volume, metric: m, dimension: ssd, count: 1, unit_price: 1, " + more + "}\n"
	}
	other := func(more string) string {
		return "commitments:\n  - {id: d, type: volume, metric: m, dimension: ssd, count: 1, unit_price: 1, " + more + "}\n"
	}
	const unpriced, unused = "commitment_price commitments[0] (c).overcommit_unit_price", "commitment_unused commitments[0] (c).active_from"
	for _, tt := range []struct {
		file string
		want []string
	}{
		{commitment("client_id: 1, region_id: 7, active_from: 2026-10-01"), []string{unpriced}},
		{commitment("client_id: 1, region_id: 7, active_from: 2026-10-01, overcommit_unit_price: 2"), nil},
		{prices + commitment("client_id: 1, region_id: 7, active_from: 2026-10-01"), nil},
		{commitment("client_id: 1, region_id: 8, active_from: 2026-10-01"), []string{unused}},
		{commitment("client_id: 1, region_id: 8, active_from: 2026-10-02"), nil},
		{other("client_id: 2, region_id: 7, active_from: 2026-01-01"), []string{"commitment_unused commitments[0] (d).active_from"}},
	} {
		if got := warned(t, service, places+tt.file); !slices.Equal(got, tt.want) {
			t.Errorf("%s\n%q, want %q", tt.file, got, tt.want)
		}
	}
}
