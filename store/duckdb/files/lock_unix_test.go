//go:build unix

package files

import (
	"os"
	"path/filepath"
	"testing"
)

// A costd that waits for the lock of a restore, which fails and removes the lock's file,
// locks a file that the next costd finds.
func TestLockIsOfAFileThatHasAName(t *testing.T) {
	folder := t.TempDir()
	first, err := LockFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan *FolderLock)
	go func() {
		lock, err := LockFolder(folder)
		if err != nil {
			t.Error(err)
		}
		second <- lock
	}()
	first.Undo()
	if err := first.Release(); err != nil {
		t.Error(err)
	}
	lock := <-second
	if lock == nil {
		return
	}
	if _, err := os.Stat(filepath.Join(folder, LockFile)); err != nil {
		t.Errorf("the lock is of no file: %v", err)
	}
	if third, err := LockFolder(folder); err == nil {
		third.Release()
		t.Error("the folder was locked twice")
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}
