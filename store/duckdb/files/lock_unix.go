//go:build unix

package files

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"costd.dev/costd"
)

// LockFile is what a process locks while it has the folder open, together with the folder
// itself. A file can be moved away or removed, and another be made and locked in its
// place; the folder cannot without all that is in it. File systems that lock no folders,
// as NFS does not, still have the file, and so does an older costd.
//
// The lock of DuckDB on its own file keeps nobody out: it is of the kind that the system
// gives back as soon as the process closes any descriptor of the file, as readIteration
// and Backup do.
const LockFile = "costd.lock"

// A process that was killed holds its lock until the system has taken back its
// memory. Whoever starts the next one at once should not have to try twice.
const (
	lockPatience = 2 * time.Second
	lockPause    = 20 * time.Millisecond
)

// A FolderLock keeps others from opening the folder. The system releases it when
// the process ends, however it ends.
type FolderLock struct {
	folder, file *os.File
	made         bool // lockFolder made the file
}

// LockFolder locks a folder, which it waits for two seconds at most. It returns Unavailable if
// another process has it open.
func LockFolder(path string) (*FolderLock, error) {
	name := filepath.Join(path, LockFile)
	_, err := os.Lstat(name)
	made := os.IsNotExist(err)
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(lockPause) {
		lock, err := tryLock(path, name)
		if err != nil {
			return nil, costd.Errorf(costd.Unavailable, "the data folder cannot be written: %w", err)
		}
		if lock != nil {
			lock.made = made
			return lock, nil
		}
		if time.Now().After(deadline) {
			return nil, costd.Errorf(costd.Unavailable,
				"the data folder %s is in use; stop the other costd or name another folder", path)
		}
	}
}

// tryLock locks the folder and the file in it. It returns nil if another process has one
// of them.
func tryLock(path, name string) (*FolderLock, error) {
	folder, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	lock := &FolderLock{folder: folder, file: file}
	if !errors.Is(flock(folder), syscall.EWOULDBLOCK) && locked(file, name) {
		return lock, nil
	}
	return nil, lock.Release()
}

func flock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// locked locks the file, unless another process does or has removed it: a lock on a
// file without a name keeps nobody out.
func locked(file *os.File, name string) bool {
	if flock(file) != nil {
		return false
	}
	named, err := os.Stat(name)
	if err != nil {
		return false
	}
	own, err := file.Stat()
	return err == nil && os.SameFile(own, named)
}

// Release lets others open the folder.
func (l *FolderLock) Release() error { return errors.Join(l.file.Close(), l.folder.Close()) }

// Undo removes the file of a lock that is not released yet, if lockFolder made it.
func (l *FolderLock) Undo() {
	if l.made {
		os.Remove(l.file.Name()) // what stays is empty, and does no harm
	}
}
