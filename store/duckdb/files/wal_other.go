//go:build !linux

package files

import "os"

// syncedWrites makes a write to a file return when the file is on disk.
const syncedWrites = os.O_SYNC
