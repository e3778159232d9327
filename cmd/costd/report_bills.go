package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/decimal"
)

// billsOptions are the flags of report bills.
type billsOptions struct {
	reportOptions
	month string
}

func newReportBillsCommand(t terminal) *cobra.Command {
	o := &billsOptions{reportOptions: newReportOptions(t, "table", "json", "csv")}
	cmd := &cobra.Command{
		Use:   "bills",
		Short: "Show what every client owes in a month, one line each",
		Long: `Bills shows one line for each client of the catalog: the rows of its monthly report
(costd report totals), added up by how they are priced. The key has to be an operator's.

A client of which a row has no cost, such as one without a price, has no total. The command
then names the client and exits with 3; costd report totals --client ID shows the row.`,
		Example: `  costd report bills --month 2026-10
  costd report bills --month 2026-10 --format csv > october.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&o.month, "month", "", "month such as 2026-10 (default the current one)")
	cmd.Flags().Var(&o.format, "format", "how to print it")
	o.connection.addFlags(cmd)
	return cmd
}

func (o *billsOptions) run(ctx context.Context) error {
	month, err := parseMonth(o.month, costd.DayOf(o.now()))
	if err != nil {
		return err
	}
	c, err := o.connection.client(o.terminal)
	if err != nil {
		return err
	}
	var missing missingTotals
	switch o.format.value {
	case "csv":
		err = o.csv(ctx, c, month, &missing)
	case "json":
		err = o.json(ctx, c, month, &missing)
	default:
		err = o.table(ctx, c, month, &missing)
	}
	if err != nil || missing.n == 0 {
		return err
	}
	return &incompleteError{missing.String()}
}

// missingTotals are the clients whose bills have no total, since a row has no cost: the first few names, and how
// many there are.
type missingTotals struct {
	names []string
	n     int
}

func (m *missingTotals) add(clientID int64, name string) {
	if m.n++; m.n <= maxNamedRows {
		m.names = append(m.names, fmt.Sprintf("%s (%d)", name, clientID))
	}
}

// String says which bills have no total, and why.
func (m *missingTotals) String() string {
	names := slices.Clone(m.names)
	if more := m.n - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	if m.n == 1 {
		return "1 bill has rows without a cost: " + names[0]
	}
	return fmt.Sprintf("%d bills have rows without a cost: %s", m.n, strings.Join(names, ", "))
}

// csv prints the table of the server as it arrives, and notes what is missing in it.
func (o *billsOptions) csv(ctx context.Context, c *client.Client, month costd.Month, missing *missingTotals) error {
	f, err := c.BillsCSV(ctx, month)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := csv.NewReader(io.TeeReader(f, o.out))
	lines.ReuseRecord = true
	header, err := lines.Read()
	if err != nil {
		return fmt.Errorf("the list is not whole: %w", err)
	}
	columns := map[string]int{}
	for i, name := range header {
		columns[name] = i
	}
	for {
		line, err := lines.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the list is not whole: %w", err)
		}
		if line[columns["rows_in_error"]] != "0" {
			id, _ := strconv.ParseInt(line[columns["client_id"]], 10, 64) // the server's own
			missing.add(id, line[columns["client_name"]])
		}
	}
}

// json prints the bills as the API writes them, one a line.
func (o *billsOptions) json(ctx context.Context, c *client.Client, month costd.Month, missing *missingTotals) error {
	if _, err := fmt.Fprintf(o.out, `{"month":%q,"bills":[`, month); err != nil {
		return err
	}
	separator := "\n"
	for bill, err := range c.AllBills(ctx, client.BillsRequest{Month: month}) {
		if err != nil {
			return err
		}
		if bill.RowsInError > 0 {
			missing.add(bill.ClientID, bill.ClientName)
		}
		line, err := json.Marshal(bill)
		if err == nil {
			_, err = fmt.Fprintf(o.out, "%s%s", separator, line)
		}
		if err != nil {
			return err
		}
		separator = ",\n"
	}
	_, err := fmt.Fprintln(o.out, "\n]}")
	return err
}

// table prints the bills for people, with a total for each currency.
func (o *billsOptions) table(ctx context.Context, c *client.Client, month costd.Month, missing *missingTotals) error {
	t := newTable(column{title: "CLIENT"}, column{title: "NAME"}, column{title: "STATE"}, column{title: "COMMIT", point: true},
		column{title: "OVERCOMMIT", point: true}, column{title: "PAYG", point: true}, column{title: "CURRENCY"}, column{title: "TOTAL", point: true})
	var notes []string
	sums := map[string]decimal.Decimal{}
	for bill, err := range c.AllBills(ctx, client.BillsRequest{Month: month}) {
		if err != nil {
			return err
		}
		total := money(bill.Total)
		if bill.Total == nil {
			missing.add(bill.ClientID, bill.ClientName)
			total = fmt.Sprintf("[%d]", len(notes)+1)
			notes = append(notes, fmt.Sprintf("%s %s without a cost: %s", total, plural(int64(bill.RowsInError), "row"), bill.Err))
		} else if sums[bill.Currency], err = sums[bill.Currency].Add(*bill.Total); err != nil {
			return fmt.Errorf("the sum of the totals: %w", err)
		}
		t.add(strconv.FormatInt(bill.ClientID, 10), bill.ClientName, bill.State, money(bill.Commit), money(bill.Overcommit), money(bill.PAYG), bill.Currency, total)
	}
	if len(t.rows) == 1 {
		_, err := fmt.Fprintf(o.out, "%s: the catalog has no clients\n", title(month.Period()))
		return err
	}
	reason := ""
	if missing.n > 0 {
		reason = missing.String()
	}
	addTotals(t, sums, reason)
	return printTable(o.out, title(month.Period()), t, notes)
}

// money returns an amount for people, "" for none.
func money(d *decimal.Decimal) string {
	if d == nil {
		return ""
	}
	return grouped(d.String(), 2)
}
