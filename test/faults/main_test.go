package faults

import (
	"fmt"
	"os"
	"testing"
)

// buildFolder is where costd is built to.
var buildFolder string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "costd-faults-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buildFolder = folder
	code := m.Run()
	_ = os.RemoveAll(folder) // what stays is in the system's folder for temporary files
	os.Exit(code)
}
