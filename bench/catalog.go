package bench

import (
	"fmt"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// entries returns the catalog of the fleet: a price for every metric, and
// commitments for the share of clients that is to have them.
func (p *plan) entries() costd.Entries {
	e := costd.Entries{Prices: p.prices()}
	for i, id := range regions {
		e.Regions = append(e.Regions, costd.Region{ID: id, Name: fmt.Sprintf("Region-%d", i+1)})
	}
	committed := (p.Clients*p.Commitments + 50) / 100
	for i := range p.Clients {
		id := firstClient + int64(i)
		e.Clients = append(e.Clients, costd.Client{ID: id, Name: fmt.Sprintf("Client %d", id), Currency: "EUR", ShowPrices: true})
		for project := range int64(4) {
			e.Projects = append(e.Projects, costd.Project{ID: id*10 + project, ClientID: id, Name: fmt.Sprintf("project-%d", project+1)})
		}
		if i < committed {
			e.Commitments = append(e.Commitments, p.commitments(id)...)
		}
	}
	return e
}

func (p *plan) prices() (prices []costd.Price) {
	for i := range kinds {
		k := &kinds[i]
		for _, dimension := range dimensionsOf(k) {
			prices = append(prices, costd.Price{
				Type: k.typ, Metric: k.metricOf(dimension), Currency: "EUR", Feature: k.metricOf(dimension) + " {region}",
				Unit: k.unit, UnitSize: decimal.MustParse(k.unitSize), UnitPrice: decimal.MustParse(k.price),
				EffectiveFrom: costd.DayOf(p.begin),
			})
			if k.metricOf(dimension) == k.metric {
				break // one metric for all dimensions
			}
		}
	}
	return prices
}

func dimensionsOf(k *kind) []string {
	if len(k.dimensions) == 0 {
		return []string{""}
	}
	return k.dimensions
}

// commitments reserves, for one client, some of each kind that is reserved in
// practice, where it has most of its resources.
func (p *plan) commitments(client int64) (commitments []costd.Commitment) {
	for i := range kinds {
		k := &kinds[i]
		if k.typ != costd.AICluster && k.typ != costd.Instance && k.typ != costd.Baremetal {
			continue
		}
		for _, dimension := range k.dimensions {
			commitments = append(commitments, costd.Commitment{
				ID: fmt.Sprintf("%d-%s", client, dimension), ClientID: client, Type: k.typ, Metric: k.metricOf(dimension),
				RegionID: regions[client%4], Dimension: dimension, Count: 3, Unit: "H",
				UnitSize: decimal.FromInt(60), UnitSizeMonth: decimal.FromInt(744), UnitPrice: decimal.MustParse(k.price),
				ActiveFrom: costd.DayOf(p.begin),
			})
		}
	}
	return commitments
}
