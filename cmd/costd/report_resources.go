package main

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/client"
)

// defaultRows is how many rows a report by resource shows: a screenful or two.
const defaultRows = 50

// resourcesOptions are the flags of report resources and report usage.
type resourcesOptions struct {
	reportOptions
	span
	selection
	window
	noRounding bool
	byCost     string // set by request: the order by cost, "" for that of the API
}

// A window is the flags that say which rows of a long report to show.
type window struct {
	limit, offset int
	all           bool
	orderBy       []string
}

func (w *window) addFlags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&w.limit, "limit", defaultRows, "how many rows")
	cmd.Flags().IntVar(&w.offset, "offset", 0, "how many rows to skip")
	cmd.Flags().BoolVar(&w.all, "all", false, "every row")
	cmd.Flags().StringSliceVar(&w.orderBy, "order-by", nil,
		"what to order by, with .asc or .desc: cost (not of usage), billing_value, first_seen, last_name, last_seen, project, region, type; may be repeated (default project.asc)")
	cmd.MarkFlagsMutuallyExclusive("all", "limit")
	cmd.MarkFlagsMutuallyExclusive("all", "offset")
}

func (o *resourcesOptions) addFlags(cmd *cobra.Command) {
	o.span.addFlags(cmd)
	o.reportOptions.addFlags(cmd)
	o.selection.addFlags(cmd)
	o.addProjectFlag(cmd)
	o.window.addFlags(cmd)
}

func newReportResourcesCommand(t terminal) *cobra.Command {
	o := &resourcesOptions{reportOptions: newReportOptions(t, "table", "json", "csv")}
	cmd := &cobra.Command{
		Use:   "resources",
		Short: "Show what each resource cost in up to 31 days, at pay-as-you-go prices",
		Long: `Resources shows a row for each resource and metric of a period of up to 31 days,
everything at pay-as-you-go prices. Days are those of UTC; --to names the first day
that does not count. CSV has every row.`,
		Example: `  costd report resources --month 2026-10 --order-by cost.desc --limit 10
  costd report resources --from 2026-10-01 --to 2026-10-08 --type volume --all
  costd report resources --month 2026-10 --filter instance.last_name=web-1
  costd report resources --month 2026-10 --format csv > resources.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.format.value == "csv" && (cmd.Flags().Changed("limit") || cmd.Flags().Changed("offset")) {
				return errors.New("--format csv has every row; leave out --limit and --offset")
			}
			if o.format.value == "csv" && slices.ContainsFunc(o.orderBy, isCostOrder) {
				return errors.New("--format csv comes in the order of the API; leave out --order-by cost")
			}
			return o.resources(cmd.Context())
		},
	}
	o.addFlags(cmd)
	cmd.Flags().BoolVar(&o.noRounding, "no-rounding", false, "costs to 18 decimals instead of 5")
	return cmd
}

func newReportUsageCommand(t terminal) *cobra.Command {
	o := &resourcesOptions{reportOptions: newReportOptions(t, "table", "json")}
	cmd := &cobra.Command{
		Use:   "usage",
		Short: "Show what was used, by resource and in total, without money",
		Long: `Usage shows a row for each resource and metric of a period, then the totals of all
resources. Days are those of UTC; --to names the first day that does not count.`,
		Example: `  costd report usage --month 2026-10
  costd report usage --from 2026-07-01 --to 2026-10-01 --type egress_traffic --all
  costd report usage --month 2026-10 --project 501 --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.usage(cmd.Context()) },
	}
	o.addFlags(cmd)
	return cmd
}

// request returns what the flags ask for.
func (o *resourcesOptions) request() (client.CostResourcesRequest, costd.Period, error) {
	period, err := o.period(o.now())
	if err != nil {
		return client.CostResourcesRequest{}, period, err
	}
	orders, byCost, err := o.orders()
	if err != nil {
		return client.CostResourcesRequest{}, period, err
	}
	f, err := o.filter()
	request := client.CostResourcesRequest{
		TimeFrom: period.From.Time(), TimeTo: period.To.Time(), Types: f.types, SchemaFilter: f.schema, Tags: f.tags,
		Limit: o.limit, Offset: o.offset, OrderBy: orders,
	}
	if o.noRounding {
		request.Rounding = new(false)
	}
	if o.byCost = byCost; o.all || byCost != "" {
		request.Limit, request.Offset = 0, 0 // every row, as many as fit into a page
	}
	return request, period, err
}

