package storetest

import (
	"math/big"
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"

	"pgregory.net/rapid"
)

// testModel writes random batches and compares every outcome, and after each batch
// what Lines and Resources answer to a random query, with the oracle. The pools of
// values are small, so that records meet: same identities, same ends, resources
// that change.
func testModel(t *testing.T, s Stores) {
	// Each run of the property has clients of its own in the one database.
	clients := int64(0)
	rapid.Check(t, func(t *rapid.T) {
		clients += 2
		g := generator{t, clients}
		o := newOracle()
		for range rapid.IntRange(1, 5).Draw(t, "batches") {
			batch := rapid.SliceOfN(rapid.Custom(g.record), 0, 12).Draw(t, "batch")
			got, err := s.Usage.Write(t.Context(), batch)
			if err != nil {
				t.Fatalf("Write: %v", err)
			}
			if want := o.write(batch); !slices.Equal(got, want) {
				t.Fatalf("Write: outcomes %v, want %v", got, want)
			}
			// In between too, as what a store has read it may keep to add the next batch to.
			agree(t, t.Context(), s, o, rapid.Custom(g.query).Draw(t, "query"), rapid.Custom(g.page).Draw(t, "page"))
		}
	})
}

// A generator draws values for two clients.
type generator struct {
	*rapid.T
	client int64
}

func pick[T any](t *rapid.T, what string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, what)
}

