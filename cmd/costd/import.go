package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/importer"
)

// shownRejections is how many rejections are shown on the terminal; whoever has
// more wants a file of them.
const shownRejections = 20

type importOptions struct {
	terminal
	connection
	query     string
	rejects   string
	batchSize int
}

func newImportCommand(t terminal) *cobra.Command {
	o := &importOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "import [--query FILE] FILE...",
		Short: "Import usage from CSV, NDJSON and Parquet files, or from any table by a query",
		Long: `Import reads usage records from files, in their order, and sends them to the server.
A file is known by its name: .csv, .ndjson or .jsonl (each also .gz), or .parquet.

The columns of a CSV or Parquet file are those of a usage record: id, client_id,
project_id, region_id, type, resource_id, metric, start, end, quantity, size, count,
flavor, name, deleted, the attributes by name (volume_type or attributes.volume_type,
ip_address, ...), and tags as a JSON object, or as one column tags.KEY for each. An
empty value is absent. docs/types.md says what each column means.

With --query a SELECT (DuckDB SQL, run on this machine) makes those columns out of
any table: the view "input" holds all FILEs together. The columns of CSV files are
text there, and so are the texts of NDJSON and its numbers with fractions; cast them
to compute with them, as in CAST(hours AS DECIMAL(18, 3)) or
CAST(started AS TIMESTAMPTZ). Floating-point columns are refused, because they do not
hold decimal numbers exactly.

What was taken and is most likely a mistake is counted in warnings, which name the
first record: usage without the flavor or other dimension of its type, of a region or
project that the catalog does not have, of another client's project, or more than a
day in the future.

Importing the same records again changes nothing, so an import that was interrupted
is simply repeated. The exit code is 0 only if no record was rejected.`,
		Example: `  costd import usage.csv usage-2.ndjson.gz
  costd import --query pods-to-usage.sql pods.parquet
  costd import --rejects rejected.ndjson usage.csv`,
		RunE: func(cmd *cobra.Command, files []string) error { return o.run(cmd.Context(), files) },
	}
	cmd.Flags().StringVar(&o.query, "query", "", "file with a SELECT that yields usage columns; - reads standard input")
	cmd.Flags().StringVar(&o.rejects, "rejects", "", "file to write every rejected record's place and mistake to, as NDJSON")
	cmd.Flags().IntVar(&o.batchSize, "batch-size", importer.DefaultBatch, fmt.Sprintf("records in one request, at most %d", costd.MaxBatch))
	o.connection.addFlags(cmd)
	return cmd
}

func (o *importOptions) run(ctx context.Context, files []string) (err error) {
	if o.batchSize < 1 || o.batchSize > costd.MaxBatch {
		return fmt.Errorf("--batch-size must be from 1 to %d", costd.MaxBatch)
	}
	input, err := o.input(files)
	if err != nil {
		return err
	}
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	rejects, err := newRejects(o.err, o.rejects)
	if err != nil {
		return err
	}
	bar := newProgress(o.err, input)
	sum, elapsed, err := o.send(ctx, c, input, rejects, bar)
	bar.finish()
	return errors.Join(rejects.finish(), o.conclude(sum, elapsed, err))
}

func (o *importOptions) input(files []string) (*importer.Input, error) {
	if o.query == "" {
		if len(files) == 0 {
			return nil, errors.New("import needs files to read; see costd import --help")
		}
		return importer.Files(files...)
	}
	sql, err := readInput(o.query, o.in)
	if err != nil {
		return nil, fmt.Errorf("cannot read the query: %w", err)
	}
	return importer.Query(string(sql), files...)
}

// send imports the input and returns the sums and the time it took.
func (o *importOptions) send(ctx context.Context, c *client.Client, input *importer.Input, rejects *rejects, bar *progress) (importer.Summary, time.Duration, error) {
	im := importer.Importer{
		Send:      c.SendNDJSON,
		BatchSize: o.batchSize,
		Reject: func(r importer.Rejection) error {
			bar.clear()
			return rejects.add(r)
		},
		Warn: func(w importer.Warning) {
			bar.clear()
			printWarning(o.err, w)
		},
		Progress: bar.show,
	}
	start := time.Now()
	sum, err := im.Run(ctx, input.Rows(ctx))
	return sum, time.Since(start), err
}