// resources prints costs by resource.
func (o *resourcesOptions) resources(ctx context.Context) error {
	request, period, err := o.request()
	if err != nil {
		return err
	}
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	if request.Regions, request.Projects, err = o.places(ctx, c); err != nil {
		return err
	}
	if o.format.value == "csv" {
		return o.copy(c.CostResourcesCSV(ctx, request))
	}
	pages := c.CostResourcePages(ctx, request)
	switch {
	case o.byCost != "":
		pages = one(o.sorted(pages))
	case !o.all:
		pages = one(c.CostResources(ctx, request))
	}
	if o.format.value == "json" {
		return o.costsJSON(pages)
	}
	all, err := gatherCosts(pages)
	if err != nil {
		return err
	}
	if err := printResources(o.out, all, title(period), width(o.out)); err != nil {
		return err
	}
	return incomplete(all.Results, resourceName)
}

// sorted makes one page of all pages: the rows of the window in the order by cost.
func (o *resourcesOptions) sorted(pages iter.Seq2[*client.CostReport, error]) (*client.CostReport, error) {
	all, err := gatherCosts(pages)
	if err != nil {
		return nil, err
	}
	sortByCost(all.Results, o.byCost)
	all.Results = o.cut(all.Results)
	return all, nil
}

// costsJSON prints pages as one report while they come.
func (o *resourcesOptions) costsJSON(pages iter.Seq2[*client.CostReport, error]) error {
	j := newJSONWriter(o.out)
	var failed client.Rows
	status := client.PricesShown
	first := true
	for page, err := range pages {
		if err != nil {
			return errors.Join(err, j.out.Flush())
		}
		if first {
			j.begin(page.Count, "results")
		}
		first = false
		j.all(page.Results)
		failed = append(failed, withError(page.Results)...)
		status = worse(status, page.PriceStatus)
	}
	if err := j.endCosts(status); err != nil {
		return err
	}
	return incomplete(failed, resourceName)
}

// gatherCosts makes one report of pages.
func gatherCosts(pages iter.Seq2[*client.CostReport, error]) (*client.CostReport, error) {
	all := &client.CostReport{PriceStatus: client.PricesShown}
	for page, err := range pages {
		if err != nil {
			return nil, err
		}
		all.Count = page.Count
		all.Results = append(all.Results, page.Results...)
		all.PriceStatus = worse(all.PriceStatus, page.PriceStatus)
	}
	return all, nil
}

// worse returns the status of two pages together.
func worse(a, b client.PriceStatus) client.PriceStatus {
	for _, status := range []client.PriceStatus{client.PricesHidden, client.PricesFailed} {
		if a == status || b == status {
			return status
		}
	}
	return b
}

// usage prints usage by resource and in total.
func (o *resourcesOptions) usage(ctx context.Context) error {
	costs, period, err := o.request()
	if err == nil && o.byCost != "" {
		err = errors.New("--order-by: usage has no cost; use billing_value, or costd report resources")
	}
	if err != nil {
		return err
	}
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	if costs.Regions, costs.Projects, err = o.places(ctx, c); err != nil {
		return err
	}
	request := client.UsageRequest{
		TimeFrom: costs.TimeFrom, TimeTo: costs.TimeTo, Projects: costs.Projects,
		Regions: costs.Regions, Types: costs.Types, SchemaFilter: costs.SchemaFilter, Tags: costs.Tags,
		Limit: costs.Limit, Offset: costs.Offset, OrderBy: costs.OrderBy,
	}
	pages := c.UsageReportPages(ctx, request)
	if !o.all {
		pages = one(c.UsageReport(ctx, request))
	}
	if o.format.value == "json" {
		return o.usageJSON(pages)
	}
	all, err := gatherUsage(pages)
	if err != nil {
		return err
	}
	return printUsage(o.out, all, title(period), width(o.out))
}

// usageJSON prints pages as one report while they come.
func (o *resourcesOptions) usageJSON(pages iter.Seq2[*client.UsageReport, error]) error {
	j := newJSONWriter(o.out)
	var totals client.Rows
	first := true
	for page, err := range pages {
		if err != nil {
			return errors.Join(err, j.out.Flush())
		}
		if first {
			j.begin(page.Count, "resources")
			totals = page.Totals
		}
		first = false
		j.all(page.Resources)
	}
	j.next("totals")
	j.all(totals)
	return j.end("")
}

// gatherUsage makes one report of pages, each of which has the same totals.
func gatherUsage(pages iter.Seq2[*client.UsageReport, error]) (*client.UsageReport, error) {
	all := &client.UsageReport{}
	for page, err := range pages {
		if err != nil {
			return nil, err
		}
		all.Count, all.Totals = page.Count, page.Totals
		all.Resources = append(all.Resources, page.Resources...)
	}
	return all, nil
}
