package report_test

import (
	"context"
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/decimal"
	"costd.dev/costd/ingest"
	"costd.dev/costd/internal/fleettest"
	"costd.dev/costd/report"
)

// billsOf returns the bills of October of clients with ids above after.
func billsOf(t rapid.TB, service *report.Service, after int64) (bills []report.Bill) {
	t.Helper()
	for bill, err := range service.Bills(context.Background(), october, after) {
		if err != nil {
			t.Fatal(err)
		}
		bills = append(bills, bill)
	}
	return bills
}

// addedUp says in one text what the rows of a monthly report are as a bill, each rounded
// half to even to five decimals by arithmetic of its own.
func addedUp(rows []costd.Charge) string {
	var sums [3]*big.Int // of cost x 10^5
	var missing [3]bool
	failed, reason := 0, ""
	for i := range sums {
		sums[i] = new(big.Int)
	}
	for _, row := range rows {
		if row.Cost == nil {
			missing[row.Kind] = true
			if failed++; failed == 1 {
				reason = row.Err
			}
			continue
		}
		cost, _ := new(big.Rat).SetString(row.Cost.String())
		cost.Mul(cost, big.NewRat(100_000, 1))
		twice := new(big.Int).Mul(cost.Num(), big.NewInt(2))
		twice.Add(twice, cost.Denom())
		shown, rest := new(big.Int).QuoRem(twice, new(big.Int).Mul(cost.Denom(), big.NewInt(2)), new(big.Int))
		if rest.Sign() == 0 && shown.Bit(0) == 1 { // a tie went up to an odd number
			shown.Sub(shown, big.NewInt(1))
		}
		sums[row.Kind].Add(sums[row.Kind], shown)
	}
	text, total := "", new(big.Int)
	for i, sum := range sums {
		total.Add(total, sum)
		if missing[i] {
			text += "none "
		} else {
			text += new(big.Rat).SetFrac(sum, big.NewInt(100_000)).RatString() + " "
		}
	}
	if failed > 0 {
		return fmt.Sprint(text, "= none, ", len(rows), " rows, ", failed, " failed: ", reason)
	}
	return fmt.Sprint(text, "= ", new(big.Rat).SetFrac(total, big.NewInt(100_000)).RatString(), ", ", len(rows), " rows, 0 failed: ")
}

// said says a bill as addedUp does.
func said(b report.Bill) string {
	number := func(d *decimal.Decimal) string {
		if d == nil {
			return "none"
		}
		return d.Rational().String()
	}
	return fmt.Sprint(number(b.Kinds[costd.Commit]), " ", number(b.Kinds[costd.Overcommit]), " ", number(b.Kinds[costd.PAYG]), " = ", number(b.Total),
		", ", b.Rows, " rows, ", b.Errors, " failed: ", b.Err)
}

// The bills of random clients are their monthly reports added up, whatever was remembered
// before usage and catalog changed.
func TestBillsAreTheMonthlyReports(t *testing.T) {
	l := newLab(t)
	seen := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		f := l.fleet(t)
		for range 3 {
			bills := billsOf(t, l.service, f.Client-1)
			if len(bills) != 1 || bills[0].Client.ID != f.Client || bills[0].State != report.MonthOpen || bills[0].Month != october {
				t.Fatalf("%d bills: %+v", len(bills), bills)
			}
			monthly, err := l.service.Monthly(context.Background(), report.MonthlyRequest{ClientID: f.Client, Month: october})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := said(bills[0]), addedUp(monthly.Charges); got != want {
				t.Fatalf("the bill is    %s\nthe report says %s", got, want)
			}
			seen[bills[0].Total != nil]++
			if again := billsOf(t, l.service, f.Client-1); said(again[0]) != said(bills[0]) {
				t.Fatalf("asked again: %s, before %s", said(again[0]), said(bills[0]))
			}
			l.change(t, f)
		}
	})
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("with a total and without: %v", seen)
	}
}

// change changes the usage of a fleet or what the catalog has for it.
func (l *lab) change(t *rapid.T, f fleettest.Fleet) {
	if rapid.Bool().Draw(t, "usage changes") {
		u := f.Usage[0]
		u.ID, u.Start = "more", u.Start.Add(-1)
		if _, err := (&ingest.Service{Store: l.db}).Write(context.Background(), []costd.Usage{u}); err != nil {
			t.Fatal(err)
		}
		return
	}
	var change costd.Entries
	for _, p := range f.Entries.Prices {
		p.UnitPrice = decimal.FromInt(rapid.Int64Range(1, 9).Draw(t, "another price"))
		change.Prices = append(change.Prices, p)
	}
	l.apply(t, change)
}

