package report_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"pgregory.net/rapid"

	"costd"
	"costd/decimal"
	"costd/ingest"
	"costd/report"
	"costd/store/duckdb"
)

// october is the month of random fleets.
var october = costd.NewMonth(2026, time.October)

// openStore opens an empty embedded store.
func openStore(t *testing.T) *duckdb.DB {
	t.Helper()
	db, err := duckdb.Open(t.Context(), duckdb.Options{Path: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// A lab makes random fleets, each of a client of its own, in one store.
type lab struct {
	db      *duckdb.DB
	service *report.Service
	clients int64
}

func newLab(t *testing.T) *lab {
	db := openStore(t)
	return &lab{db: db, service: &report.Service{Usage: db, Catalog: db}}
}

// fleet draws a client with prices and usage, and returns the client's id and its
// projects.
func (l *lab) fleet(t *rapid.T) (client int64, projects []int64) {
	l.clients++
	client = 1000 + l.clients
	projects = []int64{client * 10, client*10 + 1, client*10 + 2}
	l.apply(t, costd.Entries{
		Clients: []costd.Client{{ID: client, Name: "random", Currency: "EUR", ShowPrices: true}},
		Prices:  drawPrices(t, client),
	})
	usage := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) costd.Usage {
		return drawUsage(t, client, projects)
	}), 1, 30).Draw(t, "usage")
	for i := range usage {
		usage[i].ID = fmt.Sprint(i)
	}
	result, err := (&ingest.Service{Store: l.db}).Write(context.Background(), usage)
	if err != nil || len(result.Rejected) > 0 {
		t.Fatalf("%v, rejected %v", err, result.Rejected)
	}
	return client, projects
}

func (l *lab) apply(t *rapid.T, change costd.Entries) {
	version, err := l.db.Version(context.Background())
	if err == nil {
		_, err = l.db.Apply(context.Background(), version, change)
	}
	if err != nil {
		t.Fatal(err)
	}
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
				EffectiveFrom: october.Period().From + costd.Day(rapid.Int32Range(-1, 20).Draw(t, "from")),
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
func drawUsage(t *rapid.T, client int64, projects []int64) costd.Usage {
	info := rapid.SampledFrom(costd.Types).Draw(t, "type")
	from := october.Period().From.Time().Add(-2 * time.Hour)
	start := from.Add(time.Duration(rapid.Int64Range(0, int64(31*24*time.Hour)).Draw(t, "start")))
	u := costd.Usage{
		ClientID:   client,
		ProjectID:  rapid.SampledFrom(projects).Draw(t, "project"),
		RegionID:   rapid.Int64Range(1, 2).Draw(t, "region"),
		Type:       info.Type,
		ResourceID: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "resource"),
		Metric:     string(info.Type) + "_metric",
		Start:      start,
		End:        start.Add(time.Duration(rapid.Int64Range(1, int64(50*time.Hour)).Draw(t, "length"))),
		Name:       rapid.SampledFrom([]string{"", "web", "=db"}).Draw(t, "name"),
	}
	dimension := rapid.SampledFrom([]string{"small", "large"}).Draw(t, "dimension")
	switch info.RowDimension {
	case costd.FieldFlavor:
		u.Flavor = dimension
	case costd.FieldVolumeType:
		u.Attributes.VolumeType = dimension
	case costd.FieldFileShareType:
		u.Attributes.FileShareType = dimension
	case costd.FieldInstanceType:
		u.Attributes.InstanceType = map[string]string{"small": "vm", "large": "baremetal"}[dimension]
	}
	if info.Measure == costd.Stated {
		u.Quantity = pointer(amount(t, "quantity", 9))
	}
	if info.Measure == costd.SizeElapsed || rapid.Bool().Draw(t, "sized") {
		u.Size = pointer(amount(t, "size", 3))
	}
	return u
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
