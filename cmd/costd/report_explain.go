package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/client"
)

// explainOptions are the flags of report explain.
type explainOptions struct {
	reportOptions
	month, typ, metric, region, dimension, resource string
}

func newReportExplainCommand(t terminal) *cobra.Command {
	o := &explainOptions{reportOptions: newReportOptions(t, "table", "json")}
	cmd := &cobra.Command{
		Use:   "explain --type TYPE --metric METRIC --region REGION",
		Short: "Show where a figure of the monthly report comes from",
		Long: `Explain takes one line of the monthly report (costd report totals) apart: the
commitments and prices that are used, and for each day with usage what was used, what
commitments cover of it, what is beyond them, and what that costs, exactly. The columns:

  USED        by all resources of the line
  RESOURCE    by the resource, with --resource
  COVERED     of it, drawn from the pool of a commitment
  BEYOND      of it, what no commitment covers: overcommit, or pay-as-you-go
  PRICE       of what is beyond: [n] of the prices above, or the commitment's
  COST        BEYOND x PRICE, to 18 decimals, and as an exact fraction

Costs are added up exactly and rounded once, in the row.

With --resource it is the report that selects this resource: its part of what is covered,
its share of the fee, its part of what is beyond. The key has to be an administrator's, or
an operator's with --client.`,
		Example: `  costd report explain --month 2026-10 --type ai_cluster --metric bm3-ai-1xlarge-h100-80-8_min --region 76
  costd report explain --month 2026-10 --type volume --metric ssd_gbm --region 76 --dimension ssd --resource V`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&o.month, "month", "", "month such as 2026-10 (default the current one)")
	cmd.Flags().StringVar(&o.typ, "type", "", "type of the line, such as ai_cluster (required)")
	cmd.Flags().StringVar(&o.metric, "metric", "", "billing metric of the line (required)")
	cmd.Flags().StringVar(&o.region, "region", "", "region of the line, by id or name (required)")
	cmd.Flags().StringVar(&o.dimension, "dimension", "", "flavor, volume type, ... of the line, if there are several")
	cmd.Flags().StringVar(&o.resource, "resource", "", "id of one resource")
	for _, name := range []string{"type", "metric", "region"} {
		cmd.MarkFlagRequired(name)
	}
	o.reportOptions.addFlags(cmd)
	return cmd
}

func (o *explainOptions) run(ctx context.Context) error {
	month, err := parseMonth(o.month, costd.DayOf(o.now()))
	if err != nil {
		return err
	}
	if err := checkWords("type", []string{o.typ}, typeNames()); err != nil {
		return err
	}
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	regions, err := regionIDs(ctx, c, []string{o.region})
	if err != nil {
		return err
	}
	answer, err := c.ExplainJSON(ctx, client.ExplainRequest{
		Month: month, Type: costd.Type(o.typ), Metric: o.metric, RegionID: regions[0], Dimension: o.dimension, ResourceID: o.resource,
	})
	if err != nil {
		return err
	}
	var e client.Explanation
	if err := json.Unmarshal(answer, &e); err != nil {
		return fmt.Errorf("the answer is not what was asked for; check the address: %w", err)
	}
	if o.format.value == "json" {
		_, err = o.out.Write(answer)
	} else {
		err = printExplanation(o.out, &e)
	}
	return errors.Join(err, withoutCost(&e))
}

// withoutCost returns an *incompleteError if a row has no cost.
func withoutCost(e *client.Explanation) error {
	for _, row := range e.Rows {
		if row.Err != "" {
			return &incompleteError{"1 row has no cost: " + row.Err}
		}
	}
	return nil
}

