package demo_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/demo"
	"costd.dev/costd/ingest"
)

// Some times to ask at: ends and beginnings of months, of a year, and between.
var times = []time.Time{
	time.Date(2026, 10, 17, 15, 42, 7, 99, time.UTC),
	time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
	time.Date(2027, 1, 31, 23, 59, 59, 0, time.FixedZone("", -8*3600)),
	time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC),
}

func TestSampleIsValid(t *testing.T) {
	for _, now := range times {
		if err := catalog.Check(costd.Entries{}, demo.Entries(now)); err != nil {
			t.Errorf("%s: the catalog does not apply: %v", now, err)
		}
		type identity struct {
			resource, metric string
			start            time.Time
		}
		seen := map[identity]bool{}
		first, last := now, time.Time{}
		for u := range demo.Usage(now) {
			if _, err := ingest.NewRecord(u); err != nil {
				t.Fatalf("%s: %+v: %v", now, u, err)
			}
			id := identity{u.ResourceID, u.Metric, u.Start}
			if seen[id] {
				t.Errorf("%s: two records of %+v", now, id)
			}
			seen[id] = true
			if u.Start.Before(first) {
				first = u.Start
			}
			if u.End.After(last) {
				last = u.End
			}
		}
		if n := len(seen); n < 15_000 || n > 60_000 {
			t.Errorf("%s: %d records, want a fleet that is worth a report and quick to load", now, n)
		}
		if last.After(now) || now.Sub(last) >= time.Hour {
			t.Errorf("%s: usage ends at %s, want the full hour before", now, last)
		}
		if months := costd.MonthOf(costd.DayOf(now)) - costd.MonthOf(costd.DayOf(first)); months != 2 || costd.DayOf(first).Time() != first {
			t.Errorf("%s: usage begins at %s, want two months before the current one", now, first)
		}
	}
}

// TestSampleGrows checks that the sample depends on the month only: later it says
// the same of every day that was over.
func TestSampleGrows(t *testing.T) {
	now := times[0]
	today := costd.DayOf(now).Time()
	past := func(now time.Time) []costd.Usage {
		usages := slices.Collect(demo.Usage(now))
		return slices.DeleteFunc(usages, func(u costd.Usage) bool { return u.End.After(today) })
	}
	before, after := past(now), past(now.Add(9*24*time.Hour))
	if !reflect.DeepEqual(before, after) {
		t.Errorf("%d records became %d, or others", len(before), len(after))
	}
	for range demo.Usage(now) {
		break // must be able to end early
	}
}

func TestSampleShowsEverything(t *testing.T) {
	now := times[0]
	entries := demo.Entries(now)
	type key struct {
		typ    costd.Type
		metric string
	}
	priced := map[key]bool{}
	for _, p := range entries.Prices {
		priced[key{p.Type, p.Metric}] = true
	}
	types := map[costd.Type]bool{}
	unpriced, seeded := 0, 0
	for u := range demo.Usage(now) {
		if u.ClientID == demo.ClientID {
			types[u.Type] = true
		}
		if u.Metric == "bm3-ai-1xlarge-h100-80-8_min" && u.RegionID == 76 && u.ClientID == 1001 {
			seeded++
		}
		if !priced[key{u.Type, u.Metric}] {
			unpriced++
			if u.ClientID == demo.ClientID {
				t.Fatalf("%s of the sample client has no price", u.Metric)
			}
		}
	}
	if len(types) != len(costd.Types) {
		t.Errorf("the sample client has %d types, want all %d", len(types), len(costd.Types))
	}
	if unpriced == 0 || seeded == 0 {
		t.Errorf("%d records without a price, %d of the H100 metric, want some", unpriced, seeded)
	}
	hidden := slices.ContainsFunc(entries.Clients, func(c costd.Client) bool { return !c.ShowPrices })
	if !hidden || len(entries.Commitments) < 5 {
		t.Errorf("hidden prices: %v, %d commitments", hidden, len(entries.Commitments))
	}
}

// TestSampleHasUUIDs checks the ids that the published contract calls UUIDs: a client
// generated from it reads the demo as it is.
func TestSampleHasUUIDs(t *testing.T) {
	for u := range demo.Usage(times[0]) {
		a := u.Attributes
		for _, id := range []string{u.ResourceID, a.VMID, a.PortID, a.NetworkID, a.SubnetID, a.ScheduleID, a.SourceVolumeUUID} {
			if id != "" && uuid.Validate(id) != nil {
				t.Fatalf("%s %q has the id %q", u.Type, u.Name, id)
			}
		}
	}
}

// The catalog is an example: nothing in it is most likely a mistake.
func TestNoDoubts(t *testing.T) {
	entries := demo.Entries(time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC))
	familiar := costd.NewFamiliar(nil, entries.Prices)
	for i := range entries.Commitments {
		if doubts := familiar.Doubts(&entries.Commitments[i]); len(doubts) > 0 {
			t.Errorf("%s: %+v", entries.Commitments[i].ID, doubts)
		}
	}
}
