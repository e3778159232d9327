package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/client"
)

type applyOptions struct {
	terminal
	connection
	file   string
	prune  bool
	dryRun bool
}

func newApplyCommand(t terminal) *cobra.Command {
	o := &applyOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "apply -f FILE",
		Short: "Apply a catalog file: clients, regions, projects, prices, commitments",
		Long: `Apply adds the entries of a catalog file, YAML or JSON, and replaces those with the
same key. The file is checked as a whole first; a mistake names the entry and the
field, and nothing changes. Applying a file twice changes nothing. What is applied and
is most likely a mistake is said as a warning.

What the file does not name stays, unless it stands under "remove", or --prune is given:
then the catalog equals the file afterwards. A client, project or region that usage refers
to cannot be removed.

With --dry-run nothing is changed: each entry that would be created (+), changed (~) or
removed (-) is printed, and each client and month whose total would change, before and
after.

A file of more than 16 MiB is checked as a whole, but sent in several pieces: should one
be refused, those before it are applied. Apply the file again when it is right.`,
		Example: `  costd apply -f catalog.yaml
  costd apply -f catalog.yaml --prune --dry-run
  generate-prices | costd apply -f -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "catalog file; - reads standard input")
	cmd.Flags().BoolVar(&o.prune, "prune", false, "also remove what the file does not have, so that the catalog equals the file")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "change nothing: print what would change, and for which clients and months the total would")
	cmd.MarkFlagRequired("file")
	o.connection.addFlags(cmd)
	return cmd
}

func (o *applyOptions) run(cmd *cobra.Command) error {
	data, err := readInput(o.file, o.in)
	if err != nil {
		return err
	}
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	files, err := catalog.Split(data)
	if err != nil {
		return err
	}
	if o.dryRun {
		return o.plan(cmd.Context(), c, files)
	}
	apply := c.ApplyCatalog
	if o.prune && len(files) == 1 {
		apply = c.ReplaceCatalog
	}
	applied, total, err := o.apply(cmd.Context(), files, apply)
	if err == nil && o.prune && len(files) > 1 {
		var removed costd.Counts
		applied, removed, err = o.pruneRest(cmd.Context(), c, data)
		total.Removed += removed.Removed
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.out, "catalog version %d: %s\n", applied.Version, countsText(total))
	return err
}

// countsText says what applying did.
func countsText(c costd.Counts) string {
	text := fmt.Sprintf("%d created, %d changed, %d unchanged", c.Created, c.Changed, c.Unchanged)
	if c.Removed > 0 {
		text += fmt.Sprintf(", %d removed", c.Removed)
	}
	return text
}

// apply sends files one after the other, and returns the last answer and the sum of all.
func (o *applyOptions) apply(ctx context.Context, files [][]byte, send func(context.Context, []byte) (costd.Applied, error)) (applied costd.Applied, total costd.Counts, err error) {
	for _, file := range files {
		if applied, err = send(ctx, file); err != nil {
			return applied, total, catalogMistakes(o.file, err)
		}
		part := applied.Total()
		total.Created += part.Created
		total.Changed += part.Changed
		total.Unchanged += part.Unchanged
		total.Removed += part.Removed
		o.warn(applied)
	}
	return applied, total, nil
}

// pruneRest removes what a file lacks that was sent in pieces.
func (o *applyOptions) pruneRest(ctx context.Context, c *client.Client, data []byte) (applied costd.Applied, total costd.Counts, err error) {
	file, err := catalog.ReadLarge(data)
	if err != nil {
		return applied, total, err
	}
	current, err := c.Catalog(ctx)
	if err != nil {
		return applied, total, err
	}
	rest, err := catalog.RemovalFile(catalog.Rest(current, file.Entries))
	if err != nil {
		return applied, total, err
	}
	return o.apply(ctx, [][]byte{rest}, c.ApplyCatalog)
}

// warn says on stderr what was applied and is most likely a mistake, one a line.
func (o *applyOptions) warn(a costd.Applied) {
	for _, w := range a.Warnings {
		_, text := atLine(o.file, w.Entry, w.Message)
		fmt.Fprintf(o.err, "warning: %s\n", text)
	}
	if a.MoreWarnings > 0 {
		fmt.Fprintf(o.err, "warning: and %s more\n", count(int64(a.MoreWarnings)))
	}
}

// atLine returns the line of the file that a message names, 0 for none, and a text that
// begins with file and line as those of compilers do.
func atLine(file, field, message string) (line int, text string) {
	if found := namedLine.FindStringSubmatch(message); found != nil {
		line, _ = strconv.Atoi(found[2])
		return line, file + ":" + found[2] + ": " + field + ": " + found[1]
	}
	return 0, field + ": " + message
}

// A catalogError lists what is wrong with a catalog file, one mistake a line.
type catalogError struct {
	lines []string
	cause error
}

func (e *catalogError) Error() string {
	return "the catalog was not applied:\n  " + strings.Join(e.lines, "\n  ")
}

func (e *catalogError) Unwrap() error { return e.cause }

// namedLine is how the server says on which line of the file a mistake is.
var namedLine = regexp.MustCompile(`^(.*) \(line (\d+)\)$`)

// catalogMistakes returns an error with each mistake on a line, in the order of the file
// and beginning with file and line as compilers do; any other error as it is.
func catalogMistakes(file string, err error) error {
	e, ok := errors.AsType[*client.Error](err)
	if !ok || len(e.InvalidFields) == 0 {
		return err
	}
	type mistake struct {
		line int
		text string
	}
	var all []mistake
	for field, messages := range e.InvalidFields {
		for _, message := range messages {
			line, text := atLine(file, field, message)
			all = append(all, mistake{line, text})
		}
	}
	slices.SortFunc(all, func(a, b mistake) int { return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.text, b.text)) })
	lines := make([]string, len(all))
	for i, m := range all {
		lines[i] = m.text
	}
	return &catalogError{lines: lines, cause: err}
}

// readInput returns the contents of a file, or of stdin for "-".
func readInput(path string, stdin io.Reader) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(path)
}
