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
type folderLock struct{ file *os.File }

func lockFolder(path string) (*folderLock, error) {
	file, err := os.OpenFile(filepath.Join(path, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, costd.Errorf(costd.Unavailable, "the data folder cannot be written: %w", err)
	}
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(lockPause) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return &folderLock{file}, nil
		}
		if time.Now().After(deadline) {
			file.Close()
			return nil, costd.Errorf(costd.Unavailable,
				"the data folder %s is in use; stop the other costd or name another folder", path)
		}
	}
}

func (l *folderLock) release() error { return l.file.Close() }
