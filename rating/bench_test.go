package rating_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/rating"
)

// largeMonth is a client-month of many lines used every day, each with a price
// that changes in the month and every second one with a commitment that runs out.
// Quantities are in parts of a minute; a report may select a third of them.
func largeMonth(lines int, parts int64) (costd.Entries, costd.Month, []costd.LineUsage) {
	month := costd.NewMonth(2026, time.October)
	entries := costd.Entries{Clients: []costd.Client{{ID: 1, Currency: "EUR"}}}
	var usage []costd.LineUsage
	for i := range lines {
		flavor := fmt.Sprintf("flavor-%03d", i)
		line := costd.Line{Type: costd.Instance, RegionID: int64(i % 10), Dimension: flavor, Metric: flavor + "_min"}
		for _, from := range []costd.Day{0, month.Period().From + 15} {
			entries.Prices = append(entries.Prices, costd.Price{
				Type: line.Type, Metric: line.Metric, Currency: "EUR", Feature: "Instance {region}",
				UnitSize: decimal.FromInt(60), UnitPrice: decimal.MustParse("0.58353750"), EffectiveFrom: from,
			})
		}
		if i%2 == 0 {
			entries.Commitments = append(entries.Commitments, costd.Commitment{
				ID: flavor, ClientID: 1, Type: line.Type, Metric: line.Metric, RegionID: line.RegionID, Dimension: flavor,
				Count: 2, UnitSize: decimal.FromInt(60), UnitSizeMonth: decimal.FromInt(744), UnitPrice: decimal.MustParse("0.5"),
			})
		}
		u := costd.LineUsage{Line: line}
		for day := month.Period().From; day < month.Period().To; day++ {
			used := 4320*parts + int64(i)*7919 + int64(day)*104729 // as if begun and ended at any instant
			u.Days = append(u.Days, costd.DayUsage{
				Day: day, Used: decimal.Fraction(used, parts), Selected: decimal.Fraction(used/3, parts),
			})
		}
		usage = append(usage, u)
	}
	return entries, month, usage
}

func BenchmarkMonthly(b *testing.B) {
	for _, parts := range []int64{1, 60_000_000_000} { // minutes, nanoseconds
		entries, month, some := largeMonth(500, parts)
		book := rating.NewBook(entries)
		b.Run(fmt.Sprintf("parts=%d/all", parts), func(b *testing.B) {
			all := selectAll(some)
			b.ReportAllocs()
			for b.Loop() {
				if got := len(book.Monthly(1, month, all, rating.Selection{})); got != 750 {
					b.Fatalf("%d rows, want 750", got)
				}
			}
		})
		b.Run(fmt.Sprintf("parts=%d/some", parts), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := len(book.Monthly(1, month, some, rating.Selection{Resources: true})); got != 750 {
					b.Fatalf("%d rows, want 750", got)
				}
			}
		})
	}
}

// selectAll returns the usage with all of it selected.
func selectAll(lines []costd.LineUsage) []costd.LineUsage {
	var all []costd.LineUsage
	for _, u := range lines {
		days := slices.Clone(u.Days)
		for i := range days {
			days[i].Selected = days[i].Used
		}
		u.Days = days
		all = append(all, u)
	}
	return all
}

// BenchmarkPayAsYouGo is one resource row of 31 days, of which a report may hold
// 100,000.
func BenchmarkPayAsYouGo(b *testing.B) {
	entries, _, lines := largeMonth(500, 60_000_000_000)
	book := rating.NewBook(entries)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		book.PayAsYouGo(1, lines[i%len(lines)])
	}
}

func BenchmarkNewBook(b *testing.B) {
	entries, _, _ := largeMonth(5000, 1)
	b.ReportAllocs()
	for b.Loop() {
		rating.NewBook(entries)
	}
}
