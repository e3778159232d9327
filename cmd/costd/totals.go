package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"costd"
	"costd/decimal"
)

// monthlyTotals is the monthly report as it comes over the wire.
type monthlyTotals struct {
	Rows        []totalsRow `json:"results"`
	PriceStatus string      `json:"price_status"`
}

// totalsRow is a row of it. Null texts are "".
type totalsRow struct {
	Type     string           `json:"type"`
	Value    decimal.Decimal  `json:"billing_value"`
	Unit     string           `json:"billing_value_unit"`
	Metric   string           `json:"billing_metric_name"`
	RegionID int64            `json:"region_id"`
	Feature  string           `json:"billing_feature_name"`
	Cost     *decimal.Decimal `json:"cost"`
	Currency string           `json:"currency"`
	Err      string           `json:"err"`
	dimensions
}

// dimensions holds what tells lines of one metric apart; at most one is there.
type dimensions struct {
	Flavor        string `json:"flavor"`
	VolumeType    string `json:"volume_type"`
	FileShareType string `json:"file_share_type"`
	InstanceType  string `json:"instance_type"`
}

func (d *dimensions) dimension() string {
	return cmp.Or(d.Flavor, d.VolumeType, d.FileShareType, d.InstanceType)
}

// name returns what the row is about and under which pricing rule it falls.
func (r *totalsRow) name() (name, kind string) {
	name = cmp.Or(r.Feature, fmt.Sprintf("%s in region %d", r.Metric, r.RegionID))
	for _, k := range []costd.Kind{costd.Commit, costd.Overcommit, costd.PAYG} {
		if feature, ok := strings.CutSuffix(name, " - "+k.String()); ok {
			name, kind = feature, k.String()
			break
		}
	}
	if d := r.dimension(); !strings.Contains(name, d) {
		name += " (" + d + ")"
	}
	return name, kind
}

// print writes the report as a table for people. Numbers are those of the report,
// to the last digit. Features stand on lines of their own if the table would be
// wider than the given width; 0 means that it may have any.
func (m *monthlyTotals) print(w io.Writer, month costd.Month, width int) error {
	title := month.Period().From.Time().Format("January 2006")
	if len(m.Rows) == 0 {
		_, err := fmt.Fprintf(w, "%s: no usage and no commitments\n", title)
		return err
	}
	sums, err := m.sums()
	if err != nil {
		return err
	}
	t := m.table(sums, false)
	if width > 0 && t.width() > width {
		t = m.table(sums, true)
	}
	if _, err := fmt.Fprintf(w, "%s (UTC)\n\n", title); err != nil {
		return err
	}
	if err := t.write(w); err != nil {
		return err
	}
	for _, note := range m.notes() {
		fmt.Fprintln(w, note) // a terminal that is gone was noticed above
	}
	return nil
}

// table returns the report as a table, narrow or wide.
func (m *monthlyTotals) table(sums map[string]decimal.Decimal, narrow bool) *table {
	currencies := slices.Sorted(maps.Keys(sums))
	cost := "COST"
	if len(currencies) == 1 {
		cost += " " + currencies[0]
	}
	t := newTable(column{title: "FEATURE"}, column{title: "PRICED AS"}, column{title: "USED", right: true}, column{}, column{title: cost, point: true})
	m.addRows(t, narrow)
	t.add("")
	for _, currency := range currencies {
		t.add("Total "+currency, "", "", "", grouped(sums[currency].String(), 2))
	}
	return t
}

// addRows adds the rows under the name of their type. The overcommit of a
// commitment does not repeat its name.
func (m *monthlyTotals) addRows(t *table, narrow bool) {
	typ, above, notes := "", "", 0
	for i := range m.Rows {
		r := &m.Rows[i]
		if r.Type != typ {
			typ, above = r.Type, ""
			t.add(typ)
		}
		feature, kind := r.name()
		cell := ""
		switch {
		case feature == above:
		case narrow:
			t.add("  " + feature)
		default:
			cell = "  " + feature
		}
		above = feature
		if r.Err != "" {
			notes++
		}
		t.add(cell, kind, grouped(r.Value.String(), 0), r.Unit, r.cost(notes))
	}
}

// cost returns the cost for people, or the mark of the note that says why there
// is none.
func (r *totalsRow) cost(note int) string {
	switch {
	case r.Cost != nil:
		return grouped(r.Cost.String(), 2)
	case r.Err != "":
		return fmt.Sprintf("[%d]", note)
	}
	return ""
}

// notes says why costs are missing, in the order of the marks.
func (m *monthlyTotals) notes() (notes []string) {
	for _, r := range m.Rows {
		if r.Err != "" {
			notes = append(notes, fmt.Sprintf("[%d] %s", len(notes)+1, r.Err))
		}
	}
	if m.PriceStatus == "hide" {
		notes = append(notes, "Prices are hidden from this client.")
	}
	return notes
}

// sums returns the exact sum of the costs in each currency.
func (m *monthlyTotals) sums() (map[string]decimal.Decimal, error) {
	sums := map[string]decimal.Decimal{}
	for _, r := range m.Rows {
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
