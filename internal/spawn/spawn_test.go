package spawn

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain makes this test binary the servers that it starts.
func TestMain(m *testing.M) {
	if len(os.Args) < 4 || os.Args[0] != "costd" {
		os.Exit(m.Run())
	}
	if data := os.Args[3]; filepath.Base(data) == "bad" {
		fmt.Fprintln(os.Stderr, "the disk is on fire")
		os.Exit(1)
	} else if err := os.WriteFile(filepath.Join(data, "operator.key"), []byte("secret\n"), 0o600); err != nil {
		panic(err)
	}
	fmt.Println("listening on http://127.0.0.1:1")
	time.Sleep(time.Minute)
}

func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStart(t *testing.T) {
	s, err := Start(executable(t), t.TempDir())
	if err != nil || s.URL != "http://127.0.0.1:1" || s.Key != "secret" {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := s.Stop(); err == nil { // it knows nothing of SIGTERM
		t.Error("a server that a signal ended has stopped well")
	}
	s.Kill() // does no harm to one that is gone
	<-s.Ended()
}

func TestAddress(t *testing.T) {
	for line, want := range map[string]string{
		"listening on http://127.0.0.1:1": "http://127.0.0.1:1",
		`{"time":"2026-11-24T00:00:00Z","level":"INFO","msg":"listening on","url":"http://127.0.0.1:1"}`: "http://127.0.0.1:1",
		`{"msg":"request","url":"http://127.0.0.1:1"}`:                                                   "", "opening": "", "": "", "{}": "",
	} {
		if url, ok := Address(line); url != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", line, url, ok, want)
		}
	}
}

func TestStartFails(t *testing.T) {
	if _, err := Start(executable(t), "bad"); err == nil || !strings.Contains(err.Error(), "the disk is on fire") {
		t.Errorf("the last words are missing: %v", err)
	}
	if _, err := Start(filepath.Join(t.TempDir(), "none"), t.TempDir()); err == nil {
		t.Error("a program that is not there has started")
	}
}

func TestTail(t *testing.T) {
	var kept tail
	for i := range 3 {
		kept.Write(bytes.Repeat([]byte{'a' + byte(i)}, maxTail/2+1))
	}
	want := strings.Repeat("b", maxTail/2-1) + strings.Repeat("c", maxTail/2+1)
	if kept.String() != want {
		t.Errorf("kept %d bytes, want the last %d", len(kept.String()), len(want))
	}
}
