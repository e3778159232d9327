package main

import (
	"context"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/client"
)

// totalsOptions are the flags of report totals and report costs.
type totalsOptions struct {
	reportOptions
	span
	selection
	noRounding bool
	orderBy    string
}

func (o *totalsOptions) addFlags(cmd *cobra.Command) {
	o.reportOptions.addFlags(cmd)
	o.selection.addFlags(cmd)
	cmd.Flags().BoolVar(&o.noRounding, "no-rounding", false, "costs to 18 decimals instead of 5")
	cmd.Flags().StringVar(&o.orderBy, "order-by", "", "cost.desc or cost.asc (default by type, region and what it is)")
}

func newReportTotalsCommand(t terminal) *cobra.Command {
	o := &totalsOptions{reportOptions: newReportOptions(t, "table", "json", "csv")}
	cmd := &cobra.Command{
		Use:   "totals",
		Short: "Show what a client used and owes in a month, commitments included",
		Long: `Totals shows the monthly report of the client whose key is used: for each line what
was covered by a commitment, what went beyond it, and what is paid as it goes.
Months are those of UTC. The key has to be an administrator's.

For days other than a month, and for costs as if there were no commitments, see
costd report costs.`,
		Example: `  costd report totals --month 2026-10
  costd report totals --month 2026-10 --type ai_cluster --region Luxembourg-2
  costd report totals --month 2026-10 --order-by cost.desc
  costd report totals --month 2026-10 --tag team=serving --tag env=prod
  costd report totals --month 2026-10 --filter volume.last_name=data
  costd report totals --month 2026-10 --format csv > october.csv`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.monthly(cmd.Context()) },
		PreRunE: func(*cobra.Command, []string) error { return checkTotalsOrder(o.orderBy, o.format.value) },
	}
	cmd.Flags().StringVar(&o.month, "month", "", "month such as 2026-10 (default the current one)")
	o.addFlags(cmd)
	return cmd
}

func newReportCostsCommand(t terminal) *cobra.Command {
	o := &totalsOptions{reportOptions: newReportOptions(t, "table", "json", "csv")}
	cmd := &cobra.Command{
		Use:   "costs",
		Short: "Show what up to 31 days cost at pay-as-you-go prices",
		Long: `Costs shows what a period of up to 31 days costs, everything at pay-as-you-go prices,
as if there were no commitments. Days are those of UTC; --to names the first day
that does not count.

What a client owes for a month, commitments included, is costd report totals.`,
		Example: `  costd report costs --from 2026-10-01 --to 2026-10-08
  costd report costs --from 2026-10-01 --to 2026-10-07 --last-day   # the same
  costd report costs --month 2026-10 --project 501`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.costs(cmd.Context()) },
		PreRunE: func(*cobra.Command, []string) error { return checkTotalsOrder(o.orderBy, o.format.value) },
	}
	o.span.addFlags(cmd)
	o.addFlags(cmd)
	o.addProjectFlag(cmd)
	return cmd
}

// monthly prints the report with commitments.
func (o *totalsOptions) monthly(ctx context.Context) error {
	month, err := parseMonth(o.month, costd.DayOf(o.now()))
	if err != nil {
		return err
	}
	f, err := o.filter()
	if err != nil {
		return err
	}
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	regions, _, err := o.places(ctx, c)
	if err != nil {
		return err
	}
	request := client.MonthlyTotalsRequest{YearMonth: month, Regions: regions, Types: f.types, SchemaFilter: f.schema, Tags: f.tags, Rounding: o.rounding()}
	if o.format.value == "csv" {
		return o.copy(c.MonthlyTotalsCSV(ctx, request))
	}
	report, err := c.MonthlyTotals(ctx, request)
	if err != nil {
		return err
	}
	return o.print(report, month.Period(), "no usage and no commitments")
}

// costs prints the report without commitments.
func (o *totalsOptions) costs(ctx context.Context) error {
	period, err := o.period(o.now())
	if err != nil {
		return err
	}
	f, err := o.filter()
	if err != nil {
		return err
	}
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	regions, projects, err := o.places(ctx, c)
	if err != nil {
		return err
	}
	request := client.CostTotalsRequest{
		TimeFrom: period.From.Time(), TimeTo: period.To.Time(), Projects: projects,
		Regions: regions, Types: f.types, SchemaFilter: f.schema, Tags: f.tags, Rounding: o.rounding(),
	}
	if o.format.value == "csv" {
		return o.copy(c.CostTotalsCSV(ctx, request))
	}
	report, err := c.CostTotals(ctx, request)
	if err != nil {
		return err
	}
	return o.print(report, period, "no usage")
}

// rounding returns what the API calls it; nil is its default.
func (o *totalsOptions) rounding() *bool {
	if o.noRounding {
		return new(false)
	}
	return nil
}

func (o *totalsOptions) print(report *client.CostReport, period costd.Period, nothing string) error {
	if o.orderBy != "" {
		sortByCost(report.Results, o.orderBy)
	}
	if err := o.write(report, period, nothing); err != nil {
		return err
	}
	return incomplete(report.Results, lineName)
}

func (o *totalsOptions) write(report *client.CostReport, period costd.Period, nothing string) error {
	if o.format.value == "table" {
		return printTotals(o.out, report, title(period), nothing, width(o.out))
	}
	j := newJSONWriter(o.out)
	j.begin(report.Count, "results")
	j.all(report.Results)
	return j.endCosts(report.PriceStatus)
}
