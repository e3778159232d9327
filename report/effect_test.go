package report_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/internal/fleettest"
	"costd.dev/costd/report"
)

// owes returns what every client of the lab owes for September to December by the reports,
// "" for clients the catalog lacks, or the number of rows without a cost.
func (l *lab) owes(t *rapid.T) map[costd.ClientMonth]string {
	all := map[costd.ClientMonth]string{}
	for id := int64(1001); id <= 1000+l.clients; id++ {
		for month := october - 1; month <= october+2; month++ {
			totals, err := l.service.Monthly(context.Background(), report.MonthlyRequest{ClientID: id, Month: month})
			if costd.ErrorCode(err) == costd.NotFound {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			all[costd.ClientMonth{ClientID: id, Month: month}] = owedOf(totals)
		}
	}
	return all
}

func owedOf(totals report.Totals) string {
	var sum decimal.Rational
	failed := 0
	for _, c := range totals.Charges {
		if c.Cost == nil {
			failed++
		} else {
			sum = sum.Add(*c.Cost)
		}
	}
	if failed > 0 {
		return fmt.Sprint(failed, " in error")
	}
	return sum.String()
}

func owedText(o report.Owed) string {
	switch {
	case o.Total != nil:
		return o.Total.String()
	case o.Errors > 0:
		return fmt.Sprint(o.Errors, " in error")
	}
	return ""
}

// TestEffectIsWhatHappens works out the effect of random changes, applies them, and wants
// the reports to say the same before and after; months without an effect stay.
func TestEffectIsWhatHappens(t *testing.T) {
	l := newLab(t)
	l.service.Now = func() time.Time { return time.Date(2026, 12, 5, 0, 0, 0, 0, time.UTC) }
	effects := 0
	rapid.Check(t, func(t *rapid.T) {
		f := l.fleet(t)
		other := fleettest.Draw(t, f.Client).Entries
		change := costd.Entries{Prices: other.Prices, Commitments: other.Commitments}
		for i := range change.Prices {
			if rapid.Bool().Draw(t, "for all clients") {
				change.Prices[i].ClientID = 0
			}
		}
		var gone costd.Removal
		for _, p := range f.Entries.Prices {
			if rapid.Bool().Draw(t, "remove") && !hasPrice(change.Prices, p) {
				gone.Prices = append(gone.Prices, p.Key())
			}
		}
		before, version, err := l.db.Entries(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		found, err := l.service.Effects(context.Background(), l.db, before, before.Effect(change).With(before, gone))
		if err != nil || found.Left > 0 {
			t.Fatal(found.Left, err)
		}
		want := l.owes(t)
		if _, err := l.db.Apply(context.Background(), version, change, gone); err != nil {
			t.Fatal(err)
		}
		is := l.owes(t)
		for _, e := range found.Months {
			if owedText(e.Before) != want[e.ClientMonth] || owedText(e.After) != is[e.ClientMonth] {
				t.Fatalf("%v: the effect is from %s to %s, the reports say from %s to %s", e.ClientMonth, owedText(e.Before), owedText(e.After), want[e.ClientMonth], is[e.ClientMonth])
			}
			want[e.ClientMonth] = is[e.ClientMonth]
			effects++
		}
		for m, owed := range is {
			if want[m] != owed {
				t.Fatalf("%v changed from %s to %s, which is no effect", m, want[m], owed)
			}
		}
		l.wantDiff(t, before)
	})
	if effects == 0 {
		t.Error("no change had an effect")
	}
}

func hasPrice(list []costd.Price, p costd.Price) bool {
	for i := range list {
		if list[i].Key() == p.Key() {
			return true
		}
	}
	return false
}

// wantDiff wants the differences of the rows of October to add up to those of the totals.
func (l *lab) wantDiff(t *rapid.T, before costd.Entries) {
	now, _, err := l.db.Entries(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	d, err := l.service.Diff(context.Background(), l.db, report.DiffRequest{Month: october, From: before, To: now})
	if err != nil || d.MoreRows+d.MoreClients > 0 {
		t.Fatal(d.MoreRows, d.MoreClients, err)
	}
	sums, failed := map[int64]decimal.Rational{}, map[int64]bool{}
	for _, row := range d.Rows {
		if difference := row.Difference(); difference != nil {
			sums[row.ClientID] = sums[row.ClientID].Add(*difference)
		} else {
			failed[row.ClientID] = true
		}
	}
	found, err := l.service.Effects(context.Background(), l.db, before, costd.Diff(before, now))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range found.Months {
		difference := e.Difference()
		if e.Month == october && difference != nil && !failed[e.ClientID] && !difference.Equal(sums[e.ClientID]) {
			t.Fatalf("client %d: the rows differ by %v together, the totals by %v", e.ClientID, sums[e.ClientID], difference)
		}
	}
}
