package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/decimal"
)

// reservationsOptions are the flags of report reservations.
type reservationsOptions struct {
	reportOptions
	span
	metric  string
	region  string
	orderBy string
	active  bool
}

func newReportReservationsCommand(t terminal) *cobra.Command {
	o := &reservationsOptions{reportOptions: newReportOptions(t, "table", "json")}
	cmd := &cobra.Command{
		Use:   "reservations",
		Short: "Show what a client has committed to, and at which prices",
		Long: `Reservations shows the commitments of the client whose key is used: what is reserved,
for how long, and what a unit of it, and one beyond it, costs. A price per month is
that of one of the reserved pieces; a total is that of all of them over the whole
term. The key has to be an administrator's.

With --month, or --from and --to, those active on these days, at most 31.`,
		Example: `  costd report reservations
  costd report reservations --active --order-by active_to.asc
  costd report reservations --month 2026-10 --metric bm1-hf-medium_min`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.reportOptions.addFlags(cmd)
	o.span.addFlags(cmd)
	cmd.Flags().Lookup("month").Usage = "a whole month such as 2026-10 (default all times)"
	cmd.Flags().StringVar(&o.metric, "metric", "", "only this metric, such as bm1-hf-medium_min")
	cmd.Flags().StringVar(&o.region, "region", "", "only this region, by id or name")
	cmd.Flags().StringVar(&o.orderBy, "order-by", "", "active_from or active_to, with .asc or .desc (default active_from.desc)")
	cmd.Flags().BoolVar(&o.active, "active", false, "only those that are active today")
	return cmd
}

func (o *reservationsOptions) run(ctx context.Context) error {
	request, err := o.request()
	if err != nil {
		return err
	}
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	if o.region != "" {
		ids, err := regionIDs(ctx, c, []string{o.region})
		if err != nil {
			return err
		}
		request.RegionID = ids[0]
	}
	found, err := c.Reservations(ctx, request)
	if err != nil {
		return err
	}
	if o.format.value == "table" {
		return o.print(found)
	}
	j := newJSONWriter(o.out)
	j.begin(len(found), "results")
	for _, r := range found {
		j.row(r.Raw)
	}
	return j.end("")
}

func (o *reservationsOptions) request() (client.ReservationsRequest, error) {
	request := client.ReservationsRequest{
		MetricName: o.metric, OrderBy: client.ReservationOrder(o.orderBy), ActiveOnly: o.active,
	}
	if !o.given() {
		return request, nil
	}
	period, err := o.period(o.now())
	request.TimeFrom, request.TimeTo = period.From.Time(), period.To.Time()
	return request, err
}

func (o *reservationsOptions) print(found []client.Reservation) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(o.out, "no reservations")
		return err
	}
	t := newTable(column{title: "RESOURCE"}, column{title: "REGION"}, column{title: "COUNT", right: true}, column{title: "UNITS A MONTH", right: true},
		column{title: "FROM"}, column{title: "TO"}, column{title: "PER UNIT", point: true}, column{title: "PER MONTH", point: true}, column{title: "TERM", point: true}, column{title: "BEYOND", point: true})
	hidden := false
	for _, r := range found {
		t.add(r.ResourceName, r.RegionName, count(r.ResourceCount), grouped(r.UnitSizeMonth.String(), 0)+" "+r.UnitName,
			dayText(r.Commit.ActiveFrom), dayText(r.Commit.ActiveTo),
			priceCell(r.Commit.PricePerUnit), priceCell(r.Commit.PricePerMonth), priceCell(r.Commit.PriceTotal), priceCell(r.ActiveOvercommit.PricePerUnit))
		hidden = hidden || r.Commit.PricePerUnit == nil
	}
	if err := t.write(o.out); err != nil {
		return err
	}
	if hidden {
		fmt.Fprintln(o.out, "Prices are hidden from this client.") // a terminal that is gone was noticed above
	}
	return nil
}

// dayText names the day on which something begins, or before which it ends; "" for
// no end.
func dayText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return costd.DayOf(t).String()
}

func priceCell(price *decimal.Decimal) string {
	if price == nil {
		return ""
	}
	return grouped(price.String(), 2)
}
