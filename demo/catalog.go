package demo

import (
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// The regions of the cloud.
const (
	luxembourg = 76
	frankfurt  = 80
	singapore  = 84
)

// The customers beside Acme, and their projects.
const (
	globex  = 1002 // pays in USD and sees no prices
	initech = 1003 // uses a GPU that has no price yet
	hooli   = 1004 // has prices of its own

	training, inferencing, platform = 501, 502, 503
	globexResearch                  = 511
	initechApp, initechLabs         = 521, 522
	hooliWeb                        = 531
)

// Entries returns the catalog that the sample usage is priced by.
func Entries(now time.Time) costd.Entries {
	from, _ := period(now)
	first := costd.DayOf(from)
	return costd.Entries{
		Clients: []costd.Client{
			{ID: ClientID, Name: "Acme", Currency: "EUR", ShowPrices: true},
			{ID: globex, Name: "Globex", Currency: "USD"},
			{ID: initech, Name: "Initech", Currency: "EUR", ShowPrices: true},
			{ID: hooli, Name: "Hooli", Currency: "USD", ShowPrices: true},
		},
		Regions: []costd.Region{
			{ID: luxembourg, Name: "Luxembourg-2", Country: "LU"}, {ID: frankfurt, Name: "Frankfurt-1", Country: "DE"},
			{ID: singapore, Name: "Singapore-1", Country: "SG"},
		},
		Projects: []costd.Project{
			{ID: training, ClientID: ClientID, Name: "training"},
			{ID: inferencing, ClientID: ClientID, Name: "inference"},
			{ID: platform, ClientID: ClientID, Name: "platform"},
			{ID: globexResearch, ClientID: globex, Name: "research"},
			{ID: initechApp, ClientID: initech, Name: "app"},
			{ID: initechLabs, ClientID: initech, Name: "labs"},
			{ID: hooliWeb, ClientID: hooli, Name: "web"},
		},
		Prices:      prices(first),
		Commitments: commitments(first),
	}
}

// prices returns the price list, in force since half a year before first, and what
// became of it since.
func prices(first costd.Day) []costd.Price {
	since := startOfMonth(first, -6)
	var list []costd.Price
	for _, p := range products {
		if p.euro == "" {
			continue // nobody has priced it yet
		}
		list = append(list, p.price("EUR", p.euro, since), p.price("USD", p.dollar, since))
	}
	// The price of an L40S falls in the middle of the second month.
	change := startOfMonth(first, 1) + 14
	list = append(list, l40s.price("EUR", "1.60", change), l40s.price("USD", "1.75", change))
	// Storage costs more in Singapore.
	far := standardVolume.price("USD", "0.085", since)
	far.RegionID = singapore
	// Hooli bargained.
	own := standard4.price("USD", "0.0780", since)
	own.ClientID = hooli
	return append(list, far, own)
}

// commitments returns the reservations. The first is that of the worked example in
// docs/semantics.md.
func commitments(first costd.Day) []costd.Commitment {
	yearEnd := startOfMonth(first, 9)
	return []costd.Commitment{
		// Exceeded from the second month on, when a third server comes.
		h100.commitment(costd.Commitment{ID: "acme-h100", ClientID: ClientID, RegionID: luxembourg, Count: 2, UnitPrice: *amount("12.50"),
			OvercommitUnitPrice: amount("19.90"), ActiveFrom: startOfMonth(first, -3), ActiveTo: &yearEnd}),
		// One of three servers is idle.
		metal.commitment(costd.Commitment{ID: "acme-metal", ClientID: ClientID, RegionID: luxembourg, Count: 3, UnitPrice: *amount("0.58353750"),
			OvercommitUnitPrice: amount("1.37124"), ActiveFrom: startOfMonth(first, -1),
			HardwareInfo: &costd.HardwareInfo{CPU: "2 x 16 cores, 3.0 GHz", RAM: "192 GB", Disk: "2 x 960 GB SSD"}}),
		// Begins in the last month, on the 4th: a part of the pool for a part of the fee.
		standard4.commitment(costd.Commitment{ID: "acme-standard-4-8", ClientID: ClientID, RegionID: luxembourg, Count: 10, UnitPrice: *amount("0.0560"),
			ActiveFrom: startOfMonth(first, 2) + 3}),
		// Reserved, and never used.
		l40s.commitment(costd.Commitment{ID: "acme-l40s-frankfurt", ClientID: ClientID, RegionID: frankfurt, Count: 1, UnitPrice: *amount("1.20"),
			ActiveFrom: first, ActiveTo: &yearEnd}),
		// 4 TiB of fast storage at a round price, about half of it in use.
		fastVolume.commitment(costd.Commitment{ID: "acme-fast-storage", ClientID: ClientID, RegionID: luxembourg, Count: 4096, UnitPrice: *amount("0.000125"),
			ActiveFrom: startOfMonth(first, -2)}),
		h100.commitment(costd.Commitment{ID: "globex-h100", ClientID: globex, RegionID: luxembourg, Count: 4, UnitPrice: *amount("13.10"),
			OvercommitUnitPrice: amount("20.50"), ActiveFrom: startOfMonth(first, -6)}),
	}
}

// startOfMonth returns the first day of the month that lies the given number of
// months after that of day.
func startOfMonth(day costd.Day, months costd.Month) costd.Day {
	return (costd.MonthOf(day) + months).Period().From
}

func (p *product) price(currency, unitPrice string, from costd.Day) costd.Price {
	return costd.Price{
		Type: p.typ, Metric: p.metric, Currency: currency, Feature: p.feature + " {region}",
		Unit: p.unit.name, UnitSize: decimal.MustParse(p.unit.size), UnitPrice: decimal.MustParse(unitPrice), EffectiveFrom: from,
	}
}

// commitment completes c, which reserves hours of the product.
func (p *product) commitment(c costd.Commitment) costd.Commitment {
	c.Type, c.Metric, c.Dimension = p.typ, p.metric, p.dimension
	c.Unit, c.UnitSize, c.UnitSizeMonth = "H", decimal.FromInt(60), decimal.FromInt(744)
	return c
}

func amount(s string) *decimal.Decimal {
	d := decimal.MustParse(s)
	return &d
}
