package rating_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/rating"
)

// The oracle computes a report a second time, straight from the rules, slowly and
// in another way: it prices record by record where package rating goes line by
// line, looks for the best price among all of them every time, and works with
// math/big alone. It takes nothing from package rating but the Selection.

// An oracle answers for one line of one client.
type oracle struct {
	ledger
	line        costd.Line
	records     []record
	commitments []costd.Commitment // active in the month, in drawing order
}

// oracleMonthly returns the rows of the monthly report, as text.
func oracleMonthly(l ledger, selected func(record) bool, sel rating.Selection) []string {
	lines := map[costd.Line]bool{}
	for _, r := range l.records {
		lines[r.line] = true
	}
	for _, c := range l.entries.Commitments {
		lines[c.Line()] = true
	}
	var rows []string
	for _, line := range slices.SortedFunc(maps.Keys(lines), costd.Line.Compare) {
		if selectsLine(sel, line) {
			rows = append(rows, newOracle(l, line).rows(selected, sel.Resources)...)
		}
	}
	return rows
}

func newOracle(l ledger, line costd.Line) *oracle {
	o := &oracle{ledger: l, line: line}
	for _, r := range l.records {
		if r.line == line {
			o.records = append(o.records, r)
		}
	}
	for _, c := range l.entries.Commitments {
		if c.ClientID == l.client && c.Line() == line && o.activeDays(c) > 0 {
			o.commitments = append(o.commitments, c)
		}
	}
	slices.SortFunc(o.commitments, func(a, b costd.Commitment) int {
		return cmp.Or(int(a.ActiveFrom-b.ActiveFrom), strings.Compare(a.ID, b.ID))
	})
	return o
}

func (o *oracle) rows(selected func(record) bool, shared bool) []string {
	var chosen []record
	for _, r := range o.records {
		if selected(r) && r.quantity.Sign() > 0 {
			chosen = append(chosen, r)
		}
	}
	if len(o.commitments) == 0 {
		payg := o.priced(chosen, func(r record) *big.Rat { return rat(r.quantity) }, nil)
		if payg.quantity.Sign() == 0 {
			return nil
		}
		return []string{payg.row(o.line, costd.PAYG, payg.feature)}
	}
	over := o.priced(chosen, o.uncovered, o.overcommitPrice)
	commit := bill{quantity: new(big.Rat), reserved: new(big.Rat), cost: new(big.Rat)}
	for i, c := range o.commitments {
		covered := new(big.Rat)
		for _, r := range chosen {
			covered.Add(covered, o.covered(i, r))
		}
		commit.quantity.Add(commit.quantity, covered)
		commit.reserved.Add(commit.reserved, o.pool(c))
		switch {
		case !shared:
			commit.cost.Add(commit.cost, o.fee(c))
		case covered.Sign() > 0:
			commit.cost.Add(commit.cost, mul(o.fee(c), quo(covered, o.pool(c))))
		}
	}
	feature := o.feature(over.feature)
	var rows []string
	if !shared || commit.quantity.Sign() > 0 {
		rows = append(rows, commit.row(o.line, costd.Commit, feature))
	}
	if over.quantity.Sign() > 0 {
		over.reserved = commit.reserved
		rows = append(rows, over.row(o.line, costd.Overcommit, feature))
	}
	return rows
}

// feature names both rows of a line with commitments.
func (o *oracle) feature(used string) string {
	for _, c := range slices.Backward(o.commitments) {
		if c.Feature != "" {
			return o.named(c.Feature)
		}
	}
	if used != "" {
		return used
	}
	days := o.month.Period()
	for day := days.To - 1; day >= days.From; day-- {
		if p := o.priceOn(day); p != nil {
			return o.named(cmp.Or(p.Feature, p.Metric))
		}
	}
	return o.line.Metric
}

func (o *oracle) named(feature string) string {
	name := fmt.Sprint(o.line.RegionID)
	for _, r := range o.entries.Regions {
		if r.ID == o.line.RegionID {
			name = r.Name
		}
	}
	return strings.Join(strings.Split(feature, "{region}"), name)
}

// A bill is one row in the making.
type bill struct {
	quantity, reserved, cost *big.Rat
	feature                  string
	missing                  costd.Day
}

// priced prices of each record what part says, at the special price, else at the
// one in force.
func (o *oracle) priced(records []record, part func(record) *big.Rat, special func(costd.Day) *big.Rat) bill {
	b := bill{quantity: new(big.Rat), reserved: new(big.Rat), cost: new(big.Rat)}
	var latest costd.Day
	for _, r := range records {
		quantity := part(r)
		if quantity.Sign() == 0 {
			continue
		}
		b.quantity.Add(b.quantity, quantity)
		if special != nil {
			if price := special(r.day); price != nil {
				b.cost.Add(b.cost, mul(quantity, price))
				continue
			}
		}
		p := o.priceOn(r.day)
		if p == nil {
			if b.missing == 0 || r.day < b.missing {
				b.missing = r.day
			}
			continue
		}
		b.cost.Add(b.cost, mul(quo(quantity, rat(p.UnitSize)), rat(p.UnitPrice)))
		if r.day >= latest {
			latest, b.feature = r.day, o.named(cmp.Or(p.Feature, p.Metric))
		}
	}
	if b.missing != 0 {
		b.cost = nil
	}
	return b
}

