package main

import (
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
)

// The demo prints an operator's key that works, quoted so that a shell takes it whole.
func TestDemoPrintsAnOperatorKey(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, in := io.Pipe()
	done := make(chan int, 1)
	var log strings.Builder
	go func() {
		code := Main(ctx, []string{"demo", "--listen", "127.0.0.1:0"}, strings.NewReader(""), in, &log, noEnvironment)
		in.Close()
		done <- code
	}()
	variables := printedVariables(t, out)
	keys := user{t, variables}.do("keys", "list")
	if !strings.Contains(keys, "operator") {
		t.Errorf("the operator's key lists the keys\n%s", keys)
	}
	found, stderr, code := user{t, variables}.try("check")
	if code != 1 || !strings.Contains(found, "no price for") || !strings.Contains(found, "commitment acme-l40s-frankfurt: active_from") ||
		!strings.Contains(stderr, "it exits 1 for the 4 findings above") {
		t.Errorf("the check that the demo proposes: exit code %d\n%s%s", code, found, stderr)
	}
	stop()
	if code := <-done; code != 0 {
		t.Errorf("exit code %d: %s", code, log.String())
	}
}

// printedVariables reads what the demo prints up to its end, and returns the variables
// that it says to set.
func printedVariables(t *testing.T, out io.Reader) map[string]string {
	t.Helper()
	var printed strings.Builder
	chunk := make([]byte, 4096)
	for !strings.Contains(printed.String(), "Ctrl-C stops") {
		n, err := out.Read(chunk)
		printed.Write(chunk[:n])
		if err != nil {
			t.Fatalf("%v after\n%s", err, printed.String())
		}
	}
	go io.Copy(io.Discard, out)
	m := regexp.MustCompile(`export COSTD_URL=(\S+) COSTD_API_KEY='([^']+)'`).FindStringSubmatch(printed.String())
	if m == nil {
		t.Fatalf("no operator's key in\n%s", printed.String())
	}
	return map[string]string{urlVariable: m[1], keyVariable: m[2]}
}
