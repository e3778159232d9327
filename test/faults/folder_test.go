package faults

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costd.dev/costd/client"
	"costd.dev/costd/internal/spawn"
)

// wantRefused wants the server to refuse usage, and to say so at /readyz.
func (s *sick) wantRefused() {
	s.t.Helper()
	err := s.tryIngest(10)
	if refusal, ok := errors.AsType[*client.Error](err); !ok || refusal.StatusCode != http.StatusServiceUnavailable || !strings.Contains(refusal.Message, "folder") {
		s.t.Errorf("usage that would be lost is answered by %v, want 503 that tells of the folder", err)
	}
	if status := s.readiness(); status != http.StatusServiceUnavailable {
		s.t.Errorf("/readyz says %d, want 503", status)
	}
}

// wantNoStart wants the server to refuse to start, and to print all of the words.
func (s *sick) wantNoStart(words ...string) {
	s.t.Helper()
	server, err := spawn.Start(s.costd, s.data, s.flags...)
	if err == nil {
		server.Kill()
		s.t.Fatal("the server started")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			s.t.Errorf("the server does not say %q: %v", word, err)
		}
	}
}

// TestFolderMoved moves the folder of a running server, and back.
func TestFolderMoved(t *testing.T) {
	s := newSick(t)
	s.must(os.Rename(s.data, s.data+"-2"))
	s.wantRefused()
	s.must(os.Rename(s.data+"-2", s.data))
	s.healthy()
}

// TestFolderReplaced puts a copy in the place of the folder of a running server, as one
// who restores a copy of the files does. When the server ends, the copy must be as it was.
func TestFolderReplaced(t *testing.T) {
	s := newSick(t)
	s.ingest(100)
	s.must(os.CopyFS(s.data+"-2", os.DirFS(s.data)))
	s.must(os.RemoveAll(s.data))
	s.must(os.Rename(s.data+"-2", s.data))
	s.wantRefused()
	if err := s.server.Stop(); err == nil || !strings.Contains(err.Error(), "moved, replaced or deleted") {
		t.Errorf("the server ended and did not say what happened to its folder: %v", err)
	}
	s.start()
	s.wantHours()
	s.healthy()
}

// TestFolderDeleted deletes the folder of a running server: it must not answer what is
// lost, and not make a folder that looks like the old one.
func TestFolderDeleted(t *testing.T) {
	s := newSick(t)
	s.must(os.RemoveAll(s.data))
	s.wantRefused()
	if err := s.server.Stop(); err == nil {
		t.Error("the server ended as if nothing had happened to its folder")
	}
	if left, _ := filepath.Glob(filepath.Join(s.data, "*")); len(left) > 0 {
		t.Errorf("the folder that was deleted has %q", left)
	}
}

// TestDatabaseGone takes the database away and leaves the key, which a server that
// starts empty would overwrite.
func TestDatabaseGone(t *testing.T) {
	s := newSick(t)
	s.must(s.server.Stop())
	database := filepath.Join(s.data, "costd.duckdb")
	s.must(os.Rename(database, database+"-2"))
	s.wantNoStart(s.data, "operator.key", "costd.duckdb", "restore a backup")
	key, err := os.ReadFile(filepath.Join(s.data, "operator.key"))
	if err != nil || strings.TrimSpace(string(key)) != s.server.Key {
		t.Errorf("the key was overwritten, %v", err)
	}
	s.must(os.Rename(database+"-2", database))
	s.start()
	s.healthy()
}

// TestFolderInUse has a second process open the folder of a running server.
func TestFolderInUse(t *testing.T) {
	s := newSick(t)
	s.wantNoStart(s.data, "in use", "stop the other costd")
	s.healthy()
}
