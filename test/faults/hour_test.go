package faults

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/internal/spawn"
)

var minutes = flag.Float64("minutes", 0.1, "how long TestHour does harm, in minutes, without its checks of health")

// maxFolder bounds what the server's folder may take, in bytes: far more than what an
// hour of honest usage and of waste needs.
const maxFolder = 2 << 30

// TestHour does every kind of harm at random, some at a time, to a server of two
// processors and little memory, while honest senders and readers work. Every few
// minutes the harm stops, and the server must be in full health without a restart.
func TestHour(t *testing.T) {
	h := newHour(t)
	total := time.Duration(*minutes * float64(time.Minute))
	for n := 1; total > 0; n++ {
		length := min(total, time.Minute+rand.N(2*time.Minute))
		total -= length
		h.round(length)
		begin := time.Now()
		h.rest()
		t.Logf("%s: round %d of %v, then full health in %v, its reports in %v, with %v; the process took %d MiB at most, the folder has %d MiB; so far %v",
			time.Now().Format(time.TimeOnly), n, length.Round(time.Second), time.Since(begin).Round(time.Second), h.reports.Round(time.Second), h.flags[len(serveFlags):], h.peak(), h.folder()>>20, h.tally)
	}
	h.kill()
	h.rest()
}

// An hour is a sick server whom several harm at a time.
type hour struct {
	*sick
	tally   *tally
	clients []*honest
	crowd   string // the key of an administrator of the client with the large fleet
	waste   string // the key of an ingest role that only harm uses

	mu   sync.RWMutex
	life *life
}

// A life is the server between two of its starts.
type life struct {
	*spawn.Server
	killed atomic.Bool // or about to be
}

// hourPatience bounds how long a request may take, which the server is told, too: an
// hour is run beside other work.
const hourPatience = 5 * time.Minute

// honestClients is how many honest senders there are.
const honestClients = 4

func newHour(t *testing.T) *hour {
	t.Setenv("GOMAXPROCS", "2")
	h := &hour{sick: newSick(t, tiny()...), tally: newTally()}
	h.life, h.patience = &life{Server: h.server}, hourPatience
	for hour := range 2 {
		h.must(h.sendFleet(hour))
	}
	h.crowd = h.newKey(costd.RoleAdministrator, sickClient+1)
	h.waste = h.newKey(costd.RoleIngest, 0)
	for i := range honestClients {
		id := int64(2001 + i)
		h.clients = append(h.clients, &honest{
			h: h, client: id, key: h.newKey(costd.RoleAdministrator, id), senderKey: h.newKey(costd.RoleIngest, 0), totals: map[line]int{},
		})
	}
	return h
}

// newKey makes a key.
func (s *sick) newKey(role costd.Role, clientID int64) string {
	s.t.Helper()
	_, token, err := s.client().CreateKey(s.t.Context(), role, clientID, nil)
	s.must(err)
	return token
}

// tiny returns flags that give the server little of something.
func tiny() []string {
	one := func(values ...string) string { return values[rand.IntN(len(values))] }
	return []string{
		"--memory-limit", one("70MB", "100MB", "200MB"), "--threads", one("1", "2"), "--cache-mib", one("-1", "2", "64"),
		"--report-timeout", hourPatience.String(), // a slow machine is no fault
		"--checkpoint-bytes", one("20000", "100000", strconv.Itoa(checkpointBytes)), "--queue-records", one("20000", "100000"),
	}
}

// current returns the server as it is now.
func (h *hour) current() *life {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.life
}

// target returns what harm is done to now.
func (h *hour) target() *target {
	return &target{t: h.t, url: h.current().URL, tally: h.tally, operator: h.current().Key, sender: h.waste, crowd: h.crowd}
}

// kill kills the server and starts it again with other flags.
func (h *hour) kill() {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.life.killed.Store(true)
	h.server.Kill()
	h.flags = slices.Concat(serveFlags, tiny())
	h.start()
	h.life = &life{Server: h.server}
	h.tally.add("kills", 1)
}

// harmWidth is how many kinds of harm are done at a time.
const harmWidth = 4

// round does harm for so long, while honest clients work.
func (h *hour) round(length time.Duration) {
	ctx, cancel := context.WithTimeout(h.t.Context(), length)
	defer cancel()
	var group sync.WaitGroup
	for _, c := range h.clients {
		group.Go(func() { h.work(ctx, c) })
	}
	for range harmWidth {
		group.Go(func() { h.harm(ctx) })
	}
	for kills := rand.IntN(3); kills > 0 && ctx.Err() == nil; kills-- {
		if pause(ctx, rand.N(length)); ctx.Err() == nil {
			h.kill()
		}
	}
	group.Wait()
}

// work lets an honest client work until ctx ends. What it has begun it ends.
func (h *hour) work(ctx context.Context, c *honest) {
	for ctx.Err() == nil {
		patient, cancel := context.WithTimeout(h.t.Context(), 2*hourPatience)
		c.step(patient)
		if patient.Err() != nil {
			h.t.Errorf("client %d got no answer in %v", c.client, 2*hourPatience)
		}
		cancel()
		pause(ctx, 50*time.Millisecond+rand.N(250*time.Millisecond))
	}
}

// harm does one kind of harm after the other until ctx ends.
func (h *hour) harm(ctx context.Context) {
	for ctx.Err() == nil {
		harm := harms[rand.IntN(len(harms))]
		h.tally.add(harm.name+" begun", 1)
		harm.do(h.target(), ctx)
	}
}

// rest wants full health and everything that was answered, and the same process as
// before.
func (h *hour) rest() {
	h.t.Helper()
	for _, c := range h.clients {
		c.settle()
		if c.answers == 0 {
			h.t.Errorf("client %d got no answer at all", c.client)
		}
	}
	h.healthy()
	select {
	case <-h.server.Ended():
		h.t.Fatalf("the server ended; it said:\n%s", h.server.Log())
	default:
	}
	if h.t.Failed() {
		h.t.Fatalf("the server said:\n%s", h.server.Log())
	}
	if size := h.folder(); size > maxFolder {
		h.t.Fatalf("the folder has %d bytes, more than %d", size, maxFolder)
	}
}

// folder returns how large the server's folder is, in bytes.
func (s *sick) folder() (size int64) {
	err := filepath.WalkDir(s.data, func(_ string, d fs.DirEntry, err error) error {
		if info, failed := d.Info(); err == nil && failed == nil {
			size += info.Size() // a file that is gone by now has none
		}
		return nil
	})
	s.must(err)
	return size
}

// peak returns the largest memory that the process ever had, in MiB, where the system
// tells it; else 0.
func (s *sick) peak() int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.server.PID()))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if kib, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kib), "kB")))
			s.must(err)
			return n >> 10
		}
	}
	return 0
}

// A tally counts what happened, by kind.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func newTally() *tally { return &tally{counts: map[string]int{}} }

// count returns how often it happened.
func (t *tally) count(kind string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts[kind]
}

func (t *tally) add(kind string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[kind] += n
}

// String lists the counts, sorted.
func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(t.counts)) {
		fmt.Fprintf(&b, "\n  %7d %s", t.counts[kind], kind)
	}
	return b.String()
}
