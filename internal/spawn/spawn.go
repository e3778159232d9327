// Package spawn runs `costd serve` in a process of its own, for whoever has to
// measure it or to kill it.
package spawn

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A Server is a running process of `costd serve`.
type Server struct {
	URL string // once it is Ready
	Key string // of the operator, likewise
	// Data is the folder that the server keeps its data in; "" if it keeps none.
	Data string

	cmd     *exec.Cmd
	log     *tail
	address chan string   // receives the URL once
	ended   chan struct{} // closed when the process is gone
	err     error         // how it ended, to be read after that
}

// stopTimeout is how long Stop waits before it kills: longer than a server waits
// for requests under way, and than a large checkpoint takes.
const stopTimeout = 3 * time.Minute

// Start starts a server and returns when it listens.
func Start(executable, data string, flags ...string) (*Server, error) {
	s, err := Launch(executable, data, flags...)
	if err != nil {
		return nil, err
	}
	if err := s.Ready(); err != nil {
		s.Kill()
		return nil, err
	}
	return s, nil
}

// Launch runs `EXECUTABLE serve --data DATA` with further flags, on a free port of
// this machine, and does not wait until it listens.
func Launch(executable, data string, flags ...string) (*Server, error) {
	s, err := Run(executable, append([]string{"costd", "serve", "--data", data, "--listen", "127.0.0.1:0"}, flags...)...)
	if err == nil {
		s.Data = data
	}
	return s, err
}

// Run runs an executable that says where it listens, as serve does. Arguments begin
// with the name of the program: a test binary that stands for several goes by it.
func Run(executable string, arguments ...string) (*Server, error) {
	s := &Server{log: new(tail), address: make(chan string, 1), ended: make(chan struct{})}
	s.cmd = &exec.Cmd{Path: executable, Args: arguments, Stderr: s.log}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go s.attend(out)
	return s, nil
}

// attend reads what the server says until it ends.
func (s *Server) attend(out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if url, ok := Address(lines.Text()); ok {
			s.address <- url
		}
	}
	s.err = s.cmd.Wait()
	close(s.ended)
}

// Address returns the URL of a line by which a server says where it listens: the text
// "listening on URL", or the record of a log in JSON.
func Address(line string) (url string, ok bool) {
	var record struct{ Msg, URL string }
	if json.Unmarshal([]byte(line), &record) == nil && record.Msg == "listening on" {
		return record.URL, true
	}
	if url, ok = strings.CutPrefix(line, "listening on "); ok {
		return url, true
	}
	return "", false
}

// Ready waits until the server listens. It is called once.
func (s *Server) Ready() error {
	select {
	case s.URL = <-s.address:
	case <-s.ended:
		return fmt.Errorf("the server did not start: %v; it said:\n%s", s.err, s.log)
	}
	if s.Data == "" {
		return nil
	}
	key, err := os.ReadFile(filepath.Join(s.Data, "operator.key"))
	s.Key = strings.TrimSpace(string(key))
	return err
}

// PID returns the id of the process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Ended is closed when the process is gone, for whatever reason.
func (s *Server) Ended() <-chan struct{} { return s.ended }

// Log returns the end of what the server logged.
func (s *Server) Log() string { return s.log.String() }

// Terminate asks the server to end, as an operator would, and does not wait.
func (s *Server) Terminate() error { return s.cmd.Process.Signal(syscall.SIGTERM) }

// Kill ends the process at once, as a power failure would, and waits until it is
// gone.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill() // it may be gone already
	<-s.ended
}

// Stop ends the server as an operator would, and waits. It returns an error if the
// server did not end well.
func (s *Server) Stop() error {
	if err := s.Terminate(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.ended:
	case <-time.After(stopTimeout):
		s.Kill()
		return errors.New("the server did not stop in time and was killed")
	}
	if s.err != nil {
		return fmt.Errorf("the server ended badly: %w\n%s", s.err, s.log)
	}
	return nil
}

// maxTail bounds what is kept of a log, in bytes.
const maxTail = 64 << 10

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if surplus := len(t.kept) - maxTail; surplus > 0 {
		t.kept = append(t.kept[:0], t.kept[surplus:]...)
	}
	return len(p), nil
}

// String returns what is kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