func (b bill) row(line costd.Line, kind costd.Kind, feature string) string {
	cost := fmt.Sprintf("no price for %s in region %d in EUR on %s", line.Metric, line.RegionID, b.missing)
	if b.cost != nil {
		cost = b.cost.RatString()
	}
	return rowText(line, kind, feature, b.quantity.RatString(), b.reserved.RatString(), cost)
}

// priceOn looks through all prices for the best one.
func (o *oracle) priceOn(day costd.Day) *costd.Price {
	var best *costd.Price
	for _, p := range o.entries.Prices {
		if p.Type != o.line.Type || p.Metric != o.line.Metric || p.Currency != "EUR" || p.EffectiveFrom > day ||
			p.ClientID != 0 && p.ClientID != o.client || p.RegionID != 0 && p.RegionID != o.line.RegionID {
			continue
		}
		if best == nil || rank(p) > rank(*best) || rank(p) == rank(*best) && p.EffectiveFrom > best.EffectiveFrom {
			best = &p
		}
	}
	return best
}

func rank(p costd.Price) (rank int) {
	if p.ClientID != 0 {
		rank += 2
	}
	if p.RegionID != 0 {
		rank++
	}
	return rank
}

func (o *oracle) active(c costd.Commitment, day costd.Day) bool {
	return day >= c.ActiveFrom && (c.ActiveTo == nil || day < *c.ActiveTo)
}

func (o *oracle) activeDays(c costd.Commitment) (n int64) {
	for day := o.month.Period().From; day < o.month.Period().To; day++ {
		if o.active(c, day) {
			n++
		}
	}
	return n
}

// part is d/n.
func (o *oracle) part(c costd.Commitment) *big.Rat {
	return big.NewRat(o.activeDays(c), int64(o.month.Period().Days()))
}

func (o *oracle) pool(c costd.Commitment) *big.Rat {
	return mul(mul(big.NewRat(c.Count, 1), rat(c.UnitSizeMonth)), mul(rat(c.UnitSize), o.part(c)))
}

func (o *oracle) fee(c costd.Commitment) *big.Rat {
	if c.PricePerMonth != nil {
		return mul(rat(*c.PricePerMonth), o.part(c))
	}
	return mul(mul(big.NewRat(c.Count, 1), rat(c.UnitSizeMonth)), mul(rat(c.UnitPrice), o.part(c)))
}

func (o *oracle) overcommitPrice(day costd.Day) (perMeteredUnit *big.Rat) {
	for _, c := range o.commitments {
		if c.OvercommitUnitPrice != nil && o.active(c, day) {
			perMeteredUnit = quo(rat(*c.OvercommitUnitPrice), rat(c.UnitSize))
		}
	}
	return perMeteredUnit
}

func (o *oracle) used(day costd.Day) *big.Rat {
	sum := new(big.Rat)
	for _, r := range o.records {
		if r.day == day {
			sum.Add(sum, rat(r.quantity))
		}
	}
	return sum
}

// taken is what commitment i covers of the day's usage: what earlier commitments
// leave of it, or what earlier days leave of the pool, whichever is less.
func (o *oracle) taken(i int, day costd.Day) *big.Rat {
	c := o.commitments[i]
	if !o.active(c, day) {
		return new(big.Rat)
	}
	left := o.pool(c)
	for earlier := o.month.Period().From; earlier < day; earlier++ {
		if o.used(earlier).Sign() > 0 {
			left.Sub(left, o.taken(i, earlier))
		}
	}
	rest := o.used(day)
	for j := range i {
		rest.Sub(rest, o.taken(j, day))
	}
	if left.Cmp(rest) < 0 {
		return left
	}
	return rest
}

// covered is the record's share of what commitment i covers on its day.
func (o *oracle) covered(i int, r record) *big.Rat {
	return mul(o.taken(i, r.day), quo(rat(r.quantity), o.used(r.day)))
}

func (o *oracle) uncovered(r record) *big.Rat {
	rest := rat(r.quantity)
	for i := range o.commitments {
		rest.Sub(rest, o.covered(i, r))
	}
	return rest
}

func mul(x, y *big.Rat) *big.Rat { return new(big.Rat).Mul(x, y) }
func quo(x, y *big.Rat) *big.Rat { return new(big.Rat).Quo(x, y) }

// rat reads a number from its text, so that nothing but its digits is trusted.
func rat[N decimal.Decimal | decimal.Rational](n N) *big.Rat {
	r, ok := new(big.Rat).SetString(fmt.Sprintf("%v", n))
	if !ok {
		panic(fmt.Sprintf("%v is not a number", n))
	}
	return r
}

// chargeTexts writes charges the way the oracle writes its rows.
func chargeTexts(charges []costd.Charge) []string {
	var rows []string
	for _, c := range charges {
		cost := c.Err
		if c.Cost != nil {
			cost = c.Cost.String()
		}
		rows = append(rows, rowText(c.Line, c.Kind, c.Feature, c.Quantity.String(), c.Reserved.String(), cost))
	}
	return rows
}

func rowText(line costd.Line, kind costd.Kind, feature, quantity, reserved, cost string) string {
	return fmt.Sprintf("%v %q - %v: %s of %s, %s", line, feature, kind, quantity, reserved, cost)
}
