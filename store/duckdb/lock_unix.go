//go:build unix

package duckdb

import (
	"os"
	"path/filepath"
	"syscall"

	"costd"
)

// lockFile is what a process locks while it has the folder open. DuckDB locks its
// own file too, but not against a second store in the same process.
const lockFile = "costd.lock"

// A folderLock keeps others from opening the folder. The system releases it when
// the process ends, however it ends.
type folderLock struct{ file *os.File }

func lockFolder(path string) (*folderLock, error) {
	file, err := os.OpenFile(filepath.Join(path, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, costd.Errorf(costd.Unavailable, "the data folder cannot be written: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, costd.Errorf(costd.Unavailable,
			"the data folder %s is in use; stop the other costd or name another folder", path)
	}
	return &folderLock{file}, nil
}

func (l *folderLock) release() error { return l.file.Close() }
