package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/decimal"
)

// A costTable is a report of totals as a table for people.
type costTable struct {
	rows   client.Rows
	sums   map[string]decimal.Decimal // by currency
	narrow bool                       // features stand on lines of their own
}

// featureOf returns what the row is about and under which pricing rule it falls.
func featureOf(row client.Row) (name, kind string) {
	r := row.Base()
	name = cmp.Or(r.FeatureName, fmt.Sprintf("%s in region %d", r.Metric, r.RegionID))
	for _, k := range []costd.Kind{costd.Commit, costd.Overcommit, costd.PAYG} {
		if feature, ok := strings.CutSuffix(name, " - "+k.String()); ok {
			name, kind = feature, k.String()
			break
		}
	}
	if d := row.Dimension(); !strings.Contains(name, d) {
		name += " (" + d + ")"
	}
	return name, kind
}

// printTotals writes the report as a table for people; nothing is what to say if it
// is empty. Numbers are those of the report, to the last digit. Features stand on
// lines of their own if the table would be wider than the given width; 0 means that
// it may have any.
func printTotals(w io.Writer, report *client.CostReport, title, nothing string, width int) error {
	if len(report.Results) == 0 {
		_, err := fmt.Fprintf(w, "%s: %s\n", title, nothing)
		return err
	}
	sums, err := sumCosts(report.Results)
	if err != nil {
		return err
	}
	t := &costTable{rows: report.Results, sums: sums}
	return printTable(w, title, t.fitting(width), costNotes(report.Results, report.PriceStatus))
}

// printTable writes a table between its title and its notes.
func printTable(w io.Writer, title string, t *table, notes []string) error {
	if _, err := fmt.Fprintf(w, "%s (UTC)\n\n", title); err != nil {
		return err
	}
	if err := t.write(w); err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintln(w, note) // a terminal that is gone was noticed above
	}
	return nil
}

// fitting returns the table, in its narrow form if the wide one is too wide.
func (c *costTable) fitting(width int) *table {
	t := c.table()
	if width > 0 && t.width() > width {
		c.narrow = true
		t = c.table()
	}
	return t
}

func (c *costTable) table() *table {
	t := newTable(column{title: "FEATURE"}, column{title: "PRICED AS"}, column{title: "USED", right: true}, column{}, costColumn(c.sums))
	c.addRows(t)
	addTotals(t, c.sums, unpriced(c.rows, lineName))
	return t
}

// addTotals adds the sums below the rows, or says which rows have no cost: a sum
// without them is nothing that anybody owes.
func addTotals(t *table, sums map[string]decimal.Decimal, missing string) {
	if missing != "" {
		t.add("")
		t.add("No total: " + missing)
		return
	}
	for i, currency := range slices.Sorted(maps.Keys(sums)) {
		if i == 0 {
			t.add("")
		}
		cells := make([]string, len(t.columns))
		cells[0], cells[len(cells)-1] = "Total "+currency, grouped(sums[currency].String(), 2)
		t.add(cells...)
	}
}

// lineName names a row of a report of totals in a message.
func lineName(row client.Row) string {
	name, _ := featureOf(row)
	return name
}

// costColumn names the currency if there is only one.
func costColumn(sums map[string]decimal.Decimal) column {
	title := "COST"
	if len(sums) == 1 {
		for currency := range sums {
			title += " " + currency
		}
	}
	return column{title: title, point: true}
}

// addRows adds the rows under the name of their type. The overcommit of a
// commitment does not repeat its name.
func (c *costTable) addRows(t *table) {
	var typ costd.Type
	above, notes := "", noteMarks{}
	for _, row := range c.rows {
		r := row.Base()
		if r.Type != typ {
			typ, above = r.Type, ""
			t.add(string(typ))
		}
		feature, kind := featureOf(row)
		cell := ""
		switch {
		case feature == above:
		case c.narrow:
			t.add("  " + feature)
		default:
			cell = "  " + feature
		}
		above = feature
		t.add(cell, kind, grouped(r.BillingValue.String(), 0), r.Unit, notes.cost(r))
	}
}

// noteMarks counts the marks of the notes that say why a cost is missing.
type noteMarks struct{ n int }

// cost returns the cost for people, or the mark of its note.
func (m *noteMarks) cost(r *client.Common) string {
	if r.Err != "" {
		m.n++
	}
	switch {
	case r.Cost != nil:
		return grouped(r.Cost.String(), 2)
	case r.Err != "":
		return fmt.Sprintf("[%d]", m.n)
	}
	return ""
}

// costNotes says why costs are missing, in the order of the marks.
func costNotes(rows client.Rows, status client.PriceStatus) (notes []string) {
	for _, row := range rows {
		if reason := row.Base().Err; reason != "" {
			notes = append(notes, fmt.Sprintf("[%d] %s", len(notes)+1, reason))
		}
	}
	if status == client.PricesHidden {
		notes = append(notes, "Prices are hidden from this client.")
	}
	return notes
}

// sumCosts returns the exact sum of the costs in each currency.
func sumCosts(rows client.Rows) (map[string]decimal.Decimal, error) {
	sums := map[string]decimal.Decimal{}
	for _, row := range rows {
		r := row.Base()
		if r.Cost == nil {
			continue
		}
		sum, err := sums[r.Currency].Add(*r.Cost)
		if err != nil {
			return nil, fmt.Errorf("the sum of the costs: %w", err)
		}
		sums[r.Currency] = sum
	}
	return sums, nil
}
