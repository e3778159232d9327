package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// described is what `git describe` said of the sources when make built this program;
// empty in one that was built without make.
var described string

// release names the sources of this program: a tag without its v, or a commit.
func release() string {
	info, ok := debug.ReadBuildInfo()
	switch {
	case described != "":
		return strings.TrimPrefix(described, "v")
	case ok && info.Main.Version != "":
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "unknown"
}

// version is the release and the Go that built it.
func version() string { return release() + " " + runtime.Version() }

func newVersionCommand(t terminal) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(t.out, "costd "+version())
			return err
		},
	}
}
