package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/report"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
)

type checkOptions struct {
	terminal
	connection
	data  string
	kinds []string
}

func newCheckCommand(t terminal) *cobra.Command {
	o := &checkOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "check [--data DIR]",
		Short: "Look for faults in everything that is stored",
		Long: `Check looks through everything a server keeps and prints what it finds:

  rollup                what reports add up differs from the records that were sent
  overlap               two records say that one resource used the same metric at the
                        same time
  price                 usage has no price, so that reports show no cost for it
  dimension             usage lacks the flavor, volume type, ... of its type
  region, project       usage is of one that the catalog does not have
  foreign_project       usage is of another client's project
  future                usage starts more than a day in the future
  commitment_metric     no usage and no price has the metric of a commitment
  commitment_dimension  there is usage of a commitment's metric, but none of its
                        dimension
  commitment_prices     a commitment's price_per_month is not what its unit_price makes
  commitment_price      no price has the metric of a commitment that is used, so that
                        usage beyond the pool has no cost
  commitment_unused     there was never usage of a commitment's line, a month and more
                        after its first day
  price_hidden          more specific prices hold on all days of a price

It asks a running server, or looks into the data folder of one that is not running.
The exit code is 0 only if nothing was found.`,
		Example: `  costd check
  costd check --data ./data
  costd check --kind rollup`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&o.data, "data", "", "folder of a server that is not running, to look into it directly")
	cmd.Flags().StringSliceVar(&o.kinds, "kind", nil, "what to look for, one of the words above; may be repeated (default all)")
	o.connection.addFlags(cmd)
	cmd.MarkFlagsMutuallyExclusive("data", "url")
	return cmd
}

func (o *checkOptions) run(ctx context.Context) error {
	kinds, err := o.wanted()
	if err != nil {
		return err
	}
	check := o.remote
	if o.data != "" {
		check = o.local
	}
	checked, err := check(ctx, kinds, o.print)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "%s, %s of roll-ups and %s of clients looked through: %s\n",
		records(checked.Records), plural(checked.Rollups, "row"), plural(checked.Months, "month"), plural(checked.Findings, "finding"))
	if checked.Findings > 0 {
		return fmt.Errorf("the check came to its end; it exits 1 for the %s above", plural(checked.Findings, "finding"))
	}
	return nil
}

// wanted returns the kinds of findings to look for.
func (o *checkOptions) wanted() (kinds []costd.FindingKind, err error) {
	for _, word := range o.kinds {
		kind, err := costd.ParseFindingKind(word)
		if err != nil {
			return nil, fmt.Errorf("--kind: %w", err)
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

func (o *checkOptions) remote(ctx context.Context, kinds []costd.FindingKind, found func(costd.Finding) error) (client.Checked, error) {
	c, err := o.client(o.terminal)
	if err != nil {
		return client.Checked{}, err
	}
	return c.Check(ctx, kinds, found)
}

// local looks into a folder. It creates none: a mistyped name would be found clean.
func (o *checkOptions) local(ctx context.Context, kinds []costd.FindingKind, found func(costd.Finding) error) (_ client.Checked, err error) {
	if err := wantData(o.data); err != nil {
		return client.Checked{}, err
	}
	logger := slog.New(slog.NewTextHandler(o.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	db, err := embedded.Open(ctx, embedded.Options{Path: o.data, Logger: logger})
	if err != nil {
		return client.Checked{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	checked, err := (&report.Service{Usage: db, Catalog: db}).Check(ctx, db, kinds, found)
	return client.Checked(checked), err
}

// wantData returns an error unless a server keeps its data in the folder --data.
func wantData(folder string) error {
	_, err := os.Stat(filepath.Join(folder, duckdb.DatabaseFile))
	if err == nil {
		return nil
	}
	return fmt.Errorf("--data: no server keeps its data in %s; name the folder that costd serve --data names, which has a file %s (%w)",
		folder, duckdb.DatabaseFile, errors.Unwrap(err))
}

// print writes a finding as a line.
func (o *checkOptions) print(f costd.Finding) error {
	words := []string{fmt.Sprintf("%-7s", f.Kind), f.Day.String()}
	if f.ClientID != 0 { // a price may be for all
		words = append(words, "client "+strconv.FormatInt(f.ClientID, 10))
	}
	if f.Type != "" {
		words = append(words, string(f.Type))
	}
	if f.RegionID != 0 {
		words = append(words, "region "+strconv.FormatInt(f.RegionID, 10))
	}
	if f.Metric != "" {
		words = append(words, f.Metric)
	}
	if f.ResourceID != "" {
		words = append(words, f.ResourceID)
	}
	_, err := fmt.Fprintf(o.out, "%s: %s\n", strings.Join(words, "  "), f.Message)
	return err
}

// plural returns a number of things for people.
func plural(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}
