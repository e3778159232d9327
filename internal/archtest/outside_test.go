package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const outsideProgram = `package main

import (
	"fmt"

	"costd.dev/costd"
	"costd.dev/costd/client"
)

func main() {
	c := client.New("http://127.0.0.1:8080", "key")
	fmt.Println(c != nil, len(costd.Types))
}
`

// A module outside of this one imports package client by the name that go.mod says,
// with a replace in place of a download.
func TestOutsideModuleImportsClient(t *testing.T) {
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(root + "/go.sum") // which go get would write
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	module := "module example.com/outside\n\ngo 1.26.0\n\nrequire costd.dev/costd v0.0.0\n\nreplace costd.dev/costd => " + here + "\n"
	for name, content := range map[string]string{"go.mod": module, "go.sum": string(sums), "main.go": outsideProgram} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := runGo(t, folder, "run", "."); got != "true 25\n" {
		t.Errorf("the program of another module prints %q", got)
	}
}

// runGo runs the go command in a folder. What it needs is in the cache of modules, since
// this test was built from there.
func runGo(t *testing.T, folder string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
