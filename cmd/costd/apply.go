package main

import (
	"cmp"
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
	file string
}

func newApplyCommand(t terminal) *cobra.Command {
	o := &applyOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "apply -f FILE",
		Short: "Apply a catalog file: clients, regions, projects, prices, commitments",
		Long: `Apply adds the entries of a catalog file, YAML or JSON, and replaces those with the
same key. The file is checked as a whole first; a mistake names the entry and the
field, and nothing changes. Applying a file twice changes nothing.

A file of more than 16 MiB is checked as a whole, but sent in several pieces: should one
be refused, those before it are applied. Apply the file again when it is right.`,
		Example: `  costd apply -f catalog.yaml
  generate-prices | costd apply -f -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "catalog file; - reads standard input")
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
	var applied costd.Applied
	var total costd.Counts
	for _, file := range files {
		if applied, err = c.ApplyCatalog(cmd.Context(), file); err != nil {
			return catalogMistakes(o.file, err)
		}
		part := applied.Total()
		total.Created += part.Created
		total.Changed += part.Changed
		total.Unchanged += part.Unchanged
	}
	_, err = fmt.Fprintf(o.out, "catalog version %d: %d created, %d changed, %d unchanged\n",
		applied.Version, total.Created, total.Changed, total.Unchanged)
	return err
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
			m := mistake{text: field + ": " + message}
			if found := namedLine.FindStringSubmatch(message); found != nil {
				m.line, _ = strconv.Atoi(found[2])
				m.text = file + ":" + found[2] + ": " + field + ": " + found[1]
			}
			all = append(all, m)
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
