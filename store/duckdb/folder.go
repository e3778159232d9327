package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"costd.dev/costd"
)

// OperatorKeyFile is the name of the file, in the folder of a store, that a server
// writes its first key to.
const OperatorKeyFile = "operator.key"

// What a store keeps is for its user alone.
const (
	folderMode = 0o700
	fileMode   = 0o600
)

// prepareFolder returns the folder's absolute path and sees to it that it exists and
// that only its owner may enter it.
func prepareFolder(path string) (string, error) {
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

// keepPrivate takes the rights of others to the folder and to the store's files away.
// A folder that others share, as /tmp is, or that belongs to somebody else is left as it
// is: the files are what counts.
func keepPrivate(folder string) error {
	if info, err := os.Stat(folder); err == nil && info.Mode()&os.ModeSticky == 0 {
		_ = os.Chmod(folder, folderMode)
	}
	names, err := filepath.Glob(filepath.Join(folder, DatabaseFile+"*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Chmod(name, fileMode); err != nil {
			return fileError(err)
		}
	}
	return nil
}

// refuseRemains returns an error if the folder has no database but what only a folder
// with one has: then the database is lost, and a new and empty one in its place would
// hide that.
func refuseRemains(folder string) error {
	if _, err := os.Lstat(filepath.Join(folder, DatabaseFile)); !errors.Is(err, os.ErrNotExist) {
		return nil
	}
	remains, err := filepath.Glob(filepath.Join(folder, DatabaseFile+".*"))
	remains = append(remains, filepath.Join(folder, OperatorKeyFile), filepath.Join(folder, markFile))
	if err != nil {
		return err
	}
	for _, name := range remains {
		if info, err := os.Lstat(name); err == nil && info.Size() > 0 {
			return costd.Errorf(costd.Unavailable, "the data folder %s has %s but no %s, so the database is lost or elsewhere; "+
				"put it back, or restore a backup; to start with an empty one, move everything out of the folder",
				folder, filepath.Base(name), DatabaseFile)
		}
	}
	return nil
}

// openFiles opens the database, notes where its files lie, and sees to it that the
// folder's list of files is on disk.
func (db *DB) openFiles(ctx context.Context) (err error) {
	if db.marker, err = openMark(db.options.Path); err != nil {
		return err
	}
	if err = db.start(ctx); err != nil {
		return err
	}
	if db.place, err = findPlace(db.options.Path); err != nil {
		return err
	}
	return errors.Join(keepPrivate(db.options.Path), syncFile(db.options.Path))
}

// A place knows the files of an open store apart from others that have come to have
// their names. A process goes on writing to files that were moved or deleted, and takes
// files in their place for its own: what is answered then is lost, and what was copied
// there is spoilt.
type place struct {
	names []string
	files []os.FileInfo
}

// findPlace returns the place of the store that is open in the folder.
func findPlace(folder string) (p place, err error) {
	for _, name := range []string{lockFile, DatabaseFile} {
		path := filepath.Join(folder, name)
		info, err := os.Stat(path)
		if err != nil {
			return place{}, fileError(err)
		}
		p.names, p.files = append(p.names, path), append(p.files, info)
	}
	return p, nil
}

// own returns Unavailable unless the folder is still this store's alone: its files are the
// ones that were opened, and no other process has opened them since. What writes and what
// reads asks for it: an answer from memory may be of a state that is no more.
func (db *DB) own() error {
	if err := db.place.check(); err != nil {
		return err
	}
	return db.marker.foreign()
}

// check returns Unavailable unless the files are the ones that were opened.
func (p place) check() error {
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
