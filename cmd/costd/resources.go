package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"costd.dev/costd/client"
)

// printResources writes costs by resource as a table for people. If it would be
// wider than the given width, it goes without the metrics.
func printResources(w io.Writer, report *client.CostReport, title string, width int) error {
	if len(report.Results) == 0 {
		return printNothing(w, title, report.Count)
	}
	sums, err := sumCosts(report.Results)
	if err != nil {
		return err
	}
	t := fitting(width, func(metrics bool) *table {
		t := newTable(append(resourceColumns(metrics), costColumn(sums))...)
		notes := noteMarks{}
		for _, row := range report.Results {
			t.add(append(resourceCells(row, metrics), notes.cost(row.Base()))...)
		}
		return t
	})
	if len(report.Results) == report.Count { // the sum of some rows is nothing anybody owes
		addTotals(t, sums, unpriced(report.Results, resourceName))
	}
	return printTable(w, title, t, append(costNotes(report.Results, report.PriceStatus), moreNote(len(report.Results), report.Count)...))
}

// printUsage writes usage by resource, and its totals, as tables for people.
func printUsage(w io.Writer, report *client.UsageReport, title string, width int) error {
	if len(report.Resources) == 0 {
		return printNothing(w, title, report.Count)
	}
	resources := fitting(width, func(metrics bool) *table {
		t := newTable(resourceColumns(metrics)...)
		for _, row := range report.Resources {
			t.add(resourceCells(row, metrics)...)
		}
		return t
	})
	if err := printTable(w, title, resources, moreNote(len(report.Resources), report.Count)); err != nil {
		return err
	}
	totals := newTable(column{title: "TOTAL"}, column{title: "METRIC"}, column{title: "REGION", right: true}, column{title: "USED", right: true}, column{})
	for _, row := range report.Totals {
		r := row.Base()
		totals.add(string(r.Type), metricOf(row), id(r.RegionID), grouped(r.BillingValue.String(), 0), r.Unit)
	}
	fmt.Fprintln(w)
	return totals.write(w)
}

// fitting returns the table that build builds, without metrics if it is too wide with
// them.
func fitting(width int, build func(metrics bool) *table) *table {
	t := build(true)
	if width > 0 && t.width() > width {
		return build(false)
	}
	return t
}

func resourceColumns(metrics bool) []column {
	columns := []column{{title: "RESOURCE"}, {title: "ID"}, {title: "TYPE"}}
	if metrics {
		columns = append(columns, column{title: "METRIC"})
	}
	return append(columns, column{title: "PROJECT", right: true}, column{title: "REGION", right: true}, column{title: "USED", right: true}, column{})
}

func resourceCells(row client.Row, metrics bool) []string {
	r := row.Base()
	cells := []string{label(row), idOf(row), string(r.Type)}
	if metrics {
		cells = append(cells, metricOf(row))
	}
	return append(cells, id(r.ProjectID), id(r.RegionID), grouped(r.BillingValue.String(), 0), r.Unit)
}

// metricOf returns the metric, and the dimension unless the metric names it.
func metricOf(row client.Row) string {
	metric, d := row.Base().Metric, row.Dimension()
	if strings.Contains(metric, d) {
		return metric
	}
	return metric + " (" + d + ")"
}

// resourceName names a row of a report by resource in a message.
func resourceName(row client.Row) string {
	return fmt.Sprintf("%s (%s)", label(row), row.Base().Metric)
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

// label returns what people call a resource.
func label(row client.Row) string {
	switch r := row.(type) {
	case *client.EgressTraffic:
		return cmp.Or(r.InstanceName, r.VMID, r.PortID, r.InstanceType)
	case *client.ExternalIP:
		return cmp.Or(r.IPAddress, r.PortID)
	case *client.FloatingIP:
		return cmp.Or(r.LastName, r.IPAddress, r.UUID)
	}
	return cmp.Or(row.Base().LastName, row.Base().UUID)
}

// idOf returns the id of a resource; rows of some types have only that of their machine
// or port.
func idOf(row client.Row) string {
	switch r := row.(type) {
	case *client.EgressTraffic:
		return cmp.Or(r.VMID, r.PortID)
	case *client.ExternalIP:
		return r.PortID
	}
	return row.Base().UUID
}

// printNothing says that there are no rows, or none where the window is.
func printNothing(w io.Writer, title string, count int) error {
	nothing := "no usage"
	if count > 0 {
		nothing = fmt.Sprintf("there are only %s", rowCount(count))
	}
	_, err := fmt.Fprintf(w, "%s: %s\n", title, nothing)
	return err
}

// moreNote says that there are more rows than are shown.
func moreNote(shown, count int) []string {
	if shown == count {
		return nil
	}
	return []string{fmt.Sprintf("%s of %s; --all shows every one", grouped(strconv.Itoa(shown), 0), rowCount(count))}
}

func rowCount(n int) string {
	if n == 1 {
		return "1 row"
	}
	return grouped(strconv.Itoa(n), 0) + " rows"
}