// conclude prints the sums, and turns rejections into an error.
func (o *importOptions) conclude(sum importer.Summary, elapsed time.Duration, err error) error {
	if err == nil || sum.Read > 0 {
		printSummary(o.out, sum, elapsed)
	}
	if err != nil {
		if sum.Read > 0 && !errors.Is(err, context.Canceled) {
			return fmt.Errorf("%s (%s went before; importing again changes nothing about them)", sentence(err), records(sum.Read))
		}
		return err
	}
	if sum.Rejected > 0 {
		return fmt.Errorf("%s of %s rejected; correct and import again", count(sum.Rejected), records(sum.Read))
	}
	return nil
}

func printSummary(w io.Writer, sum importer.Summary, elapsed time.Duration) {
	rate := sum.Read * int64(time.Second) / max(1, int64(elapsed))
	fmt.Fprintf(w, "%s in %s (%s records/s)\n", records(sum.Read), elapsed.Round(time.Millisecond), count(rate))
	t := &table{columns: []column{{}, {right: true}}}
	for _, line := range []struct {
		name string
		n    int64
	}{{"accepted", sum.Accepted}, {"replaced", sum.Replaced}, {"unchanged", sum.Unchanged}, {"deleted", sum.Deleted}, {"rejected", sum.Rejected}} {
		t.add("  "+line.name, count(line.n))
	}
	t.write(w)
}

// printWarning prints how many records most likely have a mistake, and the first of them.
func printWarning(w io.Writer, warning importer.Warning) {
	fmt.Fprintf(w, "warning, %s: %s: %s\n", records(warning.Count), origin(warning.File, warning.Number, warning.ID), warning.Message)
}

// origin returns where a record came from, for people.
func origin(file string, number int64, id string) string {
	if id == "" {
		return fmt.Sprintf("%s:%d", file, number)
	}
	return fmt.Sprintf("%s:%d (id %s)", file, number, id)
}

// count returns a whole number for people.
func count(n int64) string { return grouped(strconv.FormatInt(n, 10), 0) }

// records returns a number of records for people.
func records(n int64) string {
	if n == 1 {
		return "1 record"
	}
	return count(n) + " records"
}

// rejects shows the first rejections and writes all of them to a file, if asked to.
type rejects struct {
	screen io.Writer
	path   string
	file   *os.File // nil if there is none
	out    *bufio.Writer
	n      int64
}

func newRejects(screen io.Writer, path string) (*rejects, error) {
	r := &rejects{screen: screen, path: path}
	if path == "" {
		return r, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	r.file, r.out = file, bufio.NewWriter(file)
	return r, nil
}

func (r *rejects) add(rejection importer.Rejection) error {
	if r.n++; r.n <= shownRejections {
		fmt.Fprintf(r.screen, "%s: %s\n", origin(rejection.File, rejection.Number, rejection.ID), rejection.Error)
	}
	if r.file == nil {
		return nil
	}
	return json.NewEncoder(r.out).Encode(rejection)
}

// finish says how many more there were, and completes the file.
func (r *rejects) finish() error {
	if more := r.n - shownRejections; more > 0 {
		hint := "; --rejects FILE writes them all"
		if r.file != nil {
			hint = "; all are in " + r.path
		}
		fmt.Fprintf(r.screen, "... and %s more%s\n", count(more), hint)
	}
	if r.file == nil {
		return nil
	}
	return errors.Join(r.out.Flush(), r.file.Close())
}

// progress is a bar on a terminal, and nothing elsewhere.
type progress struct {
	bar   *progressbar.ProgressBar // nil off terminals
	input *importer.Input
}

func newProgress(w io.Writer, input *importer.Input) *progress {
	p := &progress{input: input}
	if !isTerminal(w) {
		return p
	}
	_, total := input.Progress()
	if total == 0 {
		total = -1 // a spinner
	}
	p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(total > 0),
		progressbar.OptionSetDescription("importing"), progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	return p
}

func (p *progress) show(sum importer.Summary) {
	if p.bar == nil {
		return
	}
	p.bar.Describe(records(sum.Read))
	if read, total := p.input.Progress(); total > 0 {
		p.bar.Set64(min(read, total-1)) // the end is finish
	} else {
		p.bar.Set64(sum.Read)
	}
}

// clear makes room for another line.
func (p *progress) clear() {
	if p.bar != nil {
		p.bar.Clear()
	}
}

func (p *progress) finish() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
