//go:build unix

package duckdb

import (
	"os"
	"path/filepath"
	"testing"
)

// A costd that waits for the lock of a restore, which fails and removes the lock's file,
// locks a file that the next costd finds.
func TestLockIsOfAFileThatHasAName(t *testing.T) {
	folder := t.TempDir()
	first, err := lockFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan *folderLock)
	go func() {
		lock, err := lockFolder(folder)
		if err != nil {
			t.Error(err)
		}
		second <- lock
	}()
	first.undo()
	if err := first.release(); err != nil {
		t.Error(err)
	}
	lock := <-second
	if lock == nil {
		return
	}
	if _, err := os.Stat(filepath.Join(folder, lockFile)); err != nil {
		t.Errorf("the lock is of no file: %v", err)
	}
	if third, err := lockFolder(folder); err == nil {
		third.release()
		t.Error("the folder was locked twice")
	}
	if err := lock.release(); err != nil {
		t.Error(err)
	}
}
