package gcore

import (
	"strconv"
	"strings"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/internal/text"
	"costd.dev/costd/report"
)

// This file writes CSV after RFC 4180, line by line, into a buffer.

// The columns of the three tables.
var (
	monthlyColumns = []string{"Type", "Feature", "Region_id", "Region_name", "Period", "Units", "Value",
		"Commit value", "Commit cost", "Overcommit cost", "Error", "Currency"}
	totalsColumns = []string{"Type", "Feature", "Region_id", "Region_name", "Period_from", "Period_to", "Units",
		"Value", "Error", "Cost", "Currency"}
	recordsColumns = []string{"Service", "UUID", "Feature", "Tags", "Service_name", "Region_id", "Region_name",
		"Project_id", "Project_name", "First_seen", "Last_seen", "Period_from", "Period_to", "Units", "Value",
		"Error", "Cost", "Currency", "Attached_to", "Port_id"}
)

// A csvLine is a line in the making. The first number that does not fit is kept as
// its error.
type csvLine struct {
	b     []byte
	begun bool
	err   error
}

// raw appends a field that needs no care: a number or a time.
func (l *csvLine) raw(s string) {
	if l.begun {
		l.b = append(l.b, ',')
	}
	l.begun = true
	l.b = append(l.b, s...)
}

// text appends a text from outside.
func (l *csvLine) text(s string) {
	l.raw(text.Cell(s))
}

func (l *csvLine) integer(n int64) { l.raw(strconv.FormatInt(n, 10)) }

func (l *csvLine) time(t time.Time) { l.raw(t.UTC().Format(time.RFC3339Nano)) }

func (l *csvLine) value(q decimal.Rational) { l.number(&q, valuePlaces) }

// number appends a number, nothing for nil.
func (l *csvLine) number(q *decimal.Rational, places int) {
	s, err := costText(q, places, "")
	if err != nil && l.err == nil {
		l.err = err
	}
	l.raw(s)
}

func (l *csvLine) period(p costd.Period) {
	l.time(p.From.Time())
	l.time(p.To.Time())
}

func (l *csvLine) end() ([]byte, error) { return append(l.b, '\r', '\n'), l.err }

// appendHeader appends a header line.
func appendHeader(b []byte, columns []string) []byte {
	return append(append(b, strings.Join(columns, ",")...), '\r', '\n')
}

// appendMonthlyCSV appends one line of the monthly totals: the charges of one line
// of the report, commit, overcommit and pay-as-you-go side by side. What is paid
// for usage beyond a commitment, or without one, stands under Overcommit cost.
func appendMonthlyCSV(b []byte, charges []costd.Charge, t *report.Totals, places int) ([]byte, error) {
	first := &charges[0]
	line := first.Line
	info, _ := line.Type.Info()
	var used, zero decimal.Rational
	commit, beyond := &zero, &zero
	if t.Status == report.PricesHidden {
		commit, beyond = nil, nil
	}
	failure := ""
	for i := range charges {
		c := &charges[i]
		used = used.Add(c.Quantity)
		if c.Kind == costd.Commit {
			commit = c.Cost
		} else {
			beyond = c.Cost
		}
		if c.Err != "" {
			failure = c.Err
		}
	}
	l := csvLine{b: b}
	l.text(string(line.Type))
	l.text(first.Feature)
	l.integer(line.RegionID)
	l.text(t.Names.Region(line.RegionID))
	l.raw(costd.MonthOf(t.Period.From).String())
	l.text(info.Unit)
	l.value(used)
	l.value(first.Reserved)
	l.number(commit, places)
	l.number(beyond, places)
	l.text(failure)
	l.text(first.Currency)
	return l.end()
}

// appendTotalsCSV appends one line of the cost totals.
func appendTotalsCSV(b []byte, c *costd.Charge, t *report.Totals, places int) ([]byte, error) {
	info, _ := c.Line.Type.Info()
	l := csvLine{b: b}
	l.text(string(c.Line.Type))
	l.text(featureName(c))
	l.integer(c.Line.RegionID)
	l.text(t.Names.Region(c.Line.RegionID))
	l.period(t.Period)
	l.text(info.Unit)
	l.value(c.Quantity)
	l.text(c.Err)
	l.number(c.Cost, places)
	l.text(c.Currency)
	return l.end()
}

// appendRecordCSV appends one line of the costs by resource.
func appendRecordCSV(b []byte, row *report.ResourceRow, r *report.Resources, ids idStyle, places int) ([]byte, error) {
	u, c := &row.Usage, &row.Charge
	info, _ := u.Line.Type.Info()
	l := csvLine{b: b}
	l.text(string(u.Line.Type))
	l.text(ids.of(u.ResourceID))
	l.text(featureName(c))
	l.text(joinTags(u.Tags))
	l.text(u.Name)
	l.integer(u.Line.RegionID)
	l.text(r.Names.Region(u.Line.RegionID))
	l.integer(u.ProjectID)
	l.text(r.Names.Project(u.ProjectID))
	l.time(u.FirstSeen)
	l.time(u.LastSeen)
	l.period(r.Period)
	l.text(info.Unit)
	l.value(c.Quantity)
	l.text(c.Err)
	l.number(c.Cost, places)
	l.text(c.Currency)
	l.text(u.Attributes.AttachedToVM)
	l.text(ids.orEmpty(u.Attributes.PortID))
	return l.end()
}

// joinTags writes tags as "key=value;key=value", ordered by key.
func joinTags(tags map[string]string) string {
	var b strings.Builder
	for i, key := range sortedKeys(tags) {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(key + "=" + tags[key])
	}
	return b.String()
}
