package main

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"costd.dev/costd/client"
)

func newReportCommand(t terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Show what was used, what it costs, and what is reserved",
		Long: `Report shows the reports of the client whose key is used, from costd or from any
other server of the same API: name it by --url. An operator's key sees every client:
name one by --client.

A report with a row that has no cost, such as one without a price, has no total. The
command then names the row and exits with 3.`,
		Example: `  costd report totals --month 2026-10            # the month's bill, commitments included
  costd report costs --from 2026-10-01 --to 2026-10-08
  costd report resources --month 2026-10 --type volume --order-by billing_value.desc
  costd report usage --month 2026-10 --project 501
  costd report reservations
  costd report totals --month 2026-10 --client 1001    # with an operator's key
  costd report bills --month 2026-10                   # likewise, of all clients
  costd report explain --month 2026-10 --type volume --metric ssd_gbm --region 76`,
	}
	cmd.AddCommand(
		newReportTotalsCommand(t),
		newReportCostsCommand(t),
		newReportResourcesCommand(t),
		newReportUsageCommand(t),
		newReportReservationsCommand(t),
		newReportBillsCommand(t),
		newReportExplainCommand(t),
	)
	return cmd
}

// reportOptions are what all report commands have.
type reportOptions struct {
	terminal
	connection
	actingFor clientID
	format    format
	now       func() time.Time
}

func newReportOptions(t terminal, formats ...string) reportOptions {
	return reportOptions{terminal: t, format: newFormat(formats...), now: time.Now}
}

func (o *reportOptions) addFlags(cmd *cobra.Command) {
	cmd.Flags().Var(&o.format, "format", "how to print it")
	cmd.Flags().Var(&o.actingFor, "client", "whose report it is, for an operator's key; any other is of one client")
	o.connection.addFlags(cmd)
}

// copy prints a CSV as it arrives.
func (o *reportOptions) copy(f *client.CSV, err error) error {
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(o.out, f); err != nil {
		return fmt.Errorf("the report is not whole: %w", err)
	}
	return nil
}

// one yields a page alone.
func one[P any](page P, err error) iter.Seq2[P, error] {
	return func(yield func(P, error) bool) { yield(page, err) }
}

// A jsonWriter prints a report as the API writes it, row by row as rows come, each
// on a line of its own. A failed write is remembered until end.
type jsonWriter struct {
	out  *bufio.Writer
	rows int // in the list that is open; 0 before the first
}

func newJSONWriter(w io.Writer) *jsonWriter { return &jsonWriter{out: bufio.NewWriter(w)} }

// begin opens the report with its count and its first list.
func (j *jsonWriter) begin(count int, list string) {
	fmt.Fprintf(j.out, `{"count":%d,%q:[`, count, list)
}

// next closes a list and opens another one.
func (j *jsonWriter) next(list string) {
	fmt.Fprintf(j.out, "\n],%q:[", list)
	j.rows = 0
}

func (j *jsonWriter) row(raw []byte) {
	if j.rows > 0 {
		j.out.WriteByte(',')
	}
	j.rows++
	j.out.WriteByte('\n')
	j.out.Write(raw)
}

func (j *jsonWriter) all(rows client.Rows) {
	for _, row := range rows {
		j.row(row.Base().Raw)
	}
}

// end closes the list and the report; last is what comes between, "" for nothing.
func (j *jsonWriter) end(last string) error {
	fmt.Fprintf(j.out, "\n]%s}\n", last)
	return j.out.Flush()
}

// endCosts ends a report of costs.
func (j *jsonWriter) endCosts(status client.PriceStatus) error {
	return j.end(fmt.Sprintf(`,"price_status":%q`, status))
}
