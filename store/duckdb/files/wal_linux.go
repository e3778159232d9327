package files

import "syscall"

// syncedWrites makes a write to a file return when its data is on disk. The times of
// the file need not be: the mark is overwritten in its place, which costs one write.
const syncedWrites = syscall.O_DSYNC