var (
	someTypes     = []costd.Type{costd.Instance, costd.Volume, costd.Backup, costd.Inference, costd.EgressTraffic, costd.FileShare, costd.Image}
	someResources = []string{"r", "R", "r ", "ré", "r\x00", "~"}
	someNames     = []string{"", "web", "Web", "wéb", "ŵ", "z\x00"}
	someTexts     = []string{"", "Straße", "ÄRGER", "ärger", "σ", "Σ", "50%", "a_b", `"q"`, "x"}
	someKeys      = []string{"os", "OS", "größe", `k"\`, "<&>"}
)

func (g generator) record(t *rapid.T) costd.Record {
	start := today.Time().Add(time.Duration(rapid.IntRange(-30, 30).Draw(t, "hour")) * time.Hour)
	start = start.Add(time.Duration(pick(t, "nanoseconds", 0, 0, 1, 999_999_999)))
	end := start.Add(time.Duration(pick(t, "duration", 1, int64(time.Hour), int64(time.Hour), int64(30*time.Hour), int64(72*time.Hour))))
	if rapid.Bool().Draw(t, "aligned") {
		end = costd.DayOf(end).Time().Add(24 * time.Hour) // so that several records end together
	}
	text := func(what string) string { return pick(t, what, someTexts...) }
	r := costd.Record{
		Usage: costd.Usage{
			ID: pick(t, "id", "", "", "1", "2", "2 ", "é"), ClientID: pick(t, "client", g.client, g.client, g.client, g.client+1),
			ProjectID: pick[int64](t, "project", 1, 2), RegionID: pick[int64](t, "region", 7, 8),
			Type: pick(t, "type", someTypes...), ResourceID: pick(t, "resource", someResources...), Metric: pick(t, "metric", "m", "M"),
			Start: start, End: end, Flavor: text("flavor"), Name: pick(t, "name", someNames...),
			Size: pick(t, "size", nil, size("10"), size("10.5"), size("12345678901234567890.123456789")),
			Tags: rapid.MapOfN(rapid.SampledFrom(someKeys), rapid.SampledFrom(someTexts), 0, 3).Draw(t, "tags"),
			Attributes: costd.Attributes{
				VolumeType: text("volume type"), FileShareType: text("file share type"), InstanceType: text("instance type"),
				AttachedToVM: text("attached"), ScheduleID: text("schedule"), SizeUnit: pick(t, "size unit", "", "bytes", "GiB"),
			},
		},
		Parts: split(start, end),
	}
	for i := range r.Parts {
		r.Parts[i].Quantity = g.quantity(t)
	}
	if rapid.IntRange(0, 5).Draw(t, "delete") == 0 {
		return deletion(r)
	}
	return r
}

// quantity draws one on any grid, small, equal to one on another grid, or so large
// that no sum of a test overflows but a float would be wrong.
func (g generator) quantity(t *rapid.T) costd.Quantity {
	units := big.NewInt(rapid.Int64Range(0, 3).Draw(t, "units"))
	grid := costd.Grid(rapid.IntRange(0, int(costd.GridFinest)).Draw(t, "grid"))
	switch rapid.IntRange(0, 2).Draw(t, "magnitude") {
	case 1:
		units.Mul(units, grid.Denominator())
	case 2:
		large, _ := new(big.Int).SetString("99999999999999999999999999999999999", 10) // 35 digits
		units.Add(units, large)
	}
	return costd.Quantity{Units: units, Grid: grid}
}

func size(s string) *decimal.Decimal {
	d := decimal.MustParse(s)
	return &d
}

func (g generator) query(t *rapid.T) costd.Query {
	q := costd.Query{ClientID: g.client, Period: october}
	if rapid.Bool().Draw(t, "short") {
		from := today + costd.Day(rapid.IntRange(-2, 2).Draw(t, "from"))
		q.Period = costd.Period{From: from, To: from + costd.Day(rapid.IntRange(0, 2).Draw(t, "days"))}
	}
	some := func(what string) bool { return rapid.IntRange(0, 3).Draw(t, what) == 0 }
	if some("by region") {
		q.Regions = pick(t, "regions", []int64{7}, []int64{7, 8}, []int64{9})
	}
	if some("by type") {
		q.Types = rapid.SliceOfN(rapid.SampledFrom(someTypes), 1, 4).Draw(t, "types")
	}
	if some("by project") {
		q.Projects = pick(t, "projects", []int64{1}, []int64{1, 2})
	}
	if rapid.Bool().Draw(t, "filtered") {
		q.Filter = g.filter(t)
	}
	if rapid.Bool().Draw(t, "tagged") {
		q.Tags = &costd.TagFilter{All: rapid.Bool().Draw(t, "all"), Conditions: rapid.SliceOfN(rapid.Custom(condition), 0, 3).Draw(t, "conditions")}
	}
	return q
}

func (g generator) filter(t *rapid.T) *costd.Filter {
	f := &costd.Filter{Type: pick(t, "filter type", someTypes...), Field: pick(t, "field",
		costd.FieldType, costd.FieldUUID, costd.FieldFlavor, costd.FieldVolumeType, costd.FieldFileShareType, costd.FieldInstanceType,
		costd.FieldLastName, costd.FieldLastSize, costd.FieldAttachedToVM, costd.FieldScheduleID)}
	values := slices.Concat(someTexts, someNames, someResources, []string{"0", "10", "10.5", "10.50", "1e1", "11274289152", string(f.Type)})
	f.Values = rapid.SliceOfN(rapid.SampledFrom(values), 1, 20).Draw(t, "values")
	return f
}

func condition(t *rapid.T) costd.TagCondition {
	return costd.TagCondition{
		Key:    pick(t, "tag key", slices.Concat([]string{"", ""}, someKeys)...),
		Value:  pick(t, "tag value", slices.Concat([]string{"ä", "ss", "R"}, someTexts)...),
		Strict: rapid.Bool().Draw(t, "strict"),
	}
}

func (g generator) page(t *rapid.T) costd.Page {
	fields := []costd.SortField{costd.SortBillingValue, costd.SortFirstSeen, costd.SortLastName, costd.SortLastSeen,
		costd.SortProject, costd.SortRegion, costd.SortType}
	p := costd.Page{Offset: rapid.IntRange(0, 5).Draw(t, "offset"), Limit: rapid.IntRange(0, 5).Draw(t, "limit")}
	for _, by := range rapid.SliceOfN(rapid.SampledFrom(fields), 0, 3).Draw(t, "order") {
		p.OrderBy = append(p.OrderBy, costd.SortKey{By: by, Descending: rapid.Bool().Draw(t, "descending")})
	}
	return p
}
