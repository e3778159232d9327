//go:build unix

package duckdb

import (
	"os"
	"path/filepath"
	"syscall"
	"time"

	"costd.dev/costd"
)

// lockFile is what a process locks while it has the folder open. DuckDB locks its
// own file too, but not against a second store in the same process.
const lockFile = "costd.lock"

// A process that was killed holds its lock until the system has taken back its
// memory. Whoever starts the next one at once should not have to try twice.
const (
	lockPatience = 2 * time.Second
	lockPause    = 20 * time.Millisecond
)

// A folderLock keeps others from opening the folder. The system releases it when
// the process ends, however it ends.
type folderLock struct {
	file *os.File
	made bool // lockFolder made the file
}

func lockFolder(path string) (*folderLock, error) {
	name := filepath.Join(path, lockFile)
	_, err := os.Lstat(name)
	made := os.IsNotExist(err)
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(lockPause) {
		file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, costd.Errorf(costd.Unavailable, "the data folder cannot be written: %w", err)
		}
		if locked(file, name) {
			return &folderLock{file, made}, nil
		}
		file.Close()
		if time.Now().After(deadline) {
			return nil, costd.Errorf(costd.Unavailable,
				"the data folder %s is in use; stop the other costd or name another folder", path)
		}
	}
}

// locked locks the file, unless another process does or has removed it: a lock on a
// file without a name keeps nobody out.
func locked(file *os.File, name string) bool {
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return false
	}
	named, err := os.Stat(name)
	if err != nil {
		return false
	}
	own, err := file.Stat()
	return err == nil && os.SameFile(own, named)
}

func (l *folderLock) release() error { return l.file.Close() }

// undo removes the file of a lock that is not released yet, if lockFolder made it.
func (l *folderLock) undo() {
	if l.made {
		os.Remove(l.file.Name()) // what stays is empty, and does no harm
	}
}
