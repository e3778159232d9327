// Command costd-bench measures a costd beside plain SQL and a bare HTTP handler.
// docs/benchmarks.md explains every row that it prints.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"costd.dev/costd/bench"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := newCommand(os.Stdout, os.Stderr).ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "costd-bench: "+err.Error())
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	out, err io.Writer
	config   bench.Config
	dir      string
	json     string
}

func newCommand(stdout, stderr io.Writer) *cobra.Command {
	o := &options{out: stdout, err: stderr}
	cmd := &cobra.Command{
		Use:   "costd-bench",
		Short: "Measure costd beside plain SQL and a bare HTTP handler",
		Long: `costd-bench makes up a fleet, loads it into a server of its own over HTTP, and measures
how fast usage goes in and reports come out, how much memory and disk that takes, and
what plain SQL in DuckDB over the same records and a bare HTTP handler do beside it.
Every client has about 300 resources with hourly records, 216,000 in a month. The
same seed makes the same fleet. All data goes to a temporary folder: about 250 bytes
for each record, for a while. docs/benchmarks.md explains every row.`,
		Example: `  costd-bench
  costd-bench --records 43000000 --json result.json
  costd-bench --records 20000      # some seconds, to see that it works`,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.CompletionOptions.HiddenDefaultCmd = true
	o.addFlags(cmd)
	cmd.AddCommand(newBareCommand(stdout))
	return cmd
}

func (o *options) addFlags(cmd *cobra.Command) {
	f := &o.config.Fleet
	flags := cmd.Flags()
	flags.StringVar(&o.config.Costd, "costd", "", "the costd to measure (default the one in the folder of costd-bench, else of $PATH)")
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
}

// bareCommand is how the benchmark calls itself for the handler that it runs beside costd.
const bareCommand = "bare"

func newBareCommand(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:    bareCommand + " FILE",
		Short:  "Answer every request with the contents of a file",
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return bench.ServeBare(cmd.Context(), args[0], stdout)
		},
	}
}

func (o *options) run(ctx context.Context) (err error) {
	self, err := exec.LookPath(os.Args[0])
	if err != nil {
		return err
	}
	o.config.Self, o.config.Bare = self, []string{"costd-bench", bareCommand}
	if o.config.Costd, err = find(o.config.Costd, self); err != nil {
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
	if err := o.save(result); err != nil {
		return err
	}
	return printFigures(o.out, result)
}

// find returns the path of the costd to measure.
func find(named, self string) (string, error) {
	if named != "" {
		return exec.LookPath(named)
	}
	if beside, err := exec.LookPath(filepath.Join(filepath.Dir(self), "costd")); err == nil {
		return beside, nil
	}
	path, err := exec.LookPath("costd")
	if err != nil {
		return "", fmt.Errorf("there is no costd beside %s, nor in $PATH; name one by --costd", self)
	}
	return path, nil
}

// save writes all that was measured to a file, if one was asked for.
func (o *options) save(result *bench.Result) error {
	if o.json == "" {
		return nil
	}
	content, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.json, append(content, '\n'), 0o644)
}
