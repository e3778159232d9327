package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/client"
	"costd.dev/costd/report"
)

func newCatalogCommand(t terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "catalog",
		Short: "Show the catalog, as it is or was, and who changed what",
		Example: `  costd catalog log
  costd catalog show --as-of 2026-10-01
  costd catalog diff 17 18`,
	}
	cmd.AddCommand(newCatalogLogCommand(t), newCatalogShowCommand(t), newCatalogDiffCommand(t))
	return cmd
}

type catalogLogOptions struct {
	terminal
	connection
	since   int64
	entries bool
}

func newCatalogLogCommand(t terminal) *cobra.Command {
	o := &catalogLogOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "log",
		Short: "List the versions of the catalog: when, by which key, how much",
		Long: `Log lists the versions of the catalog in their order: when each was applied, by which
key and request, and how many entries it created, changed and removed. With --entries
it shows each of these.`,
		Example: `  costd catalog log
  costd catalog log --since 17 --entries`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().Int64Var(&o.since, "since", 0, "only versions after this one")
	cmd.Flags().BoolVar(&o.entries, "entries", false, "show each entry that changed")
	o.connection.addFlags(cmd)
	return cmd
}

func (o *catalogLogOptions) run(ctx context.Context) error {
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	if o.entries {
		return o.printEntries(c.CatalogVersions(ctx, o.since))
	}
	t := newTable(column{title: "VERSION", right: true}, column{title: "TIME"}, column{title: "BY"}, column{title: "CREATED", right: true},
		column{title: "CHANGED", right: true}, column{title: "REMOVED", right: true}, column{title: "REQUEST"})
	for v, err := range c.CatalogVersions(ctx, o.since) {
		if err != nil {
			return err
		}
		created, changed, removed := v.Changes.Count()
		cells := []string{strconv.FormatInt(v.Number, 10), v.Time.Format(time.DateTime), v.Name, count(int64(created)), count(int64(changed)), count(int64(removed)), v.RequestID}
		if v.Changes.None() {
			cells[6] = historyBegins
		}
		t.add(cells...)
	}
	return t.write(o.out)
}

// historyBegins is said of a version without changes, before which nothing is known.
const historyBegins = "the history begins here; earlier changes were not kept"

func (o *catalogLogOptions) printEntries(versions func(func(costd.Version, error) bool)) error {
	for v, err := range versions {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(o.out, "version %d, %s, by %s\n", v.Number, v.Time.Format(time.DateTime), v.Name); err != nil {
			return err
		}
		if v.Changes.None() {
			fmt.Fprintln(o.out, "  "+historyBegins) // a terminal that is gone was noticed above
		}
		if err := printChanges(o.out, "  ", v.Changes); err != nil {
			return err
		}
	}
	return nil
}

type catalogShowOptions struct {
	terminal
	connection
	version int64
	asOf    string
	format  format
}

func newCatalogShowCommand(t terminal) *cobra.Command {
	o := &catalogShowOptions{terminal: t, format: newFormat("yaml", "json")}
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the catalog as a file that can be applied, as it is or was",
		Example: `  costd catalog show > catalog.yaml
  costd catalog show --version 17
  costd catalog show --as-of 2026-10-01`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	cmd.Flags().Int64Var(&o.version, "version", 0, "the catalog as it was at this version (default the latest)")
	cmd.Flags().StringVar(&o.asOf, "as-of", "", "the catalog as it was at this time, such as 2026-10-01 or 2026-10-01T12:00:00Z")
	cmd.Flags().Var(&o.format, "format", "yaml or json")
	cmd.MarkFlagsMutuallyExclusive("version", "as-of")
	o.connection.addFlags(cmd)
	return cmd
}

func (o *catalogShowOptions) run(cmd *cobra.Command) error {
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	entries, err := o.entries(cmd, c)
	if err != nil {
		return err
	}
	return catalog.Write(o.out, entries, catalog.Format(o.format.value))
}

func (o *catalogShowOptions) entries(cmd *cobra.Command, c *client.Client) (costd.Entries, error) {
	switch {
	case o.asOf != "":
		at, err := report.ParseTime(o.asOf)
		if err != nil {
			return costd.Entries{}, fmt.Errorf("--as-of: %w", err)
		}
		return c.CatalogAsOf(cmd.Context(), at)
	case cmd.Flags().Changed("version"):
		return c.CatalogAt(cmd.Context(), o.version)
	}
	return c.Catalog(cmd.Context())
}

type catalogDiffOptions struct {
	terminal
	connection
}

func newCatalogDiffCommand(t terminal) *cobra.Command {
	o := &catalogDiffOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Show what differs between two versions of the catalog, entry by entry",
		Long: `Diff shows what version B of the catalog has that A has not (+), the other way round
(-), and what they say differently (~), one entry a line.`,
		Example: "  costd catalog diff 17 18",
		Args:    exactly("a version", "another one"),
		RunE:    func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	o.connection.addFlags(cmd)
	return cmd
}

func (o *catalogDiffOptions) run(ctx context.Context, args []string) error {
	from, errFrom := strconv.ParseInt(args[0], 10, 64)
	to, errTo := strconv.ParseInt(args[1], 10, 64)
	if err := errors.Join(errFrom, errTo); err != nil {
		return fmt.Errorf("versions are whole numbers, as costd catalog log lists them: %w", err)
	}
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	before, err := c.CatalogAt(ctx, from)
	if err != nil {
		return err
	}
	after, err := c.CatalogAt(ctx, to)
	if err != nil {
		return err
	}
	return printChanges(o.out, "", costd.Diff(before, after))
}

// printChanges writes each changed entry as a line: its sign, its key and its fields.
func printChanges(w io.Writer, indent string, c costd.Changes) error {
	p := &changePrinter{w: w, indent: indent}
	printEntries(p, "client", c.Clients, func(e *costd.Client) string { return strconv.FormatInt(e.ID, 10) }, "id")
	printEntries(p, "region", c.Regions, func(e *costd.Region) string { return strconv.FormatInt(e.ID, 10) }, "id")
	printEntries(p, "project", c.Projects, func(e *costd.Project) string { return strconv.FormatInt(e.ID, 10) }, "id")
	printEntries(p, "price", c.Prices, priceLabel, "type", "metric", "region_id", "client_id", "currency", "effective_from")
	printEntries(p, "commitment", c.Commitments, func(e *costd.Commitment) string { return e.ID }, "id")
	return p.err
}
