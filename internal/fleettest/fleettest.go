// Package fleettest draws random customers for tests of reports: prices, commitments
// and usage of all types, and what to ask about them.
package fleettest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// October is the month that usage is drawn from; some of it juts out.
var October = costd.NewMonth(2026, time.October)

// maxDays is what the period of a cost report may have.
const maxDays = 31

// A Fleet is a client with what it runs, of few types, resources and names, so that
// some of them meet.
type Fleet struct {
	Client   int64
	Projects []int64
	Entries  costd.Entries // the client and two regions, prices and, in some fleets, commitments
	Usage    []costd.Usage

	types []costd.TypeInfo // of its usage
}

// Draw draws a fleet of the client.
func Draw(t *rapid.T, client int64) Fleet {
	f := Fleet{Client: client, Projects: []int64{client * 10, client*10 + 1, client*10 + 2}, types: costd.Types}
	if rapid.Bool().Draw(t, "few types") { // whose lines have more of the usage
		f.types = rapid.SliceOfN(rapid.SampledFrom(costd.Types), 1, 3).Draw(t, "types")
	}
	f.Entries = costd.Entries{
		Clients:     []costd.Client{{ID: client, Name: "random", Currency: "EUR", ShowPrices: true}},
		Regions:     []costd.Region{{ID: 1, Name: "North"}, {ID: 2, Name: "South"}},
		Prices:      drawPrices(t, client),
		Commitments: f.drawCommitments(t),
	}
	f.Usage = rapid.SliceOfN(rapid.Custom(f.drawUsage), 1, 30).Draw(t, "usage")
	for i := range f.Usage {
		f.Usage[i].ID = fmt.Sprint(i)
	}
	return f
}

// drawPrices draws prices of the client for some of the types, of which some
// change within the month.
func drawPrices(t *rapid.T, client int64) []costd.Price {
	var prices []costd.Price
	for _, info := range costd.Types {
		for range rapid.IntRange(0, 2).Draw(t, "prices") {
			prices = append(prices, costd.Price{
				Type: info.Type, Metric: string(info.Type) + "_metric", ClientID: client, Currency: "EUR",
				Feature: string(info.Type), Unit: "U",
				UnitSize:      decimal.FromInt(rapid.SampledFrom([]int64{1, 60, 43200, 7}).Draw(t, "unit size")),
				UnitPrice:     amount(t, "price", 6),
				EffectiveFrom: October.Period().From + costd.Day(rapid.Int32Range(-1, 20).Draw(t, "from")),
			})
		}
	}
	seen := map[string]bool{}
	unique := prices[:0]
	for _, p := range prices {
		if key := fmt.Sprint(p.Type, p.EffectiveFrom); !seen[key] {
			seen[key] = true
			unique = append(unique, p)
		}
	}
	return unique
}

// drawUsage draws a record that touches October, of one of few resources.
func (f Fleet) drawUsage(t *rapid.T) costd.Usage {
	info := rapid.SampledFrom(f.types).Draw(t, "type")
	from := October.Period().From.Time().Add(-2 * time.Hour)
	start := from.Add(time.Duration(rapid.Int64Range(0, int64(31*24*time.Hour)).Draw(t, "start")))
	u := costd.Usage{
		ClientID:   f.Client,
		ProjectID:  rapid.SampledFrom(f.Projects).Draw(t, "project"),
		RegionID:   rapid.Int64Range(1, 2).Draw(t, "region"),
		Type:       info.Type,
		ResourceID: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "resource"),
		Metric:     string(info.Type) + "_metric",
		Start:      start,
		End:        start.Add(time.Duration(rapid.Int64Range(1, int64(50*time.Hour)).Draw(t, "length"))),
		Name:       rapid.SampledFrom([]string{"", "web", "=db"}).Draw(t, "name"),
	}
	u.SetDimension(info.RowDimension, drawDimension(t, info))
	if team := rapid.SampledFrom([]string{"", "red", "Reds"}).Draw(t, "team"); team != "" {
		u.Tags = map[string]string{"team": team}
	}
	if info.Measure == costd.Stated {
		u.Quantity = pointer(amount(t, "quantity", 9))
	}
	if info.Measure == costd.SizeElapsed || rapid.Bool().Draw(t, "sized") {
		u.Size = pointer(amount(t, "size", 3))
	}
	return u
}

