package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

// backupSuffix ends the names of backups.
const backupSuffix = ".costd"

type backupOptions struct {
	terminal
	connection
	to  string
	now func() time.Time
}

func newBackupCommand(t terminal) *cobra.Command {
	o := &backupOptions{terminal: t, now: time.Now}
	cmd := &cobra.Command{
		Use:   "backup --to DIR",
		Short: "Copy everything a running server keeps into a file",
		Long: `Backup copies all usage, the catalog and the keys of a running server, as they are at
one instant, into a new file in a folder on this machine. The server goes on meanwhile.
The file names its time, and appears when it is whole. It holds hashes of the keys and
not the keys: keep operator.key, or another operator's key, beside it.`,
		Example: `  costd backup --to /backups
  costd restore --from /backups/costd-20261101T030000Z.costd --data ./data`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&o.to, "to", "", "folder to write the backup to; created if needed (required)")
	_ = cmd.MarkFlagRequired("to") // fails only for a flag that does not exist
	o.connection.addFlags(cmd)
	return cmd
}

func (o *backupOptions) run(ctx context.Context) error {
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.to, 0o700); err != nil {
		return err
	}
	path := filepath.Join(o.to, "costd-"+o.now().UTC().Format("20060102T150405Z")+backupSuffix)
	size, err := writeWhole(path, func(w io.Writer) (int64, error) { return c.Backup(ctx, w) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.out, "%s, %s bytes\n", path, count(size))
	return err
}

// writeWhole lets write fill a file that only this user can read, and that has its
// name only once it is whole and on disk. It replaces no other file.
func writeWhole(path string, write func(io.Writer) (int64, error)) (size int64, err error) {
	if _, err := os.Lstat(path); err == nil {
		return 0, fmt.Errorf("%s exists already; try again, or name another folder", path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return 0, err
	}
	size, err = write(file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return 0, errors.Join(err, os.Remove(file.Name()))
	}
	return size, syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