// printExplanation writes an explanation for people.
func printExplanation(w io.Writer, e *client.Explanation) error {
	var b strings.Builder
	line := fmt.Sprintf("%s %s in region %d", e.Line.Type, e.Line.Metric, e.Line.RegionID)
	if e.Line.Dimension != "" {
		line += " (" + e.Line.Dimension + ")"
	}
	if e.ResourceID != "" {
		line += ", resource " + e.ResourceID
	}
	fmt.Fprintf(&b, "%s (UTC), client %d, catalog version %d\n%s, in %s and %s\n", title(e.Month.Period()), e.ClientID, e.CatalogVersion, line, e.Line.Unit, e.Currency)
	for i := range e.Commitments {
		explainCommitment(&b, &e.Commitments[i])
	}
	for i := range e.Prices {
		explainPrice(&b, i, &e.Prices[i])
	}
	b.WriteString("\n")
	if len(e.Days) > 0 {
		_ = explainDays(e).write(&b) // a strings.Builder takes everything
		b.WriteString("\n")
	}
	for i := range e.Rows {
		explainRow(&b, e, &e.Rows[i])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// explainCommitment writes what a commitment gives in the month.
func explainCommitment(b *strings.Builder, p *client.ExplainedCommitment) {
	c := &p.Commitment
	fmt.Fprintf(b, "\nCommitment %s, from %s", c.ID, c.ActiveFrom)
	if c.ActiveTo != nil {
		fmt.Fprintf(b, " to %s", c.ActiveTo)
	}
	fee := fmt.Sprintf("%d x %s x %s", c.Count, c.UnitSizeMonth, c.UnitPrice)
	if c.PricePerMonth != nil {
		fee = "as stated"
	}
	fmt.Fprintf(b, "\n  a full month: pool %s = %d x %s x %s, fee %s = %s\n", amountOf(p.MonthPool, 0), c.Count, c.UnitSizeMonth, c.UnitSize, amountOf(p.MonthFee, 2), fee)
	fmt.Fprintf(b, "  %d of %d days: pool %s, fee %s\n", p.ActiveDays, p.MonthDays, amountOf(p.Pool, 0), amountOf(p.Fee, 2))
	if c.OvercommitUnitPrice != nil {
		fmt.Fprintf(b, "  beyond it: %s for %s\n", c.OvercommitUnitPrice, unitOf(c.Unit, c.UnitSize.String()))
	}
}

// explainPrice writes one of the prices that are used.
func explainPrice(b *strings.Builder, i int, p *costd.Price) {
	scope := "all clients"
	if p.ClientID != 0 {
		scope = fmt.Sprintf("client %d", p.ClientID)
	}
	region := "all regions"
	if p.RegionID != 0 {
		region = fmt.Sprintf("region %d", p.RegionID)
	}
	fmt.Fprintf(b, "\nPrice [%d] of %s in %s, from %s: %s for %s\n", i+1, scope, region, p.EffectiveFrom, p.UnitPrice, unitOf(p.Unit, p.UnitSize.String()))
}

// unitOf names a unit and its size.
func unitOf(unit, size string) string {
	if unit == "" {
		return size
	}
	return fmt.Sprintf("%s (%s)", unit, size)
}

// explainDays returns the days as a table.
func explainDays(e *client.Explanation) *table {
	columns := []column{{title: "DAY"}, {title: "USED", point: true}}
	if e.ResourceID != "" {
		columns = append(columns, column{title: "RESOURCE", point: true})
	}
	for _, c := range e.Commitments {
		name := "COVERED"
		if len(e.Commitments) > 1 {
			name += " BY " + c.Commitment.ID
		}
		columns = append(columns, column{title: name, point: true})
	}
	t := newTable(append(columns, column{title: "BEYOND", point: true}, column{title: "PRICE"}, column{title: "COST", point: true}, column{title: "EXACTLY", right: true})...)
	for i := range e.Days {
		d := &e.Days[i]
		cells := []string{d.Day.String(), amountOf(d.Used, 0)}
		if e.ResourceID != "" {
			cells = append(cells, amountOf(d.Selected, 0))
		}
		for _, draw := range d.Draws {
			cells = append(cells, amountOf(draw.Covered, 0))
		}
		t.add(append(append(cells, amountOf(d.Beyond, 0)), priceOfDay(d)...)...)
	}
	return t
}

// priceOfDay returns the cells of a day's price and cost.
func priceOfDay(d *client.ExplainedDay) []string {
	switch {
	case d.Beyond.Decimal.IsZero() && d.Beyond.Exact == "0":
		return []string{"", "", ""}
	case d.Price == nil || d.Cost == nil:
		return []string{"none", "", ""}
	}
	from := d.Price.CommitmentID
	if from == "" {
		from = fmt.Sprintf("[%d]", d.Price.Number+1)
	}
	return []string{from, amountOf(*d.Cost, 2), d.Cost.Exact}
}

// explainRow writes how a row is added up and rounded.
func explainRow(b *strings.Builder, e *client.Explanation, row *client.ExplainedRow) {
	fmt.Fprintf(b, "%s - %s: %s %s", cmp.Or(row.Feature, e.Line.Metric), row.Kind, grouped(row.Shown.BillingValue.String(), 0), e.Line.Unit)
	if row.Cost == nil {
		fmt.Fprintf(b, ", no cost: %s\n", row.Err)
		return
	}
	fmt.Fprintf(b, ", %s %s\n  = %s = ", grouped(row.Shown.Cost.String(), 2), e.Currency, row.Cost.Exact)
	if row.Kind != costd.Commit.String() {
		b.WriteString("the sum of the days\n")
		return
	}
	for i, c := range e.Commitments {
		if i > 0 {
			b.WriteString(" + ")
		}
		b.WriteString(c.Fee.Exact)
		if e.ResourceID != "" {
			fmt.Fprintf(b, " x %s / %s", over(c.Covered), over(c.Pool))
		}
	}
	b.WriteString("\n")
}

// over returns a number as a factor or divisor.
func over(n client.Exact) string {
	if strings.Contains(n.Exact, "/") {
		return "(" + n.Exact + ")"
	}
	return n.Exact
}

// amountOf returns a number for people, with so many decimals at least.
func amountOf(n client.Exact, decimals int) string { return grouped(n.Decimal.String(), decimals) }
