package report_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/ingest"
	"costd.dev/costd/report"
)

// now is the clock of these tests: the noon of a day.
var now = time.Date(2026, 10, 10, 12, 0, 0, 0, time.UTC)

// TestCheckUsage looks through usage with each mistake that senders make.
func TestCheckUsage(t *testing.T) {
	db := openStore(t)
	entries := costd.Entries{
		Regions:  []costd.Region{{ID: 1, Name: "r"}},
		Projects: []costd.Project{{ID: 1, ClientID: 1, Name: "p"}, {ID: 2, ClientID: 2, Name: "p"}},
	}
	if _, err := db.Apply(t.Context(), 0, entries); err != nil {
		t.Fatal(err)
	}
	usage := func(id string, start time.Time, change func(*costd.Usage)) costd.Usage {
		u := costd.Usage{ID: id, ClientID: 1, ProjectID: 1, RegionID: 1, Type: costd.Instance, ResourceID: "r-" + id, Metric: "m", Flavor: "f",
			Start: start, End: start.Add(time.Hour)}
		change(&u)
		return u
	}
	day := func(n int) time.Time { return time.Date(2026, 10, n, 0, 0, 0, 0, time.UTC) }
	noFlavor := func(u *costd.Usage) { u.Flavor = "" }
	records := []costd.Usage{
		usage("right", day(1), func(*costd.Usage) {}),
		usage("in a day", now.Add(24*time.Hour), func(u *costd.Usage) { u.Metric = "n" }), // not beside "h", whose mistake would hide its own
		usage("no dimension to have", day(1), func(u *costd.Usage) { u.Type, u.Flavor = costd.FloatingIP, "" }),
		usage("a", day(5), noFlavor), usage("b", day(4), noFlavor), usage("c", day(6), noFlavor),
		usage("d", day(2), func(u *costd.Usage) { u.RegionID = 9 }),
		usage("e", day(3), func(u *costd.Usage) { u.RegionID, u.Metric = 9, "n" }), // the same mistake
		usage("f", day(7), func(u *costd.Usage) { u.ProjectID = 9 }),
		usage("g", day(8), func(u *costd.Usage) { u.ProjectID = 2 }),
		usage("h", now.Add(24*time.Hour+1), func(*costd.Usage) {}),
		usage("i", day(30), func(*costd.Usage) {}),
	}
	write := func(records ...costd.Usage) {
		t.Helper()
		if result, err := (&ingest.Service{Store: db}).Write(t.Context(), records); err != nil || len(result.Rejected) > 0 {
			t.Fatal(result, err)
		}
	}
	write(records...)
	want := []string{
		"dimension 1 2026-10-04 instance 1 m r-b: records lack the flavor; reports show them on a line of its own, which no commitment covers",
		"region 1 2026-10-02  9  r-d: the catalog has no region 9; add it, or correct the records",
		"project 1 2026-10-07  0  r-f: the catalog has no project 9; add it, or correct the records",
		"foreign_project 1 2026-10-08  0  r-g: project 2 is that of client 2, and client 1 pays for its records; correct one of them",
		"future 1 2026-10-11 instance 1 m : records start more than a day in the future; check the clock of the sender",
	}
	if got := findings(t, db, "dimension", "region", "project", "foreign_project", "future"); !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
	if got := findings(t, db, "project"); !slices.Equal(got, want[2:3]) {
		t.Errorf("of one kind: %q, want %q", got, want[2:3])
	}
	for i := range records {
		records[i].Deleted = true
	}
	write(records...)
	if got := findings(t, db, "dimension", "region", "project", "foreign_project", "future"); len(got) > 0 {
		t.Errorf("of records that were deleted: %q", got)
	}
}

// TestCheckCommitments looks at commitments that cover nothing or state two fees.
func TestCheckCommitments(t *testing.T) {
	db := openStore(t)
	commitment := func(id, metric, dimension string, perMonth int64) costd.Commitment {
		c := costd.Commitment{ID: id, ClientID: 1, Type: costd.Instance, Metric: metric, RegionID: 1, Dimension: dimension, Count: 2, Unit: "H",
			UnitSize: decimal.FromInt(60), UnitSizeMonth: decimal.FromInt(744), UnitPrice: decimal.FromInt(3), ActiveFrom: costd.NewDay(2026, 10, 1)}
		if perMonth > 0 {
			fee := decimal.FromInt(perMonth)
			c.PricePerMonth = &fee
		}
		return c
	}
	entries := costd.Entries{
		Prices: []costd.Price{{Type: costd.Instance, Metric: "priced", Currency: "EUR", Unit: "H", UnitSize: decimal.FromInt(60), EffectiveFrom: costd.NewDay(2026, 1, 1)}},
		Commitments: []costd.Commitment{
			commitment("a used one", "used", "f", 0), commitment("b priced one", "priced", "f", 0), commitment("c same fee", "used", "f", 4464),
			commitment("d", "usde", "f", 0), commitment("e", "used", "g", 0), commitment("f", "used", "f", 2232),
		},
	}
	if _, err := db.Apply(t.Context(), 0, entries); err != nil {
		t.Fatal(err)
	}
	u := costd.Usage{ID: "u", ClientID: 2, ProjectID: 1, RegionID: 2, Type: costd.Instance, ResourceID: "r", Metric: "used", Flavor: "f",
		Start: now, End: now.Add(time.Hour)}
	if result, err := (&ingest.Service{Store: db}).Write(t.Context(), []costd.Usage{u}); err != nil || result.Accepted != 1 {
		t.Fatal(result, err)
	}
	want := []string{
		"commitment_metric 1 2026-10-01 instance 1 usde : commitment d: metric: no usage and no price of instance has usde; correct it, or the commitment covers nothing",
		"commitment_dimension 1 2026-10-01 instance 1 used : commitment e: dimension: no usage of used has the flavor g; correct it, or the commitment covers nothing",
		"commitment_prices 1 2026-10-01 instance 1 used : commitment f: price_per_month: is the whole fee of a month, 2232 for 2 pieces, and not count x unit_size_month x unit_price; state one of the two",
	}
	if got := findings(t, db, "commitment_metric", "commitment_dimension", "commitment_prices"); !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}

// findings returns what a check for the kinds finds.
func findings(t *testing.T, db store, kinds ...costd.FindingKind) (found []string) {
	t.Helper()
	service := &report.Service{Usage: db, Catalog: db, Now: func() time.Time { return now }}
	_, err := service.Check(t.Context(), db, kinds, func(f costd.Finding) error {
		found = append(found, fmt.Sprintf("%s %d %s %s %d %s %s: %s", f.Kind, f.ClientID, f.Day, f.Type, f.RegionID, f.Metric, f.ResourceID, f.Message))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A store is what a check looks into.
type store interface {
	costd.UsageStore
	costd.Catalog
	costd.Maintainer
}
