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
for how long, and what it costs. The columns of the table:

  COUNT          how many pieces are reserved, such as 2 servers
  UNITS A MONTH  how many units of price a piece has in a month, such as 744 hours
  FROM, TO       the first day, and the day before which it ends; no TO is no end
  PER UNIT       price of one unit of one piece
  PER MONTH      fee of one piece for one month: PER UNIT times UNITS A MONTH
  TERM           fee of all pieces from FROM to TO; without a TO, for one month
  BEYOND         price of a unit that exceeds what is reserved

The key has to be an administrator's.

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
	fmt.Fprintln(o.out, "PER MONTH is the fee of one piece; TERM is that of all pieces from FROM to TO, or for one month without a TO.") // a terminal that is gone was noticed above
	if hidden {
		fmt.Fprintln(o.out, "Prices are hidden from this client.")
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
