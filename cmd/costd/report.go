package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"costd"
	"costd/client"
)

func newReportCommand(t terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "report",
		Short:   "Show cost reports",
		Example: "  costd report totals --month 2026-10",
	}
	cmd.AddCommand(newReportTotalsCommand(t))
	return cmd
}

type totalsOptions struct {
	terminal
	connection
	month      string
	format     format
	regions    []int64
	types      []string
	tags       []string
	noRounding bool
	now        func() time.Time
}

func newReportTotalsCommand(t terminal) *cobra.Command {
	o := &totalsOptions{terminal: t, format: newFormat("table", "json", "csv"), now: time.Now}
	cmd := &cobra.Command{
		Use:   "totals",
		Short: "Show what a client used and owes in a month, commitments included",
		Long: `Totals shows the monthly report of the client whose key is used: for each line what
was covered by a commitment, what went beyond it, and what is paid as it goes.
Months are those of UTC.`,
		Example: `  costd report totals --month 2026-10
  costd report totals --month 2026-10 --type ai_cluster --region 76
  costd report totals --month 2026-10 --tag team=serving --tag env=prod
  costd report totals --month 2026-10 --format csv > october.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&o.month, "month", "", "month such as 2026-10 (default the current one)")
	cmd.Flags().Var(&o.format, "format", "how to print it")
	cmd.Flags().Int64SliceVar(&o.regions, "region", nil, "only this region, by id; may be repeated")
	cmd.Flags().StringSliceVar(&o.types, "type", nil, "only this type of resource, such as ai_cluster; may be repeated")
	cmd.Flags().StringArrayVar(&o.tags, "tag", nil, "only resources with this tag, as key=value; repeated, with all of them")
	cmd.Flags().BoolVar(&o.noRounding, "no-rounding", false, "costs to 18 decimals instead of 5")
	o.connection.addFlags(cmd)
	return cmd
}

func (o *totalsOptions) run(ctx context.Context) error {
	request, err := o.request()
	if err != nil {
		return err
	}
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	answer, err := c.MonthlyTotals(ctx, request)
	if err != nil {
		return err
	}
	if o.format.value != "table" {
		_, err := o.out.Write(answer)
		return err
	}
	var totals monthlyTotals
	if err := json.Unmarshal(answer, &totals); err != nil {
		return fmt.Errorf("the answer is not a cost report; check the address: %w", err)
	}
	month, _ := costd.ParseMonth(request.YearMonth) // request checked it
	return totals.print(o.out, month, width(o.out))
}

// request returns what the flags ask for.
func (o *totalsOptions) request() (client.MonthlyTotalsRequest, error) {
	month := costd.MonthOf(costd.DayOf(o.now()))
	if o.month != "" {
		var err error
		if month, err = costd.ParseMonth(o.month); err != nil {
			return client.MonthlyTotalsRequest{}, fmt.Errorf("--month: %w", err)
		}
	}
	tags, err := parseTags(o.tags)
	if err != nil {
		return client.MonthlyTotalsRequest{}, err
	}
	request := client.MonthlyTotalsRequest{YearMonth: month.String(), Regions: o.regions, Tags: tags}
	for _, t := range o.types {
		request.Types = append(request.Types, costd.Type(t))
	}
	if o.format.value == "csv" {
		request.ResponseFormat = client.FormatCSVTotals
	}
	if o.noRounding {
		request.Rounding = new(bool)
	}
	return request, nil
}

// parseTags makes a filter of "key=value" texts; a resource has to match them all.
func parseTags(texts []string) (*client.TagFilter, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	filter := &client.TagFilter{ConditionType: "AND"}
	for _, text := range texts {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, errors.New("--tag: write it as key=value")
		}
		filter.Conditions = append(filter.Conditions, client.TagCondition{Key: key, Value: value})
	}
	return filter, nil
}
