package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A lost operator key is replaced in the folder of a server that is stopped, and only
// there: not under a server that runs, and not in a folder that was never one.
func TestLostOperatorKey(t *testing.T) {
	data := t.TempDir()
	s, err := startServer(data)
	if err != nil {
		t.Fatal(err)
	}
	create := []string{"keys", "create", "--data", data, "--role", "operator"}
	if stdout, stderr, code := (user{t: t}).try(create...); code != 1 || stdout != "" || !strings.Contains(stderr, "another") {
		t.Errorf("while the server runs: %d %q %q", code, stdout, stderr)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(data, operatorKeyFile)); err != nil {
		t.Fatal(err)
	}
	token := strings.TrimSpace(user{t: t}.do(create...))
	s, err = start(noEnvironment, "--data", data, "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	list := user{t, map[string]string{urlVariable: s.url, keyVariable: token}}.do("keys", "list")
	if strings.Count(list, "operator") != 2 {
		t.Errorf("the keys are\n%s", list)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	none := filepath.Join(t.TempDir(), "none")
	_, stderr, code := user{t: t}.try("keys", "create", "--data", none, "--role", "operator")
	if _, err := os.Stat(none); code != 1 || !strings.Contains(stderr, "--data: no server keeps its data in "+none+"; name the folder that costd serve --data names") || strings.Contains(stderr, "stat ") || !os.IsNotExist(err) {
		t.Errorf("in no folder: %d %q, made: %v", code, stderr, err)
	}
}
