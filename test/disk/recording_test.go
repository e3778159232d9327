//go:build linux

package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/internal/spawn"
)

// clients are those whose usage is sent, by one sender each.
var clients = [...]int64{1001, 1002}

// lives is how often the recorded server is started, and batchesEach how many batches
// each client sends to it then.
const (
	lives       = 4
	batchesEach = 10
)

// serveFlags let the log be moved into the database after some batches.
var serveFlags = []string{"--rate-limit", "0", "--log-level", "warn", "--checkpoint-bytes", "60000"}

// A recording is a server whose calls are written down.
type recording struct {
	t      *testing.T
	costd  string // the executable
	file   string // the record
	data   string // the folder
	server *spawn.Server
	keys   [len(clients)]string // of administrators
}

func newRecording(t *testing.T) *recording {
	folder := t.TempDir()
	return &recording{t: t, costd: executable(t), file: filepath.Join(folder, "record"), data: filepath.Join(folder, "data")}
}

// must ends the test for an error.
func (r *recording) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// read returns the record.
func (r *recording) read() []byte {
	r.t.Helper()
	record, err := os.ReadFile(r.file)
	r.must(err)
	return record
}

// compile returns a program that is costd with the recorder.
func (r *recording) compile() string {
	r.t.Helper()
	folder := r.t.TempDir()
	library, script := filepath.Join(folder, "recorder.so"), filepath.Join(folder, "costd")
	command := exec.Command("gcc", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC", "-o", library, "testdata/recorder.c", "-lpthread")
	if said, err := command.CombinedOutput(); err != nil {
		r.t.Fatalf("compiling the recorder: %v\n%s", err, said)
	}
	text := fmt.Sprintf("#!/bin/sh\nCOSTD_RECORD='%s' COSTD_RECORD_FOLDER='%s' LD_PRELOAD='%s' exec '%s' \"$@\"\n", r.file, r.data, library, r.costd)
	r.must(os.WriteFile(script, []byte(text), 0o700))
	return script
}

// record lets a server be born, take usage, be killed and started again, be backed up
// and stopped, and writes all of that down.
func (r *recording) record() {
	r.t.Helper()
	program := r.compile()
	for life := range lives {
		var err error
		r.server, err = spawn.Start(program, r.data, serveFlags...)
		r.must(err)
		r.t.Cleanup(r.server.Kill)
		if life == 0 {
			r.setUp()
		}
		r.send(life * batchesEach)
		if life%2 == 1 {
			_, err := r.client().Backup(r.t.Context(), io.Discard)
			r.must(err)
			r.must(r.server.Stop())
		}
		r.server.Kill()
	}
}

// client returns a client with the operator's key that tries everything once.
func (r *recording) client() *client.Client {
	return client.New(r.server.URL, r.server.Key, client.WithMaxRetries(0))
}

const catalogFile = `
clients:
  - {id: 1001, name: Acme, currency: EUR, show_prices: true}
  - {id: 1002, name: Globex, currency: EUR, show_prices: true}
regions: [{id: 76, name: Luxembourg-2}]
`

// setUp makes the catalog and the keys.
func (r *recording) setUp() {
	r.t.Helper()
	_, err := r.client().ApplyCatalog(r.t.Context(), []byte(catalogFile))
	r.must(err)
	for i, id := range clients {
		_, r.keys[i], err = r.client().CreateKey(r.t.Context(), costd.RoleAdministrator, id, nil)
		r.must(err)
	}
	r.answered(0, 1)
}

// answered adds to the record that a client, or 0 for the set-up, had an answer to so
// many requests.
func (r *recording) answered(client int64, requests int) {
	file, err := os.OpenFile(r.file, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = file.Write(entry{kind: answered, a: uint64(requests), b: uint64(client)}.bytes())
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		r.t.Error(err)
	}
}

// send sends batches of all clients, from the given number on.
func (r *recording) send(first int) {
	r.t.Helper()
	var group sync.WaitGroup
	for _, id := range clients {
		group.Go(func() {
			for n := first; n < first+batchesEach; n++ {
				if _, err := r.client().SendUsage(r.t.Context(), batch(id, n)); err != nil {
					r.t.Errorf("batch %d of client %d: %v", n, id, err)
					return
				}
				r.answered(id, n+1)
			}
		})
	}
	group.Wait()
}

// batches counts the answers of a record.
func (r *recording) batches(entries []entry) (count int) {
	for _, e := range entries {
		if e.kind == answered && e.b != 0 {
			count++
		}
	}
	return count
}

// What a batch has: an hour of so many machines, which is the hour of its number, a
// correction of some of the batch before, and the deletion of some of the one before that.
const (
	corrected = 5
	deleted   = 2
)

// machines is how many machines a batch has: mostly few, sometimes many.
func machines(n int) int {
	if n%7 == 3 {
		return 400
	}
	return 20
}

var firstHour = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

// usage returns what a machine used in an hour, for so many minutes.
func usage(client int64, hour, machine, minutes int) costd.Usage {
	start := firstHour.Add(time.Duration(hour) * time.Hour)
	return costd.Usage{
		ClientID: client, ProjectID: 501, RegionID: 76, Type: costd.Instance, Metric: "instance_min", Flavor: flavor(hour),
		ResourceID: "vm-" + strconv.Itoa(machine), Start: start, End: start.Add(time.Duration(minutes) * time.Minute),
	}
}

// flavor is the one that all machines of an hour have, so that a report has a row of it.
func flavor(hour int) string { return "hour-" + strconv.Itoa(hour) }

// batch returns the n-th batch of a client.
func batch(client int64, n int) (records []costd.Usage) {
	for machine := range machines(n) {
		records = append(records, usage(client, n, machine, 60))
	}
	for machine := range corrected {
		if n >= 1 {
			records = append(records, usage(client, n-1, machine, 30))
		}
	}
	for machine := range deleted {
		if n >= 2 {
			u := usage(client, n-2, corrected+machine, 60)
			u.Deleted = true
			records = append(records, u)
		}
	}
	return records
}

// want returns the minutes of each flavor after so many batches.
func want(batches int) map[string]int64 {
	minutes := map[string]int64{}
	for n := range batches {
		sum := int64(machines(n) * 60)
		if n+1 < batches {
			sum -= corrected * 30
		}
		if n+2 < batches {
			sum -= deleted * 60
		}
		minutes[flavor(n)] = sum
	}
	return minutes
}
