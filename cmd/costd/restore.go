package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"costd.dev/costd/store/duckdb"
)

type restoreOptions struct {
	terminal
	from, data string
}

func newRestoreCommand(t terminal) *cobra.Command {
	o := &restoreOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "restore --from FILE --data DIR",
		Short: "Make a data folder from a backup",
		Long: `Restore makes a data folder, for "costd serve", from a file that "costd backup" wrote.
It refuses a folder that holds data already, and a file that is cut short or damaged.
The keys are those of the backup: the operator.key of that server opens this one.`,
		Example: "  costd restore --from /backups/costd-20261101T030000Z.costd --data ./data",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&o.from, "from", "", "backup to read (required)")
	cmd.Flags().StringVar(&o.data, "data", "", "folder to make; it must not hold data (required)")
	_ = cmd.MarkFlagRequired("from") // fails only for a flag that does not exist
	_ = cmd.MarkFlagRequired("data")
	return cmd
}

func (o *restoreOptions) run(ctx context.Context) error {
	file, err := os.Open(o.from)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := duckdb.Restore(ctx, file, o.data); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.out, "%s holds what %s did; start it by costd serve --data %s\n", o.data, o.from, o.data)
	return err
}
