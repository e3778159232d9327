package rating_test

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"costd"
	"costd/decimal"
	"costd/rating"
)

// largeMonth is a client-month of many lines used every day, each with a price
// that changes in the month and every second with a commitment that runs out. Grid
// is the denominator that quantities do not reduce to.
func largeMonth(lines int, grid int64) (costd.Entries, costd.Month, []costd.LineUsage) {
	month := costd.NewMonth(2026, time.October)
	entries := costd.Entries{Clients: []costd.Client{{ID: 1, Currency: "EUR"}}}
	var usage []costd.LineUsage
	for i := range lines {
		line := costd.Line{Type: costd.Instance, RegionID: int64(i % 10), Dimension: fmt.Sprintf("flavor-%03d", i), Metric: fmt.Sprintf("flavor-%03d_min", i)}
		for _, from := range []costd.Day{0, month.Period().From + 15} {
			entries.Prices = append(entries.Prices, costd.Price{
				Type: line.Type, Metric: line.Metric, Currency: "EUR", Feature: "Instance {region}",
				UnitSize: decimal.FromInt(60), UnitPrice: decimal.MustParse("0.58353750"), EffectiveFrom: from,
			})
		}
		if i%2 == 0 {
			entries.Commitments = append(entries.Commitments, costd.Commitment{
				ID: fmt.Sprint(i), ClientID: 1, Type: line.Type, Metric: line.Metric, RegionID: line.RegionID, Dimension: line.Dimension,
				Count: 2, UnitSize: decimal.FromInt(60), UnitSizeMonth: decimal.FromInt(744), UnitPrice: decimal.MustParse("0.5"),
			})
		}
		u := costd.LineUsage{Line: line}
		for day := month.Period().From; day < month.Period().To; day++ {
			// Like sums of records that begin and end at any nanosecond.
			quantity, err := decimal.NewRational(big.NewInt(4320*grid+int64(i)*7919+int64(day)*104729), big.NewInt(grid))
			if err != nil {
				panic(err)
			}
			u.Days = append(u.Days, costd.DayUsage{Day: day, Used: quantity, Selected: quantity})
		}
		usage = append(usage, u)
	}
	return entries, month, usage
}

func BenchmarkMonthly(b *testing.B) {
	for name, grid := range map[string]int64{"minutes": 1, "nanoseconds": 60_000_000_000} {
		entries, month, lines := largeMonth(500, grid)
		book := rating.NewBook(entries)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := len(book.Monthly(1, month, lines, rating.Selection{})); got != 750 {
					b.Fatalf("%d rows, want 750", got)
				}
			}
		})
		b.Run(name+"/resources", func(b *testing.B) {
			b.ReportAllocs()
			half := selectHalf(lines)
			for b.Loop() {
				book.Monthly(1, month, half, rating.Selection{Resources: true})
			}
		})
	}
}

// selectHalf returns the usage with half of every day selected.
func selectHalf(lines []costd.LineUsage) []costd.LineUsage {
	var halves []costd.LineUsage
	for _, u := range lines {
		half := u
		half.Days = nil
		for _, d := range u.Days {
			d.Selected = d.Used.Mul(decimal.Fraction(1, 2))
			half.Days = append(half.Days, d)
		}
		halves = append(halves, half)
	}
	return halves
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
