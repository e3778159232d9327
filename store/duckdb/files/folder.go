// Package files knows the files of a data folder: that no other process has them, that they
// are the ones that were opened, and that the write-ahead log that DuckDB will replay is all
// that was answered for. It opens no database.
package files

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"costd.dev/costd"
)

// Database is the name of the database in the folder of a store. DuckDB keeps a write-ahead
// log and temporary files beside it.
const Database = "costd.duckdb"

// OperatorKeyFile is the name of the file, in the folder of a store, that a server
// writes its first key to.
const OperatorKeyFile = "operator.key"

// What a store keeps is for its user alone.
const (
	folderMode = 0o700
	fileMode   = 0o600
)

// Prepare returns the folder's absolute path and sees to it that it exists and
// that only its owner may enter it.
func Prepare(path string) (string, error) {
	if path == "" {
		return "", costd.InvalidField("data", "name the folder to keep the data in")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if strings.ContainsAny(path, "?%") {
		// The driver takes the file's name for the beginning of a URL.
		return "", costd.InvalidField("data", "the folder's path must contain neither ? nor %%: %s", path)
	}
	if err := os.MkdirAll(path, folderMode); err != nil {
		return "", costd.Errorf(costd.Unavailable, "the data folder cannot be created: %w", err)
	}
	return path, nil
}

// KeepPrivate takes the rights of others to the folder and to the store's files away.
// A folder that others share, as /tmp is, or that belongs to somebody else is left as it
// is: the files are what counts.
func KeepPrivate(folder string) error {
	if info, err := os.Stat(folder); err == nil && info.Mode()&os.ModeSticky == 0 {
		_ = os.Chmod(folder, folderMode)
	}
	names, err := filepath.Glob(filepath.Join(folder, Database+"*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Chmod(name, fileMode); err != nil {
			return Error(err)
		}
	}
	return nil
}

// RefuseRemains returns an error if the folder has no database but what only a folder
// with one has: then the database is lost, and a new and empty one in its place would
// hide that.
func RefuseRemains(folder string) error {
	if _, err := os.Lstat(filepath.Join(folder, Database)); !errors.Is(err, os.ErrNotExist) {
		return nil
	}
	name, err := remains(folder)
	if err != nil || name == "" {
		return err
	}
	return costd.Errorf(costd.Unavailable, "the data folder %s has %s but no %s, so the database is lost or elsewhere; "+
		"put it back, or restore a backup; to start with an empty one, move everything out of the folder",
		folder, name, Database)
}

// remains returns the name of a file that only a folder with a database has, "" if there is
// none.
func remains(folder string) (name string, err error) {
	names, err := filepath.Glob(filepath.Join(folder, Database+".*"))
	if err != nil {
		return "", err
	}
	for _, name := range append(names, filepath.Join(folder, OperatorKeyFile), filepath.Join(folder, MarkFile)) {
		if info, err := os.Lstat(name); err == nil && info.Size() > 0 {
			return filepath.Base(name), nil
		}
	}
	return "", nil
}

// RemoveUnfinished removes a database that was never made whole, as a loss of power during
// the first start leaves it, so that the next start makes it: it has no more than headers,
// one of which was never written, and nothing else in the folder says that there was more.
func RemoveUnfinished(folder string, logger *slog.Logger) error {
	path := filepath.Join(folder, Database)
	if !unfinished(path) {
		return nil
	}
	if name, err := remains(folder); err != nil || name != "" {
		return err // Verify or RefuseRemains says what is wrong
	}
	logger.Warn("the database was never made whole, and is made anew", "file", path)
	if err := errors.Join(os.Remove(path), Sync(folder)); err != nil {
		return Error(err)
	}
	return nil
}

// A Place knows the files of an open store apart from others that have come to have
// their names. A process goes on writing to files that were moved or deleted, and takes
// files in their place for its own: what is answered then is lost, and what was copied
// there is spoilt.
type Place struct {
	names []string
	files []os.FileInfo
}

// FindPlace returns the place of the store that is open in the folder.
func FindPlace(folder string) (p Place, err error) {
	for _, name := range []string{LockFile, Database} {
		path := filepath.Join(folder, name)
		info, err := os.Stat(path)
		if err != nil {
			return Place{}, Error(err)
		}
		p.names, p.files = append(p.names, path), append(p.files, info)
	}
	return p, nil
}

// Check returns Unavailable unless the files are the ones that were opened.
func (p Place) Check() error {
	for i, name := range p.names {
		info, err := os.Stat(name)
		if err == nil && !os.SameFile(info, p.files[i]) {
			err = fmt.Errorf("%s is another file than the one that was opened", name)
		}
		if err != nil {
			return unavailable(err, "the data folder was moved, replaced or deleted while it is in use, and nothing is written or read; "+
				"put it back where it was, or stop this server and start one on the folder as it is")
		}
	}
	return nil
}

// Error makes an error of the file system one that may be shown.
func Error(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return unavailable(err, "a file in the data folder cannot be read or written; is the disk full?")
}

// Sync sees to it that a file, or a folder's list of files, is on disk.
func Sync(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return Error(err)
	}
	defer file.Close()
	if err := file.Sync(); err != nil {
		return Error(err)
	}
	return nil
}

func unavailable(cause error, message string) error {
	return &costd.Error{Code: costd.Unavailable, Message: message, Err: cause}
}
