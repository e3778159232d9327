package report_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/decimal"
	"costd.dev/costd/ingest"
	"costd.dev/costd/report"
)

// priced is a catalog of two clients, of whom the second may not see prices. The metric m
// has a price in October, and the metric n has none.
var priced = costd.Entries{
	Clients: []costd.Client{{ID: 1, Name: "a", Currency: "EUR", ShowPrices: true}, {ID: 2, Name: "b", Currency: "EUR"}},
	Prices: []costd.Price{{Type: costd.Instance, Metric: "m", Currency: "EUR", Unit: "H", UnitSize: decimal.FromInt(60),
		UnitPrice: decimal.FromInt(1), EffectiveFrom: costd.NewDay(2026, time.October, 1)}},
}

// hour is an hour of a resource, named after its metric.
func hour(client int64, metric string) costd.Usage {
	start := time.Date(2026, time.October, 10, 0, 0, 0, 0, time.UTC)
	return costd.Usage{ID: metric, ClientID: client, ProjectID: 1, RegionID: 1, Type: costd.Instance, ResourceID: metric, Metric: metric,
		Start: start, End: start.Add(time.Hour)}
}

// A page shows the price status of the state that its count and rows are of, while usage
// without a price comes and goes.
func TestStatusAndPageAreOfOneState(t *testing.T) {
	db := openStore(t)
	service := &report.Service{Usage: db, Catalog: db}
	if _, err := (&catalog.Service{Store: db}).Apply(t.Context(), priced); err != nil {
		t.Fatal(err)
	}
	write := func(usage costd.Usage) {
		if r, err := (&ingest.Service{Store: db}).Write(t.Context(), []costd.Usage{usage}); err != nil || len(r.Rejected) > 0 {
			t.Error(r, err)
		}
	}
	write(hour(1, "m"))
	done := make(chan struct{})
	var writer sync.WaitGroup
	defer writer.Wait()
	writer.Go(func() {
		defer close(done)
		for range 60 {
			unpriced := hour(1, "n")
			write(unpriced)
			unpriced.Deleted = true
			write(unpriced)
		}
	})
	// The second query is over a month's end, so that the store asks its database.
	periods := []costd.Period{october.Period(), {From: october.Period().From - 5, To: october.Period().From + 20}}
	for round := 0; ; round++ {
		select {
		case <-done:
			return
		default:
		}
		q := costd.Query{ClientID: 1, Period: periods[round%2]}
		page, err := service.CostResources(t.Context(), q, costd.Page{Limit: 1}) // of the row with a price
		if err != nil {
			t.Fatal(err)
		}
		rowsOf(t, page)
		if want := map[int]report.PriceStatus{1: report.PricesShown, 2: report.PricesFailed}[page.Count]; page.Status() != want {
			t.Fatalf("a page of %d rows has the price status %q, want %q", page.Count, page.Status(), want)
		}
	}
}

// A client that may not see prices does not learn which are missing either: an error
// names the currency and the day that lacks a price.
func TestHiddenPricesHideErrors(t *testing.T) {
	usage := []costd.Usage{hour(1, "n"), hour(2, "n")}
	service := serve(t, priced, usage)
	for _, client := range priced.Clients {
		q := costd.Query{ClientID: client.ID, Period: october.Period()}
		costs, err := service.Costs(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		monthly, err := service.Monthly(t.Context(), report.MonthlyRequest{ClientID: client.ID, Month: october})
		if err != nil {
			t.Fatal(err)
		}
		whole, page := resourcesOf(t, service, q, costd.Page{}), resourcesOf(t, service, q, costd.Page{Limit: 1})
		for name, got := range map[string]answer{
			"costs": {costs.Charges, costs.Status}, "the month": {monthly.Charges, monthly.Status},
			"resources": whole, "a page of resources": page,
		} {
			if client.ShowPrices {
				got.lacksPrice(t, name)
			} else {
				got.hidesPrices(t, name)
			}
		}
	}
}

// An answer is what a report says of prices.
type answer struct {
	charges []costd.Charge
	status  report.PriceStatus
}

func resourcesOf(t *testing.T, service *report.Service, q costd.Query, p costd.Page) (a answer) {
	t.Helper()
	resources, err := service.CostResources(t.Context(), q, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rowsOf(t, resources) {
		a.charges = append(a.charges, row.Charge)
	}
	a.status = resources.Status()
	return a
}

// lacksPrice complains unless a is one row that says which price is missing.
func (a answer) lacksPrice(t *testing.T, name string) {
	t.Helper()
	if a.status != report.PricesFailed || len(a.charges) != 1 {
		t.Fatalf("%s: price status %q, %d rows; want error, 1", name, a.status, len(a.charges))
	}
	if c := a.charges[0]; c.Cost != nil || !strings.Contains(c.Err, "no price for n") {
		t.Errorf("%s: cost %v, error %q; want none, and that n has no price", name, c.Cost, c.Err)
	}
}

// hidesPrices complains unless a is one row that says how much was used, and no more.
func (a answer) hidesPrices(t *testing.T, name string) {
	t.Helper()
	if a.status != report.PricesHidden || len(a.charges) != 1 {
		t.Fatalf("%s: price status %q, %d rows; want hide, 1", name, a.status, len(a.charges))
	}
	if c := a.charges[0]; c.Cost != nil || c.Currency != "" || c.Err != "" || !c.Quantity.Equal(decimal.FromInt(60).Rational()) {
		t.Errorf("%s: quantity %v, cost %v, currency %q, error %q; want 60 and nothing else", name, c.Quantity, c.Cost, c.Currency, c.Err)
	}
}

// A page that begins behind the rows without a price still says that the report has some,
// also where it has no end.
func TestStatusOfAPageWithoutEnd(t *testing.T) {
	unpriced := hour(1, "n")
	unpriced.Start = unpriced.Start.Add(-time.Hour)
	unpriced.End = unpriced.End.Add(-time.Hour)
	s := serve(t, priced, []costd.Usage{hour(1, "m"), unpriced})
	page := costd.Page{Offset: 1, OrderBy: []costd.SortKey{{By: costd.SortFirstSeen}}}
	resources, err := s.CostResources(t.Context(), costd.Query{ClientID: 1, Period: october.Period()}, page)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for row, err := range resources.Rows {
		if rows++; err != nil || row.Usage.ResourceID != "m" {
			t.Errorf("row of %s, %v; want m alone", row.Usage.ResourceID, err)
		}
	}
	if status := resources.Status(); rows != 1 || status != report.PricesFailed {
		t.Errorf("%d rows, price status %q; want 1, error", rows, status)
	}
}
