//go:build !unix

package server

import "math"

// descriptors returns how many files and connections the process may have open: here, none
// that is known bounds them.
func descriptors() int { return math.MaxInt }
