package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"slices"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/decimal"
)

// serverURL returns the address of a server that these examples can run against: a
// whole costd, in this process, with the worked month of docs/semantics.md. A
// program says "http://127.0.0.1:8080", or os.Getenv("GCORE_BASE_URL").
func serverURL() string {
	s, err := shared()
	if err != nil {
		log.Fatal(err)
	}
	return s.url
}

// The snippet of the API reference: what a client used and owes in a month.
func Example() {
	c := client.New(serverURL(), "My API Key")
	report, err := c.MonthlyTotals(context.Background(), client.MonthlyTotalsRequest{
		YearMonth: costd.NewMonth(2026, time.October),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, row := range report.Results {
		r := row.Base()
		fmt.Println(r.FeatureName, r.BillingValue, r.Unit, r.Cost, r.Currency)
	}
	// Output:
	// AI Infrastructure: H100 Luxembourg-2 - Commit 89280 minutes 18600 EUR
	// AI Infrastructure: H100 Luxembourg-2 - Overcommit 15450 minutes 5124.25 EUR
}

// Costs of one team's GPU clusters, to the last digit.
func ExampleClient_MonthlyTotals() {
	c := client.New(serverURL(), "My API Key")
	report, err := c.MonthlyTotals(context.Background(), client.MonthlyTotalsRequest{
		YearMonth: costd.NewMonth(2026, time.October),
		Types:     []costd.Type{costd.AICluster},
		Tags:      &client.TagFilter{Conditions: []client.TagCondition{{Key: "team", Value: "robotics"}}},
		Rounding:  new(false),
	})
	if err != nil {
		log.Fatal(err)
	}
	var total decimal.Decimal
	for _, row := range report.Results {
		if total, err = total.Add(*row.Base().Cost); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(total)
	// Output: 3853.916666666666666666
}

// A period of any days, at pay-as-you-go prices.
func ExampleClient_CostTotals() {
	c := client.New(serverURL(), "My API Key")
	report, err := c.CostTotals(context.Background(), client.CostTotalsRequest{
		TimeFrom:      time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC),
		TimeTo:        time.Date(2026, 10, 7, 0, 0, 0, 0, time.UTC),
		EnableLastDay: true,
		SchemaFilter:  client.FilterAIClusterLastName.In("train-a", "train-b"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Count, report.PriceStatus, report.Results[0].Base().Cost)
	// Output: 1 show 6686.4
}

// What each resource cost, page after page, told apart by its Go type.
func ExampleClient_AllCostResources() {
	c := client.New(serverURL(), "My API Key")
	rows := c.AllCostResources(context.Background(), client.CostResourcesRequest{
		TimeFrom: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC),
		TimeTo:   time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		OrderBy:  []client.Order{client.OrderBillingValueDesc, client.OrderLastNameAsc},
	})
	for row, err := range rows {
		if err != nil {
			log.Fatal(err)
		}
		switch r := row.(type) {
		case *client.AICluster:
			fmt.Println(r.LastName, r.Flavor, r.Tags["team"], r.Cost)
		case *client.Volume:
			fmt.Println(r.LastName, r.VolumeType, r.LastSize, r.Cost)
		default:
			fmt.Println(r.Base().Type, r.Dimension(), r.Base().Cost)
		}
	}
	// Output:
	// train-a h100 research 14805.6
	// train-b h100 research 14805.6
	// train-c h100 robotics 5124.25
}

// A file for a spreadsheet, read while it arrives; io.Copy would save it.
func ExampleClient_CostResourcesCSV() {
	c := client.New(serverURL(), "My API Key")
	file, err := c.CostResourcesCSV(context.Background(), client.CostResourcesRequest{
		TimeFrom: time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC),
		TimeTo:   time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		OrderBy:  []client.Order{client.OrderLastNameDesc},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.Name)
	for record, err := range file.Records() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(record[0], record[1], record[4], record[16], record[17])
	}
	// Output:
	// cost-resources-2026-10-31-2026-11-01.csv
	// Service UUID Service_name Cost Currency
	// ai_cluster C train-c 477.6 EUR
	// ai_cluster B train-b 477.6 EUR
	// ai_cluster A train-a 477.6 EUR
}

// What was used, without money.
func ExampleClient_UsageReport() {
	c := client.New(serverURL(), "My API Key")
	report, err := c.UsageReport(context.Background(), client.UsageRequest{
		TimeFrom: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC),
		TimeTo:   time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Limit:    2,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d of %d resources\n", len(report.Resources), report.Count)
	for _, row := range report.Totals {
		fmt.Println(row.Base().Metric, row.Base().BillingValue, row.Base().Unit)
	}
	// Output:
	// 2 of 3 resources
	// h100_min 104730 minutes
}

// What a client has committed to.
func ExampleClient_Reservations() {
	c := client.New(serverURL(), "My API Key")
	reservations, err := c.Reservations(context.Background(), client.ReservationsRequest{
		TimeFrom: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC),
		TimeTo:   time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range reservations {
		fmt.Println(r.ResourceCount, r.ResourceName, r.Commit.PricePerUnit, r.ActiveOvercommit.PricePerUnit, r.UnitName)
	}
	// Output: 2 h100 12.5 19.9 H
}

// The neighbors of the reports: who asks, and where.
func ExampleClient_Account() {
	ctx := context.Background()
	c := client.New(serverURL(), "My API Key")
	account, err := c.Account(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(account.ID, account.Name)
	for project, err := range c.AllProjects(ctx, client.ProjectsRequest{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(project.ID, project.Name)
	}
	for region, err := range c.AllRegions(ctx, client.RegionsRequest{DisplayName: "Luxembourg-2"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(region.ID, region.DisplayName)
	}
	// Output:
	// 7001 Acme
	// 7501 training
	// 76 Luxembourg-2
}

// What a server refuses, and why.
func ExampleError() {
	c := client.New(serverURL(), "My API Key")
	_, err := c.CostTotals(context.Background(), client.CostTotalsRequest{
		TimeFrom: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC),
		TimeTo:   time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
	})
	if e, ok := errors.AsType[*client.Error](err); ok {
		fmt.Println(e.StatusCode, e.ExceptionClass, errors.Is(err, client.ErrInvalid))
		for _, field := range slices.Sorted(maps.Keys(e.InvalidFields)) {
			fmt.Println(field, e.InvalidFields[field])
		}
	}
	// Output:
	// 400 ValidationError true
	// time_to [the period has 61 days; at most 31 are allowed]
}

// A client that is patient, and says who it is.
func ExampleNew() {
	c := client.New(serverURL(), "My API Key",
		client.WithUserAgent("nightly-billing/2.1"),
		client.WithMaxRetries(8),
		client.WithRetryWait(time.Second, 2*time.Minute),
	)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	account, err := c.Account(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(account.Name)
	// Output: Acme
}
