package costd

import (
	"fmt"
	"maps"
	"slices"

	"costd.dev/costd/decimal"
)

// A Doubt is what is most likely a mistake in a commitment that may stand.
type Doubt struct {
	Kind    FindingKind
	Field   string // of the commitment
	Message string // what is wrong, and what to do about it
}

// Familiar knows the metrics that prices are for and usage is of, and the dimensions
// of the latter, to tell commitments that cover nothing.
type Familiar struct {
	metrics    map[typeMetric]bool            // true if usage is of it
	priced     map[typeMetric]bool            // those that a price has
	dimensions map[typeMetric]map[string]bool // of usage
}

type typeMetric struct {
	Type
	metric string
}

// NewFamiliar returns what is known by prices, and by the lines that usage is of; their
// regions do not matter.
func NewFamiliar(used []Line, prices ...[]Price) *Familiar {
	f := &Familiar{metrics: map[typeMetric]bool{}, priced: map[typeMetric]bool{}, dimensions: map[typeMetric]map[string]bool{}}
	for _, list := range prices {
		for i := range list {
			f.metrics[typeMetric{list[i].Type, list[i].Metric}] = false
			f.priced[typeMetric{list[i].Type, list[i].Metric}] = true
		}
	}
	for _, line := range used {
		of := typeMetric{line.Type, line.Metric}
		f.metrics[of] = true
		if f.dimensions[of] == nil {
			f.dimensions[of] = map[string]bool{}
		}
		f.dimensions[of][line.Dimension] = true
	}
	return f
}

// MetricsOf returns the metrics of the commitments, each once.
func MetricsOf(commitments []Commitment) []string {
	seen := map[string]bool{}
	for i := range commitments {
		seen[commitments[i].Metric] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// Doubts returns what is most likely a mistake in c. A nil Familiar knows nothing, and
// doubts no metric or dimension.
func (f *Familiar) Doubts(c *Commitment) (doubts []Doubt) {
	if d, ok := f.unfamiliar(c); ok {
		doubts = append(doubts, d)
	}
	if d, ok := c.twoFees(); ok {
		doubts = append(doubts, d)
	}
	if d, ok := f.unpriced(c); ok {
		doubts = append(doubts, d)
	}
	return doubts
}

// unpriced reports whether usage beyond the pool of c would have no price.
func (f *Familiar) unpriced(c *Commitment) (Doubt, bool) {
	if f == nil || c.OvercommitUnitPrice != nil || f.priced[typeMetric{c.Type, c.Metric}] || !f.metrics[typeMetric{c.Type, c.Metric}] {
		return Doubt{}, false
	}
	return Doubt{FindingCommitmentPrice, "overcommit_unit_price", fmt.Sprintf("is not stated, and no price of %s has %s, so that usage beyond the pool has no cost; state it, or add a price", c.Type, c.Metric)}, true
}

// CoverNothing reports whether doubts say already that nothing is known to be covered.
func CoverNothing(doubts []Doubt) bool {
	return slices.ContainsFunc(doubts, func(d Doubt) bool {
		return d.Kind == FindingCommitmentMetric || d.Kind == FindingCommitmentDimension
	})
}

// unusedDays is how long usage of a new commitment may take to come.
const unusedDays = 31

// LongActive reports whether c has been active for so long that usage is to be expected.
func (c *Commitment) LongActive(today Day) bool { return c.ActiveFrom+unusedDays <= today }

// Unused is the doubt of a commitment without any usage of its line.
func (c *Commitment) Unused() Doubt {
	return Doubt{FindingCommitmentUnused, "active_from", fmt.Sprintf("client %d has never had usage of this line, a month and more after the first day; correct the metric, dimension or region, or end the commitment by active_to", c.ClientID)}
}

// unfamiliar reports whether c covers nothing that is known. As prices have no dimension,
// one is doubted only if there is usage of the metric, and none with that dimension.
func (f *Familiar) unfamiliar(c *Commitment) (Doubt, bool) {
	if f == nil {
		return Doubt{}, false
	}
	of := typeMetric{c.Type, c.Metric}
	used, known := f.metrics[of]
	switch {
	case !known:
		return Doubt{FindingCommitmentMetric, "metric", fmt.Sprintf("no usage and no price of %s has %s; correct it, or the commitment covers nothing", c.Type, c.Metric)}, true
	case used && !f.dimensions[of][c.Dimension]:
		info, _ := c.Type.Info()
		return Doubt{FindingCommitmentDimension, "dimension", fmt.Sprintf("no usage of %s has the %s %s; correct it, or the commitment covers nothing", c.Metric, info.Dimension, c.Dimension)}, true
	}
	return Doubt{}, false
}

// twoFees reports whether c states its fee by month and by unit, and they differ. A unit
// price of zero states none.
func (c *Commitment) twoFees() (Doubt, bool) {
	if c.PricePerMonth == nil || c.UnitPrice.Sign() == 0 {
		return Doubt{}, false
	}
	byUnit := decimal.Fraction(c.Count, 1).Mul(c.UnitSizeMonth.Rational()).Mul(c.UnitPrice.Rational())
	if byUnit.Equal(c.PricePerMonth.Rational()) {
		return Doubt{}, false
	}
	return Doubt{FindingCommitmentPrices, "price_per_month", fmt.Sprintf(
		"is the whole fee of a month, %v for %d pieces, and not count x unit_size_month x unit_price; state one of the two", c.PricePerMonth, c.Count)}, true
}
