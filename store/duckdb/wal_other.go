//go:build !linux

package duckdb

import "os"

// syncedWrites makes a write to a file return when the file is on disk.
const syncedWrites = os.O_SYNC