// All clients have a bill, in the order of their ids: those without usage, and those whose
// prices are hidden, whose costs the operator sees all the same.
func TestEveryClientHasABill(t *testing.T) {
	start := october.Period().From.Time()
	hour := func(client int64) costd.Usage {
		return costd.Usage{ClientID: client, ProjectID: 1, RegionID: 1, Type: costd.FloatingIP, ResourceID: "r", Metric: "m", Start: start, End: start.Add(1e9 * 3600)}
	}
	service := serve(t, costd.Entries{
		Clients: []costd.Client{{ID: 3, Name: "hidden", Currency: "EUR"}, {ID: 1, Name: "idle", Currency: "USD", ShowPrices: true}, {ID: 9, Name: "unpriced", Currency: "USD"}},
		Prices:  []costd.Price{{Type: costd.FloatingIP, Metric: "m", Currency: "EUR", Unit: "H", UnitSize: decimal.FromInt(60), UnitPrice: decimal.MustParse("0.5")}},
	}, []costd.Usage{hour(3), hour(9)})
	want := []string{
		"1 idle: 0 0 0 = 0, 0 rows, 0 failed: ",
		"3 hidden: 0 0 1/2 = 1/2, 1 rows, 0 failed: ",
		"9 unpriced: 0 0 none = none, 1 rows, 1 failed: no price for m in region 1 in USD on 2026-10-01",
	}
	for after, from := range map[int64]int{0: 0, 1: 1, 2: 1, 3: 2, 8: 2, 9: 3, 10: 3} {
		var got []string
		for _, b := range billsOf(t, service, after) {
			got = append(got, fmt.Sprintf("%d %s: %s", b.Client.ID, b.Client.Name, said(b)))
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want[from:]) {
			t.Errorf("after %d:\n%q, want\n%q", after, got, want[from:])
		}
	}
}

// A client with numbers that nothing can hold has no sums, and leaves the others theirs.
func TestABillThatOverflows(t *testing.T) {
	most := decimal.MustParse("99999999999999999999")
	service := serve(t, costd.Entries{
		Clients: []costd.Client{{ID: 1, Name: "a", Currency: "EUR"}, {ID: 2, Name: "b", Currency: "EUR"}},
		Regions: []costd.Region{{ID: 1, Name: "r"}},
		Commitments: []costd.Commitment{{
			ID: "c", ClientID: 1, Type: costd.FloatingIP, Metric: "m", RegionID: 1, Count: 1e9, Unit: "H",
			UnitSize: decimal.FromInt(60), UnitSizeMonth: most, UnitPrice: most,
		}},
	}, nil)
	bills := billsOf(t, service, 0)
	if len(bills) != 2 || bills[0].Total != nil || bills[0].Errors != 1 || bills[0].Err == "" || bills[1].Total == nil {
		t.Errorf("%+v", bills)
	}
}

// BenchmarkBills lists the bills of 1,000 clients with 20 lines each: made anew from
// aggregates in memory, and remembered.
//
//	go test -run '^$' -bench Bills ./report
func BenchmarkBills(b *testing.B) {
	service, change := billedClients(b, 1000)
	list := func() {
		n := 0
		for _, err := range service.Bills(b.Context(), october, 0) {
			if n++; err != nil {
				b.Fatal(err)
			}
		}
		if n != 1000 {
			b.Fatal(n)
		}
	}
	list()
	b.Run("anew", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			change()
			b.StartTimer()
			list()
		}
	})
	b.Run("remembered", func(b *testing.B) {
		for b.Loop() {
			list()
		}
	})
}

// billedClients returns a service for so many clients, and what changes the catalog for
// all of them.
func billedClients(b *testing.B, n int64) (*report.Service, func()) {
	db := openStore(b)
	var entries costd.Entries
	var usage []costd.Usage
	start := october.Period().From.Time()
	for client := int64(1); client <= n; client++ {
		entries.Clients = append(entries.Clients, costd.Client{ID: client, Name: fmt.Sprint("client ", client), Currency: "EUR"})
		for line := range 20 {
			for day := range 2 {
				from := start.AddDate(0, 0, day*9)
				usage = append(usage, costd.Usage{
					ClientID: client, ProjectID: client, RegionID: 1, Type: costd.Instance, ResourceID: fmt.Sprint("r", line), Flavor: fmt.Sprint("f", line),
					Metric: fmt.Sprint("m", line), Start: from, End: from.AddDate(0, 0, 6),
				})
			}
		}
	}
	price := func(of string, cents int64) costd.Price {
		unit, err := decimal.New(cents, -2)
		if err != nil {
			b.Fatal(err)
		}
		return costd.Price{Type: costd.Instance, Metric: of, Currency: "EUR", Unit: "H", UnitSize: decimal.FromInt(60), UnitPrice: unit}
	}
	for line := range 20 {
		entries.Prices = append(entries.Prices, price(fmt.Sprint("m", line), 10))
	}
	apply := func(e costd.Entries) {
		if _, err := (&catalog.Service{Store: db}).Apply(context.Background(), e); err != nil {
			b.Fatal(err)
		}
	}
	apply(entries)
	for len(usage) > 0 {
		part := usage[:min(len(usage), 20_000)]
		if _, err := (&ingest.Service{Store: db}).Write(context.Background(), part); err != nil {
			b.Fatal(err)
		}
		usage = usage[len(part):]
	}
	cents := int64(10)
	return &report.Service{Usage: db, Catalog: db}, func() {
		cents++
		apply(costd.Entries{Prices: []costd.Price{price("m0", cents)}})
	}
}
