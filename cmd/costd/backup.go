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
		Use:   "backup --to FOLDER",
		Short: "Copy everything a running server keeps into a new file in a folder",
		Long: `Backup copies all usage, the catalog and the keys of a running server, as they are at
one instant, into a new file in a folder on this machine. The server goes on meanwhile.
--to is the folder; the file in it is named by the time, such as
costd-20261101T030000Z.costd, and appears when it is whole. It holds hashes of the keys and
not the keys: keep operator.key, or another operator's key, beside it.`,
		Example: `  costd backup --to /backups
  costd restore --from /backups/costd-20261101T030000Z.costd --data ./data`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&o.to, "to", "", "folder in which the backup becomes a new file; created if needed (required)")
	_ = cmd.MarkFlagRequired("to") // fails only for a flag that does not exist
	o.connection.addFlags(cmd)
	return cmd
}

func (o *backupOptions) run(ctx context.Context) error {
	c, err := o.client(o.terminal)
	if err != nil {
		return err
	}
	if err := makeBackupFolder(o.to); err != nil {
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

// makeBackupFolder makes the folder unless it exists. It refuses what was meant as the
// name of a file: the backup has a name of its own, which holds its time.
func makeBackupFolder(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("--to: %s is a file; name a folder, in which the backup becomes a new file", path)
	case err != nil && filepath.Ext(path) == backupSuffix:
		return fmt.Errorf("--to: %s looks like a file; name a folder such as %s, in which the backup becomes a new file", path, filepath.Dir(path))
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("--to: the folder cannot be made: %w", err)
	}
	return nil
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