// drawCommitments draws commitments of some lines of a fleet, or none.
func (f Fleet) drawCommitments(t *rapid.T) []costd.Commitment {
	commitments := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) costd.Commitment {
		info := rapid.SampledFrom(f.types).Draw(t, "committed type")
		c := costd.Commitment{
			ClientID: f.Client, Type: info.Type, Metric: string(info.Type) + "_metric",
			RegionID: rapid.Int64Range(1, 2).Draw(t, "region"), Count: rapid.Int64Range(1, 3).Draw(t, "count"),
			Unit: "U", UnitSize: decimal.FromInt(60), UnitSizeMonth: decimal.FromInt(rapid.SampledFrom([]int64{1, 7, 744}).Draw(t, "unit size of a month")),
			UnitPrice:  amount(t, "unit price", 6),
			ActiveFrom: October.Period().From + costd.Day(rapid.Int32Range(-1, 20).Draw(t, "active from")),
		}
		if info.Dimension != "" {
			c.Dimension = drawDimension(t, info)
		}
		return c
	}), 0, 4).Draw(t, "commitments")
	for i := range commitments {
		commitments[i].ID = fmt.Sprintf("%d-%d", f.Client, i)
	}
	return commitments
}

// drawDimension draws one of the two flavors, or the like, that usage of the type has.
func drawDimension(t *rapid.T, info costd.TypeInfo) string {
	dimension := rapid.SampledFrom([]string{"small", "large"}).Draw(t, "dimension")
	if info.RowDimension == costd.FieldInstanceType {
		return map[string]string{"small": "vm", "large": "baremetal"}[dimension]
	}
	return dimension
}

// DrawQuery draws what to ask about a fleet: October or another period that usage
// may be in, all of it or what some filters select.
func (f Fleet) DrawQuery(t *rapid.T) costd.Query {
	q := costd.Query{ClientID: f.Client, Period: October.Period()}
	if rapid.Bool().Draw(t, "another period") {
		q.Period.From += costd.Day(rapid.Int32Range(-2, 31).Draw(t, "from"))
		q.Period.To = q.Period.From + costd.Day(rapid.Int32Range(0, maxDays).Draw(t, "days"))
	}
	some := func() bool { return rapid.IntRange(0, 3).Draw(t, "some") == 0 }
	types := rapid.Map(rapid.SampledFrom(f.types), func(i costd.TypeInfo) costd.Type { return i.Type })
	if some() {
		q.Regions = rapid.SliceOfN(rapid.Int64Range(1, 3), 1, 2).Draw(t, "regions")
	}
	if some() {
		q.Types = rapid.SliceOfN(types, 1, 12).Draw(t, "types")
	}
	if some() {
		info, _ := types.Draw(t, "filtered type").Info()
		fields := []costd.Field{costd.FieldType}
		if info.Type != costd.EgressTraffic && info.Type != costd.ExternalIP {
			fields = append(fields, costd.FieldUUID, costd.FieldLastName)
		}
		if info.RowDimension != "" {
			fields = append(fields, info.RowDimension)
		}
		q.Filter = &costd.Filter{
			Type: info.Type, Field: rapid.SampledFrom(fields).Draw(t, "field"),
			Values: []string{string(info.Type), "a", "b", "web", "large", "vm"},
		}
	}
	if some() {
		condition := costd.TagCondition{Key: "team", Value: rapid.SampledFrom([]string{"", "red"}).Draw(t, "team"), Strict: rapid.Bool().Draw(t, "strict")}
		q.Tags = &costd.TagFilter{Conditions: []costd.TagCondition{condition}}
	}
	return q
}

// amount draws a number of at most the given decimals, zero included.
func amount(t *rapid.T, label string, decimals int32) decimal.Decimal {
	d, err := decimal.New(rapid.Int64Range(0, 1_000_000_000).Draw(t, label), -rapid.Int32Range(0, decimals).Draw(t, label+" decimals"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func pointer[T any](v T) *T { return &v }
