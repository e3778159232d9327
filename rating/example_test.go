package rating_test

import (
	"fmt"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/rating"
)

// Two servers are reserved for October at 12.50 an hour, and three run.
func ExampleBook_Monthly() {
	overcommit := decimal.MustParse("19.90")
	line := costd.Line{Type: costd.AICluster, RegionID: 76, Dimension: "h100", Metric: "h100_min"}
	book := rating.NewBook(costd.Entries{
		Clients: []costd.Client{{ID: 1001, Currency: "EUR"}},
		Regions: []costd.Region{{ID: 76, Name: "Luxembourg-2"}},
		Commitments: []costd.Commitment{{
			ID: "acme-h100", ClientID: 1001, Type: line.Type, Metric: line.Metric, RegionID: 76, Dimension: line.Dimension,
			Count: 2, UnitSize: decimal.FromInt(60), UnitSizeMonth: decimal.FromInt(744),
			UnitPrice: decimal.MustParse("12.50"), OvercommitUnitPrice: &overcommit, Feature: "H100 {region}",
		}},
	})
	october := costd.NewMonth(2026, time.October)
	usage := costd.LineUsage{Line: line}
	for day := october.Period().From; day < october.Period().To; day++ {
		used := decimal.Fraction(3*24*60, 1)
		usage.Days = append(usage.Days, costd.DayUsage{Day: day, Used: used, Selected: used})
	}
	for _, c := range book.Monthly(1001, october, []costd.LineUsage{usage}, rating.Selection{}) {
		cost, err := c.Cost.RoundHalfEven(5)
		fmt.Printf("%s - %v: %v minutes, %v %s %v\n", c.Feature, c.Kind, c.Quantity, cost, c.Currency, err)
	}
	// Output:
	// H100 Luxembourg-2 - Commit: 89280 minutes, 18600 EUR <nil>
	// H100 Luxembourg-2 - Overcommit: 44640 minutes, 14805.6 EUR <nil>
}
