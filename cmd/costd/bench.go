package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"costd.dev/costd/bench"
)

// benchOptions are the flags of `costd bench`.
type benchOptions struct {
	terminal
	config bench.Config
	dir    string
	json   string
}

func newBenchCommand(t terminal) *cobra.Command {
	o := &benchOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure costd beside plain SQL and a bare HTTP handler",
		Long: `Bench makes up a fleet, loads it into a server of its own over HTTP, and measures how
fast usage goes in and reports come out, how much memory and disk that takes, and
what plain SQL in DuckDB over the same records and a bare HTTP handler do beside it.
Every client has about 300 resources with hourly records, 216,000 in a month. The
same seed makes the same fleet. All data goes to a temporary folder: about 250 bytes
for each record, for a while. docs/benchmarks.md explains every row.`,
		Example: `  costd bench
  costd bench --records 43000000 --json result.json
  costd bench --records 20000      # some seconds, to see that it works`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	f := &o.config.Fleet
	flags := cmd.Flags()
	flags.Int64Var(&f.Records, "records", 1_000_000, "usage records of the fleet, about")
	flags.IntVar(&f.Clients, "clients", 0, "clients (default as many as have 300 resources each)")
	flags.IntVar(&f.Months, "months", 2, "months of usage")
	flags.IntVar(&f.Commitments, "commitments", 30, "percent of the clients that have commitments")
	flags.Uint64Var(&f.Seed, "seed", 1, "makes another fleet")
	flags.Int64Var(&o.config.Baseline, "baseline", 1_000_000, "records of the smaller fleet that growth is measured from; 0 for none")
	flags.Int64Var(&o.config.Resend, "resend", 10_000_000, "records that are sent a second time, at most")
	flags.StringArrayVar(&o.config.Serve, "serve", nil, "flag of the server, such as --serve=--memory-limit=2GB; may be repeated")
	flags.StringVar(&o.dir, "dir", "", "folder for the temporary data (default the system's)")
	flags.StringVar(&o.json, "json", "", "file to write everything that was measured to")
	cmd.AddCommand(newBenchBareCommand(t))
	return cmd
}

// newBenchBareCommand is what bench runs beside the server.
func newBenchBareCommand(t terminal) *cobra.Command {
	return &cobra.Command{
		Use:    "bare FILE",
		Short:  "Answer every request with the contents of a file",
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return bench.ServeBare(cmd.Context(), args[0], t.out)
		},
	}
}

func (o *benchOptions) run(ctx context.Context) (err error) {
	if o.config.Executable, err = os.Executable(); err != nil {
		return err
	}
	if o.config.Folder, err = os.MkdirTemp(o.dir, "costd-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.config.Folder)) }()
	o.config.Say = func(line string) { fmt.Fprintln(o.err, line) }
	result, err := bench.Run(ctx, o.config)
	if err != nil {
		return err
	}
	if o.json != "" {
		content, err := json.MarshalIndent(result, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.json, append(content, '\n'), 0o644); err != nil {
			return err
		}
	}
	return printBench(o.out, result)
}

// printBench prints the figures for people.
func printBench(w io.Writer, r *bench.Result) error {
	f := r.Fleet
	fmt.Fprintf(w, "\n%s\n%s of %s clients over %d months; the reports are on a month of %s\n\n",
		r.Machine, records(f.Records), count(int64(f.Clients)), f.Months, records(f.Measured))
	t := newTable(column{}, column{title: "costd", right: true}, column{title: "beside it", right: true},
		column{title: "ratio", right: true}, column{title: "reach"}, column{title: "reached"})
	group := ""
	for _, figure := range r.Figures {
		if figure.Group != group {
			group = figure.Group
			t.add(group)
		}
		cells := figure.Cells()
		cells[0] = "  " + cells[0]
		t.add(cells...)
	}
	return t.write(w)
}
