package main

import (
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"costd-bench": main})
}

// TestScripts runs the benchmark as its users do, with a costd of this source tree.
func TestScripts(t *testing.T) {
	bin := t.TempDir()
	if said, err := exec.Command("go", "build", "-o", bin, "costd.dev/costd/cmd/costd").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+":"+env.Getenv("PATH"))
			return nil
		},
	})
}
