package main

import (
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// make puts what git says of the sources into the program, and the program tells it to
// people, to servers and to Prometheus.
func TestVersionOfTheSources(t *testing.T) {
	commands, err := exec.Command("make", "-C", "../..", "-n", "build", "VERSION=v1.2.3-4-gabc").CombinedOutput()
	if err != nil || !strings.Contains(string(commands), " -X main.described=v1.2.3-4-gabc ") {
		t.Errorf("make does not say the version: %v\n%s", err, commands)
	}
	if release() == "" {
		t.Error("a program built without make has no release")
	}
	described = "v1.2.3-4-gabc"
	defer func() { described = "" }()
	for _, words := range [][]string{{"--version"}, {"version"}} {
		stdout, stderr, code := user{t: t}.try(words...)
		if code != 0 || !strings.HasPrefix(stdout, "costd 1.2.3-4-gabc go1") {
			t.Errorf("costd %s: %d %q %q", words[0], code, stdout, stderr)
		}
	}
	s, err := startServer(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(s.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	figures, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || !strings.Contains(string(figures), `version="1.2.3-4-gabc"} 1`) {
		t.Errorf("/metrics does not tell the release: %v", err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if log := s.stderr.String(); !strings.Contains(log, "msg=starting version=1.2.3-4-gabc") {
		t.Errorf("the log does not tell the release:\n%s", log)
	}
}
