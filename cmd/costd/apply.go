package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
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
field, and nothing changes. Applying a file twice changes nothing.`,
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
	applied, err := c.ApplyCatalog(cmd.Context(), data)
	if err != nil {
		return err
	}
	total := applied.Total()
	_, err = fmt.Fprintf(o.out, "catalog version %d: %d created, %d changed, %d unchanged\n",
		applied.Version, total.Created, total.Changed, total.Unchanged)
	return err
}

// readInput returns the contents of a file, or of stdin for "-".
func readInput(path string, stdin io.Reader) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(path)
}
