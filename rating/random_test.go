package rating_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// randomLedger draws a month of one client with whatever can happen in it. Its
// lines, days and numbers are few, so that prices, commitments and usage meet.
func randomLedger(t *rapid.T) ledger {
	l := ledger{
		client: 1,
		month: rapid.SampledFrom([]costd.Month{
			costd.NewMonth(2026, time.October), costd.NewMonth(2027, time.February), costd.NewMonth(2026, time.November),
		}).Draw(t, "month"),
	}
	l.entries.Clients = []costd.Client{{ID: 1, Currency: "EUR"}, {ID: 2, Currency: "EUR"}}
	l.entries.Regions = []costd.Region{{ID: 1, Name: "One"}}
	for i := range rapid.IntRange(0, 10).Draw(t, "prices") {
		l.entries.Prices = append(l.entries.Prices, l.randomPrice(t, i))
	}
	l.entries.Prices = withoutTwins(l.entries.Prices)
	for i := range rapid.IntRange(0, 5).Draw(t, "commitments") {
		l.entries.Commitments = append(l.entries.Commitments, l.randomCommitment(t, i))
	}
	l.records = l.randomRecords(t, l.month.Period())
	return l
}

func (l ledger) randomPrice(t *rapid.T, i int) costd.Price {
	line := randomLine(t)
	return costd.Price{
		Type:          line.Type,
		Metric:        line.Metric,
		RegionID:      rapid.SampledFrom([]int64{0, 1, 1, 2}).Draw(t, "price region"),
		ClientID:      rapid.SampledFrom([]int64{0, 0, 1, 2}).Draw(t, "price client"),
		Currency:      rapid.SampledFrom([]string{"EUR", "EUR", "EUR", "USD"}).Draw(t, "currency"),
		Feature:       rapid.SampledFrom([]string{"", fmt.Sprint("price ", i), fmt.Sprintf("{region} %d {region}", i)}).Draw(t, "feature"),
		UnitSize:      randomNumber(t, "unit size", "1", "60", "43200", "7", "0.5"),
		UnitPrice:     randomNumber(t, "unit price", "0", "1", "19.90", "0.000000001", "3.333333333"),
		EffectiveFrom: l.randomDay(t, "effective from"),
	}
}

func (l ledger) randomCommitment(t *rapid.T, i int) costd.Commitment {
	line := randomLine(t)
	c := costd.Commitment{
		ID:            fmt.Sprintf("c%d", (i*7+3)%10),
		ClientID:      rapid.SampledFrom([]int64{1, 1, 1, 2}).Draw(t, "commitment client"),
		Type:          line.Type,
		Metric:        line.Metric,
		RegionID:      line.RegionID,
		Dimension:     line.Dimension,
		Count:         int64(rapid.IntRange(0, 3).Draw(t, "count")),
		UnitSize:      randomNumber(t, "unit size", "1", "60", "0.7"),
		UnitSizeMonth: randomNumber(t, "unit size month", "0", "1.5", "7", "31", "744"),
		UnitPrice:     randomNumber(t, "unit price", "0", "12.50", "0.123456789"),
		ActiveFrom:    l.randomDay(t, "active from"),
	}
	if days := rapid.IntRange(-10, 40).Draw(t, "active days"); days > 0 {
		to := c.ActiveFrom + costd.Day(days)
		c.ActiveTo = &to
	}
	if rapid.Bool().Draw(t, "has a fee") {
		fee := randomNumber(t, "fee", "0", "1000", "99.99")
		c.PricePerMonth = &fee
	}
	if rapid.Bool().Draw(t, "has an overcommit price") {
		over := randomNumber(t, "overcommit", "0", "19.90", "0.1")
		c.OvercommitUnitPrice = &over
	}
	if rapid.IntRange(0, 3).Draw(t, "has a feature") == 0 {
		c.Feature = fmt.Sprintf("commitment %d {region}", i)
	}
	return c
}

func (l ledger) randomRecords(t *rapid.T, days costd.Period) []record {
	records := make([]record, rapid.IntRange(0, 25).Draw(t, "records"))
	for i := range records {
		records[i] = record{
			line:     randomLine(t),
			resource: rapid.SampledFrom([]string{"A", "B", "C", "D"}).Draw(t, "resource"),
			day:      days.From + costd.Day(rapid.IntRange(0, days.Days()-1).Draw(t, "day")),
			quantity: randomQuantity(t),
		}
	}
	return records
}

// randomDay is in the month or a little outside.
func (l ledger) randomDay(t *rapid.T, label string) costd.Day {
	days := l.month.Period()
	return days.From + costd.Day(rapid.IntRange(-12, days.Days()+3).Draw(t, label))
}

func randomLine(t *rapid.T) costd.Line {
	line := costd.Line{
		Type:     rapid.SampledFrom([]costd.Type{costd.AICluster, costd.AICluster, costd.Backup}).Draw(t, "type"),
		RegionID: rapid.SampledFrom([]int64{1, 1, 2}).Draw(t, "region"),
		Metric:   rapid.SampledFrom([]string{"m", "m", "n"}).Draw(t, "metric"),
	}
	if line.Type == costd.AICluster {
		line.Dimension = rapid.SampledFrom([]string{"small", "small", "large"}).Draw(t, "flavor")
	}
	return line
}

func randomQuantity(t *rapid.T) decimal.Rational {
	num := rapid.Int64Range(0, 2000).Draw(t, "quantity")
	return decimal.Fraction(num, rapid.SampledFrom([]int64{1, 1, 6, 60_000_000_000}).Draw(t, "parts"))
}

func randomNumber(t *rapid.T, label string, numbers ...string) decimal.Decimal {
	return decimal.MustParse(rapid.SampledFrom(numbers).Draw(t, label))
}

// withoutTwins leaves out prices with the same key as an earlier one, which a
// catalog cannot hold.
func withoutTwins(prices []costd.Price) []costd.Price {
	type key struct {
		typ              costd.Type
		metric, currency string
		region, client   int64
		from             costd.Day
	}
	seen := map[key]bool{}
	return slices.DeleteFunc(prices, func(p costd.Price) bool {
		k := key{p.Type, p.Metric, p.Currency, p.RegionID, p.ClientID, p.EffectiveFrom}
		twin := seen[k]
		seen[k] = true
		return twin
	})
}
