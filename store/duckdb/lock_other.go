//go:build !unix

package duckdb

// lockFile is not made here.
const lockFile = DatabaseFile

// A folderLock does nothing here: DuckDB's lock on its own file has to do.
type folderLock struct{}

func lockFolder(string) (*folderLock, error) { return &folderLock{}, nil }

func (*folderLock) release() error { return nil }

func (*folderLock) undo() {}
