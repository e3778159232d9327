//go:build unix

package server

import (
	"math"
	"syscall"
)

// descriptors returns how many files and connections the process may have open. Go has
// raised the soft limit to the hard one by then.
func descriptors() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return math.MaxInt
	}
	return int(min(uint64(limit.Cur), math.MaxInt))
}
