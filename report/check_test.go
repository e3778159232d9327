package report_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/ingest"
	"costd.dev/costd/report"
)

// TestCheck looks through a store with one mistake of each kind that senders and
// operators make.
func TestCheck(t *testing.T) {
	db := openStore(t)
	service := &report.Service{Usage: db, Catalog: db, Now: func() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }}
	entries := costd.Entries{
		Regions:  []costd.Region{{ID: 1, Name: "r"}},
		Projects: []costd.Project{{ID: 1, ClientID: 1, Name: "p"}, {ID: 2, ClientID: 2, Name: "p"}, {ID: 3, ClientID: 3, Name: "p"}},
		Clients:  []costd.Client{{ID: 1, Name: "a", Currency: "EUR", ShowPrices: true}, {ID: 2, Name: "b", Currency: "USD"}},
		Prices: []costd.Price{
			{Type: costd.Instance, Metric: "m", Currency: "EUR", Unit: "H", UnitSize: decimal.FromInt(60), UnitPrice: decimal.FromInt(1), EffectiveFrom: costd.NewDay(2026, 10, 10)},
			{Type: costd.Instance, Metric: "m", Currency: "USD", Unit: "H", UnitSize: decimal.FromInt(60), UnitPrice: decimal.FromInt(1), EffectiveFrom: costd.NewDay(2026, 1, 1)},
		},
	}
	if _, err := db.Apply(t.Context(), 0, entries); err != nil {
		t.Fatal(err)
	}
	usage := func(client int64, id string, day, hours int) costd.Usage {
		start := time.Date(2026, 10, day, 0, 0, 0, 0, time.UTC)
		return costd.Usage{ID: id, ClientID: client, ProjectID: client, RegionID: 1, Type: costd.Instance, ResourceID: "r", Metric: "m", Flavor: "f",
			Start: start, End: start.Add(time.Duration(hours) * time.Hour)}
	}
	result, err := (&ingest.Service{Store: db}).Write(t.Context(), []costd.Usage{
		usage(1, "a", 9, 24), usage(1, "b", 10, 24), // touch, and do not overlap; the first day has no price
		usage(2, "a", 1, 48), usage(2, "b", 2, 1), // overlap, and have prices
		usage(3, "a", 40, 1), usage(3, "b", 80, 1), // of nobody, in two months
	})
	if err != nil || result.Accepted != 6 {
		t.Fatal(result, err)
	}
	check := func(kinds ...costd.FindingKind) (found []string) {
		t.Helper()
		checked, err := service.Check(t.Context(), db, kinds, func(f costd.Finding) error {
			found = append(found, fmt.Sprintf("%s %d %s %s", f.Kind, f.ClientID, f.Day, f.ResourceID))
			return nil
		})
		if err != nil || checked.Findings != int64(len(found)) {
			t.Fatalf("%+v, %v", checked, err)
		}
		return found
	}
	// A mistyped client whose usage was deleted is no mistake any more.
	typo := usage(4, "a", 1, 1)
	for _, deleted := range []bool{false, true} {
		typo.Deleted = deleted
		if _, err := (&ingest.Service{Store: db}).Write(t.Context(), []costd.Usage{typo}); err != nil {
			t.Fatal(err)
		}
	}
	overlap := []string{"overlap 2 2026-10-02 r"}
	price := []string{"price 1 2026-10-09 ", "price 3 2026-11-01 "}
	for _, tt := range []struct {
		kinds []costd.FindingKind
		want  []string
	}{
		{nil, slices.Concat(overlap, price)},
		{[]costd.FindingKind{costd.FindingRollup}, nil},
		{[]costd.FindingKind{costd.FindingOverlap}, overlap},
		{[]costd.FindingKind{costd.FindingPrice}, price},
		{[]costd.FindingKind{costd.FindingPrice, costd.FindingRollup}, price},
	} {
		if got := check(tt.kinds...); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %q, want %q", tt.kinds, got, tt.want)
		}
	}
	enough := errors.New("enough")
	if _, err := service.Check(t.Context(), db, nil, func(costd.Finding) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("a check that its caller ends: %v", err)
	}
}
