//go:build !unix

package files

// LockFile is not made here.
const LockFile = Database

// A FolderLock does nothing here: DuckDB's lock on its own file has to do.
type FolderLock struct{}

// LockFolder locks nothing here.
func LockFolder(string) (*FolderLock, error) { return &FolderLock{}, nil }

// Release does nothing.
func (*FolderLock) Release() error { return nil }

// Undo does nothing.
func (*FolderLock) Undo() {}
