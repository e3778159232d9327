package gcore

import (
	"fmt"
	"iter"

	"costd.dev/costd"
	"costd.dev/costd/report"
)

// decode reads the body of a report request, and notes what its answer rests on
// before any of that is read.
func (h *Handler) decode(c *call, f form) (request, error) {
	r, err := decodeRequest(c.body, f, h.Reports.Today())
	if err != nil {
		return request{}, err
	}
	r.query.ClientID = c.principal.ClientID
	if c.basis, err = h.Reports.Basis(c.Context(), r.query.ClientID, r.query.Period); err != nil {
		return request{}, err
	}
	if r.query.Projects, err = h.allowedProjects(c.Context(), c.principal, r.query.Period, r.query.Projects); err != nil {
		return request{}, err
	}
	return r, h.resolveIDs(c.Context(), &r.query)
}

// monthlyTotals answers with what a month costs, commitments included.
func (h *Handler) monthlyTotals(c *call) error {
	r, err := h.decode(c, monthlyForm)
	if err != nil {
		return err
	}
	totals, err := h.Reports.Monthly(c.Context(), report.MonthlyRequest{
		ClientID: r.query.ClientID, Month: r.month, Regions: r.query.Regions, Types: r.query.Types,
		Filter: r.query.Filter, Tags: r.query.Tags,
	})
	if err != nil {
		return err
	}
	if r.format == formatJSON {
		return c.answer.totals(&totals, costPlaces(r.rounding))
	}
	c.answer.csv(fmt.Sprintf("reservation-cost-totals-%s.csv", r.month))
	return c.answer.monthlyCSV(&totals, costPlaces(r.rounding))
}

// costTotals answers with what a period costs at pay-as-you-go prices.
func (h *Handler) costTotals(c *call) error {
	r, err := h.decode(c, totalsForm)
	if err != nil {
		return err
	}
	totals, err := h.Reports.Costs(c.Context(), r.query)
	if err != nil {
		return err
	}
	if r.format == formatJSON {
		return c.answer.totals(&totals, costPlaces(r.rounding))
	}
	c.answer.csv("cost-totals" + fileSuffix(totals.Period))
	return c.answer.totalsCSV(&totals, costPlaces(r.rounding))
}

// costResources answers with what each resource costs: a page as JSON, or every
// row as CSV.
func (h *Handler) costResources(c *call) error {
	r, err := h.decode(c, resourcesForm)
	if err != nil {
		return err
	}
	if r.format == formatCSVRecords {
		r.page.Offset, r.page.Limit = 0, 0
	}
	resources, err := h.Reports.CostResources(c.Context(), r.query, r.page)
	if err != nil {
		return err
	}
	if r.format == formatJSON {
		return c.answer.resources(resources, costPlaces(r.rounding))
	}
	c.answer.csv("cost-resources" + fileSuffix(resources.Period))
	return c.answer.recordsCSV(resources, costPlaces(r.rounding))
}

// usageReport answers with what was used: a page of resources, and totals.
func (h *Handler) usageReport(c *call) error {
	r, err := h.decode(c, usageForm)
	if err != nil {
		return err
	}
	usage, err := h.Reports.UsageReport(c.Context(), r.query, r.page)
	if err != nil {
		return err
	}
	return c.answer.usage(usage)
}

func fileSuffix(p costd.Period) string { return fmt.Sprintf("-%s-%s.csv", p.From, p.To) }

// totals writes the charges as JSON.
func (a *answer) totals(t *report.Totals, places int) (err error) {
	a.contentType("application/json")
	a.beginCount(len(t.Charges))
	a.text(`"results":[`)
	for i := range t.Charges {
		c := &t.Charges[i]
		a.comma(i)
		if a.b, err = appendTotal(a.b, c.Line, c.Quantity, c.LastSize); err != nil {
			return err
		}
		if err = a.endWithCost(c, places); err != nil {
			return err
		}
	}
	a.endResults(t.Status)
	return nil
}

// resources writes the rows of a page as JSON, as they are read.
func (a *answer) resources(r *report.Resources, places int) error {
	a.contentType("application/json")
	a.beginCount(r.Count)
	a.text(`"results":[`)
	i := 0
	for row, err := range r.Rows {
		if err != nil {
			return err
		}
		a.comma(i)
		i++
		if a.b, err = appendResource(a.b, &row.Usage, row.Charge.Quantity, a.ids); err != nil {
			return err
		}
		if err = a.endWithCost(&row.Charge, places); err != nil {
			return err
		}
	}
	a.endResults(r.Status())
	return nil
}

// usage writes a page of resources, then totals. The contract knows no totals of
// backups.
func (a *answer) usage(u *report.Usage) error {
	a.contentType("application/json")
	a.beginCount(u.Count)
	a.text(`"resources":[`)
	if err := a.usageRows(u.Rows); err != nil {
		return err
	}
	a.text(`],"totals":[`)
	i := 0
	for _, t := range u.Totals {
		if t.Line.Type == costd.Backup {
			continue
		}
		a.comma(i)
		i++
		var err error
		if a.b, err = appendTotal(a.b, t.Line, t.Quantity, t.LastSize); err != nil {
			return err
		}
		a.text("}")
		if err := a.spill(); err != nil {
			return err
		}
	}
	a.text("]}\n")
	return nil
}

func (a *answer) usageRows(rows iter.Seq2[report.ResourceRow, error]) error {
	i := 0
	for row, err := range rows {
		if err != nil {
			return err
		}
		a.comma(i)
		i++
		if a.b, err = appendResource(a.b, &row.Usage, row.Charge.Quantity, a.ids); err != nil {
			return err
		}
		a.text("}")
		if err := a.spill(); err != nil {
			return err
		}
	}
	return nil
}

// beginCount begins a JSON object with its count, up to the next key.
func (a *answer) beginCount(count int) { a.b = fmt.Appendf(a.b, `{"count":%d,`, count) }

// comma separates row i from the one before.
func (a *answer) comma(i int) {
	if i > 0 {
		a.text(",")
	}
}

// endWithCost ends a cost row.
func (a *answer) endWithCost(c *costd.Charge, places int) (err error) {
	if a.b, err = appendCost(a.b, c, places); err != nil {
		return err
	}
	a.text("}")
	return a.spill()
}

// endResults ends a JSON object whose results are written.
func (a *answer) endResults(s report.PriceStatus) {
	a.text(`],"price_status":`)
	a.b = appendString(a.b, string(s))
	a.text("}\n")
}

// monthlyCSV writes one line for each line of the report.
func (a *answer) monthlyCSV(t *report.Totals, places int) (err error) {
	a.b = appendHeader(a.b, monthlyColumns)
	for rest := t.Charges; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Line == rest[0].Line {
			n++
		}
		if a.b, err = appendMonthlyCSV(a.b, rest[:n], t, places); err != nil {
			return err
		}
		if err = a.spill(); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

func (a *answer) totalsCSV(t *report.Totals, places int) (err error) {
	a.b = appendHeader(a.b, totalsColumns)
	for i := range t.Charges {
		if a.b, err = appendTotalsCSV(a.b, &t.Charges[i], t, places); err != nil {
			return err
		}
		if err = a.spill(); err != nil {
			return err
		}
	}
	return nil
}

func (a *answer) recordsCSV(r *report.Resources, places int) error {
	a.b = appendHeader(a.b, recordsColumns)
	for row, err := range r.Rows {
		if err != nil {
			return err
		}
		if a.b, err = appendRecordCSV(a.b, &row, r, a.ids, places); err != nil {
			return err
		}
		if err := a.spill(); err != nil {
			return err
		}
	}
	return nil
}
