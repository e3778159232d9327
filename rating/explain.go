package rating

import (
	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// An Explanation takes the charges of one line of a client's month apart, step by step.
// Its numbers are exact, and come from the pass that makes the charges.
type Explanation struct {
	Charges []costd.Charge // of the line, as Monthly returns them
	Pools   []PoolStep     // in the order in which they are drawn on; none for a line without a commitment
	Days    []DayStep      // those on which the line has usage, ascending
}

// A PoolStep is what one commitment gives in the month. Quantities are in the type's unit,
// money is in the client's currency.
type PoolStep struct {
	Commitment          costd.Commitment
	Active              costd.Period     // its days within the month
	MonthFee, MonthSize decimal.Rational // of a full month
	Fee, Size           decimal.Rational // of the active days: their part of the month
	Drawn               decimal.Rational // by all resources
	Covered             decimal.Rational // of Drawn, what the selected resources used
	Cost                decimal.Rational // what the selected resources bear of Fee: its share, or all of it if no resources are selected
}

// A DayStep is what happens on one UTC day.
type DayStep struct {
	Day            costd.Day
	Used, Selected decimal.Rational // by all resources, and by the selected ones
	Draws          []Draw           // one for each pool
	LineBeyond     decimal.Rational // of Used, what no pool covers
	Beyond         decimal.Rational // of Selected, what no pool covers: Overcommit, or PAYG without pools
	Price          *PriceStep       // of Beyond; nil if there is none, or nothing is beyond
	Cost           *decimal.Rational
}

// A Draw is what one day takes from one pool.
type Draw struct {
	Taken   decimal.Rational // by all resources
	Covered decimal.Rational // of Taken, what the selected resources used
	Left    decimal.Rational // in the pool, after the day
}

// A PriceStep says where a price comes from: from the commitment that states the price of
// its overcommit, or from the price book.
type PriceStep struct {
	CommitmentID string // "": from the price book
	// RegionID, ClientID and EffectiveFrom are the key of the price in the price book, with
	// the type and metric of the line and the currency of the client; 0 is every region and
	// every client.
	RegionID, ClientID int64
	EffectiveFrom      costd.Day
	Rate               decimal.Rational // of one metered unit
}

// Explain returns how the charges of one line of a client's month come about. Resources
// says that the usage selects resources, as Selection does.
func (b *Book) Explain(clientID int64, month costd.Month, u costd.LineUsage, resources bool) Explanation {
	client := b.payer(clientID)
	d := newDivider(pools(b.commitments[clientID][u.Line], month), b.timetable(client, u.Line), 1)
	r := newRecorder(d, clientID, u.Line.RegionID)
	var charges []costd.Charge
	if len(d.pools) > 0 {
		charges = b.drawLine(client, month, u, d, resources, r.record)
	} else if c := b.payAsYouGo(client, u, &d.prices, &d.shares[0].beyond, r.record); !c.Quantity.IsZero() {
		charges = []costd.Charge{c}
	}
	return Explanation{Charges: charges, Pools: r.poolSteps(!resources), Days: r.days}
}

// CommittedLines returns the lines for which the client has a commitment that is active in
// the month, in any order.
func (b *Book) CommittedLines(clientID int64, month costd.Month) []costd.Line {
	var lines []costd.Line
	for line := range b.openPools(clientID, month) {
		lines = append(lines, line)
	}
	return lines
}

// A recorder writes down how a divider of one group changes from day to day. It works
// nothing out: a step is the difference to the day before.
type recorder struct {
	*divider
	clientID, regionID int64
	days               []DayStep

	left, covered  []decimal.Rational // by pool, before the day
	quantity, cost decimal.Rational   // beyond the pools, before the day
}

func newRecorder(d *divider, clientID, regionID int64) *recorder {
	r := &recorder{divider: d, clientID: clientID, regionID: regionID, left: make([]decimal.Rational, len(d.pools)), covered: make([]decimal.Rational, len(d.pools))}
	for i := range d.pools {
		r.left[i] = d.pools[i].left
	}
	return r
}

// record writes a day down when it has been drawn.
func (r *recorder) record(u costd.DayUsage) {
	step := DayStep{Day: u.Day, Used: u.Used, Selected: u.Selected, LineBeyond: u.Used}
	for i := range r.pools {
		left, covered := r.pools[i].left, r.shares[0].covered[i]
		draw := Draw{Taken: r.left[i].Sub(left), Covered: covered.Sub(r.covered[i]), Left: left}
		r.left[i], r.covered[i] = left, covered
		step.Draws = append(step.Draws, draw)
		step.LineBeyond = step.LineBeyond.Sub(draw.Taken)
	}
	beyond := &r.shares[0].beyond
	quantity, cost := beyond.soFar()
	if step.Beyond = quantity.Sub(r.quantity); !step.Beyond.IsZero() && beyond.price != nil {
		dayCost := cost.Sub(r.cost)
		step.Price, step.Cost = r.source(beyond.price), &dayCost
	}
	r.quantity, r.cost = quantity, cost
	r.days = append(r.days, step)
}

// source says where a price comes from.
func (r *recorder) source(p *price) *PriceStep {
	for i := range r.pools {
		if r.pools[i].overcommit == p {
			return &PriceStep{CommitmentID: r.pools[i].ID, Rate: p.rate}
		}
	}
	step := &PriceStep{EffectiveFrom: p.from, Rate: p.rate}
	ofClient, ofRegion := r.prices.scope(p)
	if ofClient {
		step.ClientID = r.clientID
	}
	if ofRegion {
		step.RegionID = r.regionID
	}
	return step
}

// poolSteps returns the pools as they are in the end. Whole says that the selected
// resources are all, and bear the whole fees.
func (r *recorder) poolSteps(whole bool) []PoolStep {
	steps := make([]PoolStep, len(r.pools))
	for i := range r.pools {
		p := &r.pools[i]
		steps[i] = PoolStep{
			Commitment: p.Commitment, Active: p.active, MonthFee: p.fee, MonthSize: p.reserved, Fee: p.due, Size: p.size,
			Drawn: p.size.Sub(p.left), Covered: r.shares[0].covered[i], Cost: r.feeOf(&r.shares[0], i, whole),
		}
	}
	return steps
}
