package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"costd.dev/costd/internal/spawn"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"costd-bench": main})
}

// TestScripts runs the benchmark as its users do, with a costd of this source tree.
func TestScripts(t *testing.T) {
	bin := t.TempDir()
	if _, err := spawn.Executable("", bin); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+":"+env.Getenv("PATH"))
			return nil
		},
	})
}
