//go:build linux

// Package disk loses power under the real server, and damages its files, and shows that
// it either starts with all that it answered, or says which file is damaged, where, and
// what to do.
//
//	go test ./test/disk -states 1000
//
// A recorder (testdata/recorder.c) writes down, in their order, every write, sync and
// change of a name that `costd serve` makes in its data folder while it takes usage,
// moves its log into the database, is backed up, killed and stopped. The test adds an
// entry for each answer that it gets. From the record it makes the states in which a loss
// of power at any instant may leave the folder, given that a disk keeps what was synced,
// and of the rest anything; and states with damage on top of that. On each of them it
// starts the server, and compares its reports with what was answered before that instant.
package disk

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"costd.dev/costd/internal/spawn"
)

var (
	states  = flag.Int("states", 40, "in how many states of its folder the server is started")
	seed    = flag.Uint64("seed", 1, "which choices the test makes, 0 for new ones; the record differs all the same")
	program = flag.String("costd", "", "the costd to start; built from the sources if not given")
)

// workers is how many servers are started at the same time: mostly they wait for the disk.
const workers = 3

func TestDisk(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("go test ./test/disk -states %d -seed %d", *states, *seed)
	r := newRecording(t)
	r.record()
	entries, err := parseRecord(r.read())
	r.must(err)
	r.wantSeen(entries)
	t.Logf("the record has %d entries, %d batches answered", len(entries), r.batches(entries))
	j := &judge{recording: r, room: room(t), outcomes: map[outcome]int{}}
	var group sync.WaitGroup
	made := make(chan state)
	for range workers {
		group.Go(func() {
			for s := range made {
				j.judge(s)
			}
		})
	}
	r.makeStates(entries, made)
	close(made)
	group.Wait()
	j.report()
}

// wantSeen wants the record to have what DuckDB does and what Go does by itself: a recorder
// that is blind to one of them would make states that are too good.
func (r *recording) wantSeen(entries []entry) {
	r.t.Helper()
	for _, want := range []entry{
		{kind: written, path: databaseFile}, {kind: synced, path: databaseFile}, {kind: written, path: logFile}, {kind: synced, path: logFile},
		{kind: removed, path: logFile}, {kind: written, path: markFile, b: 1}, {kind: synced, path: "."},
	} {
		if !slices.ContainsFunc(entries, func(e entry) bool { return e.kind == want.kind && e.path == want.path && e.b == want.b }) {
			r.t.Fatalf("the record has no entry of kind %d, flag %d, of %q", want.kind, want.b, want.path)
		}
	}
}

// room returns a folder for states: in memory, if the system has that, where a sync costs
// nothing.
func room(t *testing.T) string {
	folder, err := os.MkdirTemp("/dev/shm", "costd-disk-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// executable returns the costd to run.
func executable(t *testing.T) string {
	t.Helper()
	path, err := spawn.Executable(*program, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// A state is a folder as a loss of power leaves it, with damage or without.
type state struct {
	number  int
	cut     int // the entry of the record before which the power went
	class   string
	damage  *damage
	detail  string // what was done to which file
	files   map[string][]byte
	setUp   bool // the catalog and the keys were answered for
	answers [len(clients)]int
	rng     *rand.Rand
}

func (s state) String() string {
	return fmt.Sprintf("state %d, power lost before entry %d: %s %s", s.number, s.cut, s.class, s.detail)
}

// makeStates goes through the record once, and stops at instants by chance.
func (r *recording) makeStates(entries []entry, made chan<- state) {
	rng := rand.New(rand.NewPCG(*seed, 1))
	cuts := make([]int, *states)
	for i := range cuts {
		cuts[i] = 1 + rng.IntN(len(entries))
	}
	slices.Sort(cuts)
	m := newModel()
	now := state{}
	var earlier []map[string][]byte
	for i, e := range entries {
		for ; len(cuts) > 0 && cuts[0] <= i; cuts = cuts[1:] {
			now.cut, now.rng = i, rand.New(rand.NewPCG(*seed, uint64(now.number+2)))
			s := now.lose(m, earlier)
			if now.number++; now.number%8 == 0 {
				earlier = append(earlier, m.lose(allKept, s.rng))
			}
			made <- s
		}
		r.must(m.do(e))
		now.hear(e)
	}
}

// hear notes an answer.
func (s *state) hear(e entry) {
	if e.kind != answered {
		return
	}
	if client := slices.Index(clients[:], int64(e.b)); client >= 0 {
		s.answers[client] = int(e.a)
	} else {
		s.setUp = true
	}
}

// lose returns the state after a loss of power now, by chance with damage.
func (s state) lose(m *model, earlier []map[string][]byte) state {
	l := loss(s.rng.IntN(int(losses)))
	s.class, s.files = l.String(), m.lose(l, s.rng)
	if s.rng.IntN(2) == 0 {
		d := &damages[pickDamage(s.rng)]
		if detail := d.do(s.files, earlier, s.rng); detail != "" {
			s.class, s.damage, s.detail = d.name, d, detail
		}
	}
	return s
}

// write makes the state a folder.
func (s state) write(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for name, content := range s.files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
