package storetest

import (
	"context"
	"fmt"
	"iter"
	"math/big"
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
)

// october is the month that the tests live in, and day one of its days.
var (
	october = costd.NewMonth(2026, time.October).Period()
	today   = costd.NewDay(2026, time.October, 12)
)

// all selects all usage of the test client in October.
var all = costd.Query{ClientID: 1001, Period: october}

// minutes returns a quantity of whole minutes.
func minutes(n int64) costd.Quantity {
	return costd.Quantity{Units: new(big.Int).Mul(big.NewInt(n), costd.GridNano.Denominator()), Grid: costd.GridNano}
}

// newRecord returns a record of client 1001 from the given hour of today for the
// given number of hours, split by day, its quantity being the elapsed minutes.
func newRecord(id, resource string, hour, hours int, change ...func(*costd.Record)) costd.Record {
	start := today.Time().Add(time.Duration(hour) * time.Hour)
	r := costd.Record{Usage: costd.Usage{
		ID: id, ClientID: 1001, ProjectID: 501, RegionID: 76, Type: costd.Instance, ResourceID: resource, Metric: "g1-standard-1-2_min",
		Start: start, End: start.Add(time.Duration(hours) * time.Hour), Flavor: "g1-standard-1-2", Name: "name of " + resource,
	}}
	r.Parts = split(r.Start, r.End)
	for _, f := range change {
		f(&r)
	}
	return r
}

// split returns the parts of a record whose quantity is the elapsed time.
func split(start, end time.Time) (parts []costd.Part) {
	for start.Before(end) {
		day := costd.DayOf(start)
		until := (day + 1).Time()
		if end.Before(until) {
			until = end
		}
		units := big.NewInt(int64(until.Sub(start)))
		parts = append(parts, costd.Part{Day: day, Start: start, End: until, Quantity: costd.Quantity{Units: units, Grid: costd.GridNano}})
		start = until
	}
	return parts
}

// deletion returns the request to delete r.
func deletion(r costd.Record) costd.Record {
	r.Deleted, r.Parts = true, nil
	return r
}

// write writes and wants the outcomes.
func write(t *testing.T, s Stores, records []costd.Record, want ...costd.Outcome) {
	t.Helper()
	got, err := s.Usage.Write(t.Context(), records)
	if err != nil {
		t.Fatalf("Write: %v", err)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("Write: outcomes %v, want %v", got, want)
	}
}

// accept writes records that are all new.
func accept(t *testing.T, s Stores, records ...costd.Record) {
	t.Helper()
	write(t, s, records, slices.Repeat([]costd.Outcome{costd.Accepted}, len(records))...)
}

func lines(t *testing.T, s Stores, q costd.Query) []costd.LineUsage {
	t.Helper()
	lines, err := s.Usage.Lines(t.Context(), q)
	if err != nil {
		t.Fatalf("Lines(%+v): %v", q, err)
	}
	return lines
}

func resources(t *testing.T, s Stores, q costd.Query, p costd.Page) (int, []costd.ResourceUsage) {
	t.Helper()
	count, rows, err := collect(t.Context(), s, q, p)
	if err != nil {
		t.Fatalf("Resources(%+v, %+v): %v", q, p, err)
	}
	return count, rows
}

func collect(ctx context.Context, s Stores, q costd.Query, p costd.Page) (int, []costd.ResourceUsage, error) {
	count, seq, err := s.Usage.Resources(ctx, q, p)
	if err != nil {
		return 0, nil, err
	}
	rows, err := drain(seq)
	return count, rows, err
}

func drain(seq iter.Seq2[costd.ResourceUsage, error]) (rows []costd.ResourceUsage, err error) {
	for row, err := range seq {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// agree compares what the store says to a query with what the oracle says.
func agree(t tester, ctx context.Context, s Stores, o *oracle, q costd.Query, p costd.Page) {
	t.Helper()
	lines, err := s.Usage.Lines(ctx, q)
	if err != nil {
		t.Fatalf("Lines(%+v): %v", q, err)
	}
	diff(t, "lines of "+describe(q), textsOf(lines, lineText), textsOf(o.lines(q), lineText))
	count, rows, err := collect(ctx, s, q, p)
	if err != nil {
		t.Fatalf("Resources(%+v, %+v): %v", q, p, err)
	}
	wantCount, wantRows := o.resources(q, p)
	if count != wantCount {
		t.Fatalf("resources of %s: count %d, want %d", describe(q), count, wantCount)
	}
	diff(t, fmt.Sprintf("resources of %s, page %+v", describe(q), p), textsOf(rows, rowText), textsOf(wantRows, rowText))
}

// diff fails the test at the first difference.
func diff(t tester, what string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("%s: entry %d of %d is\n\t%s\nwant, of %d,\n\t%s", what, i, len(got), at(got, i), len(want), at(want, i))
		}
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "(none)"
}

func textsOf[T any](list []T, text func(T) string) (texts []string) {
	for _, element := range list {
		texts = append(texts, text(element))
	}
	return texts
}

func describe(q costd.Query) string {
	s := fmt.Sprintf("client %d in %s, regions %v, types %v, projects %v", q.ClientID, q.Period, q.Regions, q.Types, q.Projects)
	if q.Filter != nil {
		s += fmt.Sprintf(", filter %+v", *q.Filter)
	}
	if q.Tags != nil {
		s += fmt.Sprintf(", tags %+v", *q.Tags)
	}
	return s
}

// lineText and rowText write out everything that is compared.
func lineText(l costd.LineUsage) string {
	return fmt.Sprintf("%#v days %v last size %s", l.Line, dayTexts(l.Days), l.LastSize)
}

func rowText(r costd.ResourceUsage) string {
	return fmt.Sprintf("%#v project %d resource %q days %v seen %s to %s name %q size %s attributes %#v tags %q", r.Line, r.ProjectID, r.ResourceID,
		dayTexts(r.Days), r.FirstSeen.Format(time.RFC3339Nano), r.LastSeen.Format(time.RFC3339Nano), r.Name, sizeText(r.Size), r.Attributes, r.Tags)
}

func dayTexts(days []costd.DayUsage) []string {
	return textsOf(days, func(d costd.DayUsage) string { return fmt.Sprintf("%s: %s of %s", d.Day, d.Selected, d.Used) })
}

// A tester is a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}
