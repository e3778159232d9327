package bench

import (
	"fmt"
	"time"

	"costd.dev/costd"
)

// A Fleet says which usage to make up.
type Fleet struct {
	Records     int64 // about so many
	Clients     int   // 0: as many as have 300 resources each
	Months      int   // the last of which is October 2026, up to its last day
	Commitments int   // percent of the clients that have commitments
	Seed        uint64
}

// Bounds of a fleet: ids of clients and the years of records stay in range.
const (
	maxClients = 100_000
	maxMonths  = 120
)

// resourcesEach is how many resources a client has if the number of clients is
// left open: hourly records of a month of 30 days are 216,000.
const resourcesEach = 300

// firstClient is the id of the client whose reports are measured. The others
// follow it.
const firstClient = 1001

// lastMonth is the month whose reports are measured. Its last day is still to come
// when the fleet is loaded: the usage that arrives between reports.
var lastMonth = costd.NewMonth(2026, time.October)

// freshHours is the length of that last day.
const freshHours = 24

// A plan is a fleet with all its numbers settled.
type plan struct {
	Fleet
	resources int       // of each client
	begin     time.Time // of the first hour
	hours     int       // that are loaded; freshHours more follow
}

func newPlan(f Fleet) (*plan, error) {
	switch {
	case f.Records < 1:
		return nil, fmt.Errorf("a fleet needs records, not %d", f.Records)
	case f.Clients < 0 || f.Clients > maxClients:
		return nil, fmt.Errorf("a fleet has at most %d clients, not %d", maxClients, f.Clients)
	case f.Months < 1 || f.Months > maxMonths:
		return nil, fmt.Errorf("a fleet has 1 to %d months, not %d", maxMonths, f.Months)
	case f.Commitments < 0 || f.Commitments > 100:
		return nil, fmt.Errorf("from 0 to 100 percent of the clients have commitments, not %d", f.Commitments)
	}
	first := (lastMonth - costd.Month(f.Months) + 1).Period().From
	p := &plan{Fleet: f, begin: first.Time()}
	p.hours = int(lastMonth.Period().To-first)*24 - freshHours
	p.settle()
	return p, nil
}

// settle chooses the numbers of clients and of resources whose product comes
// nearest to the records that are wanted.
func (p *plan) settle() {
	hours := int64(p.hours)
	if p.Clients == 0 {
		p.Clients = int(max(2, (p.Records+resourcesEach*hours/2)/(resourcesEach*hours)))
		p.resources = resourcesEach
	}
	if each := p.Records / (int64(p.Clients) * hours); p.resources == 0 || each < resourcesEach/2 {
		p.resources = int(max(1, each))
	}
	p.Records = int64(p.Clients) * int64(p.resources) * hours
}

// monthRecords is how many records the measured client-month has when the fleet
// is loaded.
func (p *plan) monthRecords() int64 {
	return int64(p.resources) * int64(lastMonth.Period().Days()*24-freshHours)
}
