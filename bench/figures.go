package bench

import (
	"fmt"
	"time"
)

// The groups of the table.
const (
	reportsGroup = "reports"
	growthGroup  = "growth"
	usageGroup   = "usage"
	serverGroup  = "server"
	fairGroup    = "fairness"
)

// The reaches are those the project set itself, for two cores and 43 million
// records or more; docs/benchmarks.md gives them with what bounds them.
const (
	milli     = "ms"
	perSecond = "records/s"
	mebibytes = "MiB"
	bytesEach = "bytes/record"
)

func newResult(m *measured, began time.Time) *Result {
	p := m.plan
	r := &Result{
		Machine: thisMachine(m.sql.duckdb), Began: began.UTC(), Seconds: time.Since(began).Seconds(),
		Fleet: Facts{
			Records: p.Records, Clients: p.Clients, Resources: p.resources, Months: p.Months, Commitments: p.Commitments,
			Seed: p.Seed, Measured: p.monthRecords(), Answer: m.reads.bytes,
		},
	}
	r.Figures = append(m.reportFigures(), m.growthFigures()...)
	r.Figures = append(append(r.Figures, m.usageFigures()...), m.serverFigures()...)
	r.Figures = append(r.Figures, m.fair.figures()...)
	return r
}

func (m *measured) reportFigures() []Figure {
	reads := m.reads
	figures := []Figure{
		slower(reportsGroup, "monthly totals, nothing new, p50", newMeasure("", milli, reads.warm50...),
			newMeasure("bare handler", milli, reads.bare50...), atMost(3, "x")),
		slower(reportsGroup, "monthly totals, nothing new, p99", newMeasure("", milli, reads.warm99...),
			newMeasure("bare handler", milli, reads.bare99...), atMost(10, "x")),
	}
	for i, q := range questions {
		least := atLeast(3, "x")
		if i == 0 {
			least = atLeast(5, "x")
		}
		ours := newMeasure("", milli, reads.fresh[i]...)
		figures = append(figures,
			faster(reportsGroup, "first after new usage, "+q.name, ours, newMeasure("SQL over all", milli, m.sql.whole[i]...), least),
			faster(reportsGroup, "", ours, newMeasure("SQL over that month alone", milli, m.sql.alone[i]...), anything))
	}
	return figures
}

// growthFigures compares with the small fleet, if there is one.
func (m *measured) growthFigures() (figures []Figure) {
	if m.base == nil {
		return nil
	}
	name := "at " + count(m.base.plan.Records)
	add := func(what string, large, small []float64) {
		figures = append(figures, slower(growthGroup, what, newMeasure("", milli, large...), newMeasure(name, milli, small...), atMost(1.5, "x")))
	}
	add("monthly totals, nothing new, p50", m.reads.warm50, m.base.reads.warm50)
	for i, q := range questions {
		add("first after new usage, "+q.name, m.reads.fresh[i], m.base.reads.fresh[i])
	}
	return figures
}

func (m *measured) usageFigures() []Figure {
	rate := newMeasure("", perSecond, m.load.rate())
	rate.Values = m.load.rates()
	again := newMeasure("", perSecond, m.resend.rate())
	again.Values = m.resend.rates()
	first := newMeasure("the first time", perSecond, m.load.rate())
	return []Figure{
		alone(usageGroup, fmt.Sprintf("NDJSON, batches of %s, %d senders", count(batchRecords), senders), rate, atLeast(150_000, perSecond)),
		alone(usageGroup, fmt.Sprintf("single records, %d senders", singleSenders), newMeasure("", perSecond, m.singles.rate()), atLeast(5000, perSecond)),
		slower(usageGroup, "everything again", again, first, atLeast(1, "x")),
		slower(usageGroup, "costd import, CSV", newMeasure("", perSecond, m.csv.costd...), newMeasure("DuckDB COPY", perSecond, m.csv.duckdb...), atLeast(0.5, "x")),
		slower(usageGroup, "costd import, Parquet", newMeasure("", perSecond, m.pack.costd...), newMeasure("DuckDB COPY", perSecond, m.pack.duckdb...), atLeast(0.5, "x")),
	}
}

func (m *measured) serverFigures() []Figure {
	mib := func(bytes int64) Measure { return newMeasure("", mebibytes, float64(bytes)/(1<<20)) }
	each := func(name string, bytes int64) Measure {
		return newMeasure(name, bytesEach, float64(bytes)/float64(m.plan.Records))
	}
	calls := newMeasure("", "reports/s", float64(m.mixed.calls)/m.mixed.load.elapsed.Seconds())
	return []Figure{
		alone(serverGroup, "memory, at most", mib(m.peak), atMost(1536, mebibytes)),
		alone(serverGroup, "memory, at the end", mib(m.resident), anything),
		slower(serverGroup, "disk", each("", m.disk), each("DuckDB table", m.sql.bytes), anything).within(atMost(12, bytesEach)),
		alone(serverGroup, "start with the fleet in it", newMeasure("", milli, milliseconds(m.start)), anything),
		alone(serverGroup, "first report after that", newMeasure("", milli, m.reads.first), anything),
		alone(serverGroup, "reports while usage is corrected", calls, anything),
		alone(serverGroup, "corrections while reports are read", newMeasure("", perSecond, m.mixed.load.rate()), anything),
		alone(serverGroup, "costd check of it all, no finding", newMeasure("", "s", m.check.Seconds()), anything),
	}
}

func (f fairness) figures() (figures []Figure) {
	for _, flood := range []struct {
		name string
		waits
	}{{"senders", f.besideSenders}, {"readers", f.besideReaders}} {
		figures = append(figures,
			alone(fairGroup, fmt.Sprintf("another key's record, beside %d %s, p99", flooders, flood.name), newMeasure("", milli, flood.single), atMost(1000, milli)),
			alone(fairGroup, fmt.Sprintf("another client's remembered report, beside %d %s, p99", flooders, flood.name), newMeasure("", milli, flood.report), atMost(50, milli)))
	}
	return figures
}

// within bounds costd's own value instead of the ratio.
func (f Figure) within(r reach) Figure {
	f.Reach, f.Reached = r.String(), r.holds(f.Costd.Value)
	return f
}
