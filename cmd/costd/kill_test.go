package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"costd.dev/costd/internal/spawn"
)

// TestKillDuringImport kills the real server process while an import is under way,
// at several moments of a request, and checks that the same import, repeated, leads
// to the same reports as one that was never disturbed.
func TestKillDuringImport(t *testing.T) {
	const records = 12_000
	usage := usageFile(t, records)
	want := imported(t, operator(t), usage)
	for name, moment := range map[string]moment{
		"before the request":     {before: true},
		"amid the request":       {amid: true},
		"when all of it arrived": {arrived: true},
		"before the answer":      {answered: true},
	} {
		t.Run(name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			victim := startProcess(t, data)
			proxy := httptest.NewServer(&killer{victim: victim, moment: moment, request: 2})
			defer proxy.Close()
			disturbed := user{t, map[string]string{urlVariable: proxy.URL, keyVariable: victim.key}}
			if _, stderr, code := disturbed.try("import", "--batch-size", "3000", usage); code == 0 {
				t.Fatalf("the import succeeded without a server\n%s", stderr)
			}
			heir := startProcess(t, data)
			got := imported(t, user{t, map[string]string{urlVariable: heir.url, keyVariable: heir.key}}, usage)
			if got != want {
				t.Errorf("after the kill:\n%s\nundisturbed:\n%s", got, want)
			}
		})
	}
}

// usageFile writes a CSV file of so many records, in which later ones replace
// earlier ones here and there.
func usageFile(t *testing.T, records int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "usage.csv")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(file)
	fmt.Fprintln(out, "id,client_id,project_id,region_id,type,resource_id,metric,start,end,size,volume_type")
	for i := range records {
		day := 1 + i%30
		fmt.Fprintf(out, "r%d,1001,501,76,volume,v-%d,volume_gbm,2026-10-%02dT00:00:00Z,2026-10-%02dT07:%02d:00Z,%d.5,standard\n",
			i%(records*9/10), i%97, day, day, i%60, i)
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// imported imports the file and returns the report.
func imported(t *testing.T, u user, file string) string {
	t.Helper()
	catalog := filepath.Join(t.TempDir(), "catalog.yaml")
	const entries = `clients: [{id: 1001, name: Acme, currency: EUR}]
prices: [{type: volume, metric: volume_gbm, currency: EUR, feature: Volume, unit: GB-month, unit_size: 43200, unit_price: "0.10", effective_from: 2026-01-01}]
`
	if err := os.WriteFile(catalog, []byte(entries), 0o600); err != nil {
		t.Fatal(err)
	}
	u.do("apply", "-f", catalog)
	u.do("import", "--batch-size", "3000", file)
	return u.administrator(1001).do("report", "totals", "--month", "2026-10", "--format", "json")
}

// A process is `costd serve` in a process of its own.
type process struct {
	*exec.Cmd
	url, key string
}

func startProcess(t *testing.T, data string) *process {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: &exec.Cmd{Path: executable, Args: []string{"costd", "serve", "--data", data, "--listen", "127.0.0.1:0"}}}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Process.Kill() // it may be dead already
		p.Wait()
	})
	for lines := bufio.NewScanner(out); p.url == "" && lines.Scan(); {
		if url, ok := spawn.Address(lines.Text()); ok {
			p.url = url
		}
	}
	key, err := os.ReadFile(filepath.Join(data, operatorKeyFile))
	if err != nil || p.url == "" {
		t.Fatalf("the server did not start: %v", err)
	}
	p.key = strings.TrimSpace(string(key))
	return p
}

// A moment is when, in the course of a request, a server is killed.
type moment struct{ before, amid, arrived, answered bool }

// A killer passes requests on to its victim until one of them, and then kills it.
type killer struct {
	victim  *process
	moment  moment
	request int64 // which one, from 1
	seen    atomic.Int64
}

func (k *killer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := k.seen.Add(1)
	switch {
	case n < k.request:
		k.pass(w, r, r.Body)
	case n == k.request:
		k.kill(r)
		fallthrough
	default:
		w.WriteHeader(http.StatusGone) // no use in trying again
	}
}

// kill lets the request go as far as the moment says, and kills the server.
func (k *killer) kill(r *http.Request) {
	if k.moment.before {
		k.victim.Process.Kill()
		return
	}
	body := &watchedBody{Reader: r.Body}
	if k.moment.amid {
		body.left, body.then = r.ContentLength/2, k.victim.Process.Kill
	}
	if k.moment.arrived {
		body.left, body.then = r.ContentLength, k.victim.Process.Kill
	}
	k.pass(httptest.NewRecorder(), r, body)
	k.victim.Process.Kill()
}

// pass sends the request to the victim and copies the answer, if there is one.
func (k *killer) pass(w http.ResponseWriter, r *http.Request, body io.Reader) {
	forward, err := http.NewRequestWithContext(r.Context(), r.Method, k.victim.url+r.URL.Path, body)
	if err != nil {
		w.WriteHeader(http.StatusGone)
		return
	}
	forward.Header = r.Header
	forward.ContentLength = r.ContentLength
	answer, err := http.DefaultClient.Do(forward)
	if err != nil {
		w.WriteHeader(http.StatusGone)
		return
	}
	defer answer.Body.Close()
	w.WriteHeader(answer.StatusCode)
	io.Copy(w, answer.Body)
}

// A watchedBody does something once so many bytes were read.
type watchedBody struct {
	io.Reader
	left int64
	then func() error
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.left -= int64(n)
	if b.then != nil && b.left <= 0 {
		b.then()
		b.then = nil
	}
	return n, err
}
