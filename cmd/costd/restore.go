package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
)

type restoreOptions struct {
	terminal
	from, data string
}

func newRestoreCommand(t terminal) *cobra.Command {
	o := &restoreOptions{terminal: t}
	cmd := &cobra.Command{
		Use:   "restore --from FILE --data FOLDER",
		Short: "Make a data folder from a backup",
		Long: `Restore makes a data folder, for "costd serve", from a file that "costd backup" wrote.
--from is that file, whose name ends in .costd, and not the folder that it lies in;
--data is the folder to make. It refuses a folder that holds data already, and a file
that is cut short or damaged; then it leaves nothing behind.
The keys are those of the backup: the operator.key of that server opens this one.`,
		Example: "  costd restore --from /backups/costd-20261101T030000Z.costd --data ./data",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&o.from, "from", "", "file that costd backup wrote (required)")
	cmd.Flags().StringVar(&o.data, "data", "", "folder to make; it must not hold data (required)")
	_ = cmd.MarkFlagRequired("from") // fails only for a flag that does not exist
	_ = cmd.MarkFlagRequired("data")
	return cmd
}

func (o *restoreOptions) run(ctx context.Context) error {
	if info, err := os.Stat(o.from); err == nil && info.IsDir() {
		return fmt.Errorf("--from: %s is a folder; name a file in it that costd backup wrote%s", o.from, lastBackup(o.from))
	}
	file, err := os.Open(o.from)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer file.Close()
	if err := duckdb.Restore(ctx, file, o.data); err != nil {
		return o.flagged(err)
	}
	_, err = fmt.Fprintf(o.out, "%s holds what %s did; start it by costd serve --data %s\n", o.data, o.from, o.data)
	return err
}

// lastBackup proposes the newest backup in a folder, if there is one: their names sort
// by time.
func lastBackup(folder string) string {
	found, err := filepath.Glob(filepath.Join(folder, "costd-*"+backupSuffix))
	if err != nil || len(found) == 0 {
		return ""
	}
	return ", such as " + slices.Max(found)
}

// flagged names the flag and its value in an error about the backup.
func (o *restoreOptions) flagged(err error) error {
	e, ok := errors.AsType[*costd.Error](err)
	if !ok || len(e.Fields) == 0 || e.Fields[0].Field != "backup" {
		return err
	}
	return fmt.Errorf("--from: %s: %s", o.from, e.Fields[0].Message)
}
