package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"costd.dev/costd/internal/spawn"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"costd": main})
}

// TestScripts runs the command line as its users do; see testdata/script. In a
// script, "server" starts a new server and points costd at it with its operator key.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server": func(ts *testscript.TestScript, _ bool, args []string) {
				s, err := startServer(ts.MkAbs("data"))
				ts.Check(err)
				ts.Defer(func() { ts.Check(s.stop()) })
				ts.Setenv(urlVariable, s.url)
				ts.Setenv(keyVariable, s.key)
			},
			// hosted points costd at a server that has nothing but the reports, below a
			// path of its own.
			"hosted": func(ts *testscript.TestScript, _ bool, args []string) {
				target, err := url.Parse(ts.Getenv(urlVariable))
				ts.Check(err)
				mux := http.NewServeMux()
				for _, path := range []string{"/hosted/cloud/", "/hosted/iam/"} {
					mux.Handle(path, http.StripPrefix("/hosted", httputil.NewSingleHostReverseProxy(target)))
				}
				server := httptest.NewServer(mux)
				ts.Defer(server.Close)
				ts.Setenv(urlVariable, server.URL+"/hosted")
			},
			// restored DIR starts another server, on a folder that was made by costd restore.
			"restored": func(ts *testscript.TestScript, _ bool, args []string) {
				s, err := startServer(ts.MkAbs(args[0]))
				ts.Check(err)
				ts.Defer(func() { ts.Check(s.stop()) })
				ts.Setenv(urlVariable, s.url)
			},
			// status CODE COMMAND... runs a command that must end with this exit code.
			"status": func(ts *testscript.TestScript, _ bool, args []string) {
				err := ts.Exec(args[1], args[2:]...)
				failed, ok := errors.AsType[*exec.ExitError](err)
				if !ok || strconv.Itoa(failed.ExitCode()) != args[0] {
					ts.Fatalf("%v, want exit code %s", err, args[0])
				}
			},
			// setenv NAME FILE sets a variable to the first line of a file.
			"setenv": func(ts *testscript.TestScript, _ bool, args []string) {
				line, _, _ := strings.Cut(ts.ReadFile(args[1]), "\n")
				ts.Setenv(args[0], line)
			},
			// gzip FILE packs a file as FILE.gz.
			"gzip": func(ts *testscript.TestScript, _ bool, args []string) { ts.Check(gzipFile(ts.MkAbs(args[0]))) },
		},
	})
}

// A testServer is `costd serve` in this process.
type testServer struct {
	url, key string
	cancel   context.CancelFunc
	done     chan struct{}
	stdout   []string     // until it listens
	stderr   bytes.Buffer // to be read after done
	code     int
}

// startServer returns when the server listens.
func startServer(data string) (*testServer, error) {
	s, err := start(noEnvironment, "--data", data, "--listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(filepath.Join(data, "operator.key"))
	s.key = strings.TrimSpace(string(key))
	return s, err
}

// start runs costd serve and returns when it listens.
func start(getenv func(string) string, flags ...string) (*testServer, error) {
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	s := &testServer{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.code = Main(ctx, append([]string{"serve"}, flags...), strings.NewReader(""), in, &s.stderr, getenv)
		in.Close()
	}()
	lines := bufio.NewScanner(out)
	for s.url == "" && lines.Scan() {
		s.stdout = append(s.stdout, lines.Text())
		if url, ok := spawn.Address(lines.Text()); ok {
			s.url = url
		}
	}
	go io.Copy(io.Discard, out)
	if s.url == "" {
		return nil, s.stop()
	}
	return s, nil
}

func noEnvironment(string) string { return "" }

// stop ends the server as SIGTERM does.
func (s *testServer) stop() error {
	s.cancel()
	<-s.done
	if s.code != 0 {
		return &serverError{s.stderr.String()}
	}
	return nil
}

func gzipFile(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(content) // a Buffer takes everything
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path+".gz", packed.Bytes(), 0o600)
}

type serverError struct{ log string }

func (e *serverError) Error() string { return "the server failed:\n" + e.log }
