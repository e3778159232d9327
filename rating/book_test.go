package rating_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/rating"
)

func TestBookNames(t *testing.T) {
	book := rating.NewBook(costd.Entries{
		Clients: []costd.Client{{ID: 1001, Name: "Acme", Currency: "EUR"}},
		Regions: []costd.Region{{ID: 76, Name: "Luxembourg-2"}, {ID: 80}},
	})
	for id, want := range map[int64]string{76: "Luxembourg-2", 80: "80", 81: "81"} {
		if got := book.RegionName(id); got != want {
			t.Errorf("region %d is called %q, want %q", id, got, want)
		}
	}
	if c, ok := book.Client(1001); !ok || c.Name != "Acme" {
		t.Errorf("client 1001 is %v, %v", c, ok)
	}
	if c, ok := book.Client(1002); ok {
		t.Errorf("client 1002 is %v", c)
	}
}

// TestBookIsShared uses one book for many reports at once, for the race detector
// to watch, and after the entries it was made from have changed.
func TestBookIsShared(t *testing.T) {
	entries, month, lines := largeMonth(20, 60)
	book := rating.NewBook(entries)
	want := chargeTexts(book.Monthly(1, month, lines, rating.Selection{}))
	clear(entries.Prices)
	clear(entries.Commitments)
	clear(entries.Clients)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if got := chargeTexts(book.Monthly(1, month, lines, rating.Selection{})); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
	wait.Wait()
}

// TestLastSize: what a charge does not come from is handed through.
func TestLastSize(t *testing.T) {
	book := rating.NewBook(costd.Entries{})
	size := decimal.FromInt(250)
	charge := book.PayAsYouGo(1, costd.LineUsage{Line: costd.Line{Type: costd.Backup}, LastSize: size})
	if !charge.LastSize.Equal(size) || charge.Kind != costd.PAYG {
		t.Errorf("got %v %v, want PAYG 250", charge.Kind, charge.LastSize)
	}
}

// TestReservationRates uses the real figures of a commitment of three servers.
func TestReservationRates(t *testing.T) {
	over := decimal.MustParse("1.37124000")
	fee := decimal.MustParse("1200")
	c := costd.Commitment{
		ClientID: 1, Type: costd.Baremetal, Metric: "bm_min", RegionID: 76, Count: 3,
		UnitSize: decimal.FromInt(60), UnitSizeMonth: decimal.FromInt(744),
		UnitPrice: decimal.MustParse("0.58353750"), OvercommitUnitPrice: &over,
	}
	unstated := c
	unstated.OvercommitUnitPrice = nil
	flat := c
	flat.PricePerMonth = &fee
	onlyFlat := flat
	onlyFlat.UnitPrice = decimal.Decimal{}
	day := costd.NewDay(2026, time.October, 5)
	book := rating.NewBook(costd.Entries{
		Clients: []costd.Client{{ID: 1, Currency: "EUR"}},
		Prices: []costd.Price{{ // a cent a minute
			Type: c.Type, Metric: c.Metric, Currency: "EUR", EffectiveFrom: day,
			UnitSize: decimal.FromInt(1), UnitPrice: decimal.MustParse("0.01"),
		}},
	})
	overcommit := func(c costd.Commitment, day costd.Day) rating.Rate {
		rate, ok := book.OvercommitRate(c, day)
		if !ok {
			t.Errorf("no overcommit rate on %v", day)
		}
		return rate
	}
	for name, tt := range map[string]struct {
		got  rating.Rate
		want string // of a unit, a month and in total, to nine decimals
	}{
		"commit":                  {rating.CommitRate(c), "0.5835375 434.1519 1302.4557"},
		"with a fee":              {rating.CommitRate(flat), "0.5835375 400 1200"},
		"with nothing but a fee":  {rating.CommitRate(onlyFlat), "0.537634409 400 1200"},
		"overcommit":              {overcommit(c, day-1), "1.37124 1020.20256 3060.60768"},
		"overcommit at the price": {overcommit(unstated, day), "0.6 446.4 1339.2"},
	} {
		var got []string
		for _, q := range []decimal.Rational{tt.got.Unit, tt.got.Month, tt.got.Total} {
			d, err := q.RoundHalfEven(9)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, d.String())
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
	if rate, ok := book.OvercommitRate(unstated, day-1); ok {
		t.Errorf("overcommit costs %v before the first price", rate)
	}
}
