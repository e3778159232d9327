// Package crash kills the real server, again and again, and shows that what it
// answered is never lost and never counted twice.
//
//	go test ./test/crash -kills 200
//
// Several senders send new, corrected, deleted, late and repeated records to
// `costd serve`. It is killed with SIGKILL at a random instant: amid requests, while
// it starts, and while it moves its log into the database. It is started again on
// the same folder, what was not answered is sent again, and every report is compared
// with what an oracle says, which knows only what was sent and answered.
package crash

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"costd.dev/costd/internal/spawn"
)

var (
	kills   = flag.Int("kills", 4, "how often the server is killed")
	seed    = flag.Uint64("seed", 1, "which decisions the test makes, 0 for new ones; the instants differ all the same")
	program = flag.String("costd", "", "the costd to kill; built from the sources if not given")
)

// executable returns the costd to run.
func executable(t *testing.T) string {
	t.Helper()
	path, err := spawn.Executable(*program, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// serveFlags let the senders and the reports go as fast as they can, and the log be
// moved into the database often.
var serveFlags = []string{"--rate-limit", "0", "--log-level", "warn", "--checkpoint-bytes", "200000"}

func TestKill(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("go test ./test/crash -kills %d -seed %d", *kills, *seed)
	v := newVictim(t, t.TempDir())
	begin := time.Now()
	for n := range *kills {
		v.start()
		v.settle()
		v.compare(v.rng.IntN(len(clients)))
		if v.rng.IntN(4) == 0 {
			v.abandon()
		}
		how := ways[pick(v.rng, ways[:])]
		how.kill(v)
		if t.Failed() {
			t.Fatalf("after kill %d, %s", n+1, how.name)
		}
		v.count[how.name]++
	}
	elapsed := time.Since(begin)
	v.start()
	v.settle()
	v.compareAll()
	v.finish()
	v.check()
	t.Logf("%d kills in %v, %.0f a minute: %v", *kills, elapsed.Round(time.Millisecond), float64(*kills)/elapsed.Minutes(), v.count)
	t.Logf("%d requests answered, %d sent again, of which %d had been stored; %d records in the end",
		v.answered.Load(), v.repeated.Load(), v.found.Load(), v.oracle.usage.Len())
}

// A way is one of the ways in which the server comes to its end.
type way struct {
	name   string
	weight int
	kill   func(v *victim)
}

var ways = [...]way{
	{"amid requests", 55, func(v *victim) {
		v.send(func() { time.Sleep(v.upTo(400 * time.Millisecond)) })
	}},
	{"amid a checkpoint", 20, func(v *victim) {
		v.send(func() { v.awaitCheckpoint(time.Second) })
	}},
	{"while it stops", 15, func(v *victim) {
		v.send(func() {
			time.Sleep(v.upTo(200 * time.Millisecond))
			v.must(v.server.Terminate())
			time.Sleep(v.upTo(60 * time.Millisecond))
		})
	}},
	{"while it starts", 10, func(v *victim) {
		v.send(func() { time.Sleep(v.upTo(200 * time.Millisecond)) })
		server, err := spawn.Launch(v.executable, v.data, serveFlags...)
		v.must(err)
		time.Sleep(v.upTo(150 * time.Millisecond))
		server.Kill()
	}},
}

// pick returns the index of a way, more often of one with more weight.
func pick(rng *rand.Rand, ways []way) int {
	sum := 0
	for _, w := range ways {
		sum += w.weight
	}
	left := rng.IntN(sum)
	for i, w := range ways {
		if left -= w.weight; left < 0 {
			return i
		}
	}
	panic("the weights changed")
}

// upTo returns a random duration below d.
func (v *victim) upTo(d time.Duration) time.Duration { return time.Duration(v.rng.Int64N(int64(d))) }

// awaitCheckpoint waits until DuckDB moves its log into the database, which shows
// in the size of the log, and then for a moment; or as long as patience lasts.
func (v *victim) awaitCheckpoint(patience time.Duration) {
	log := filepath.Join(v.data, "costd.duckdb.wal")
	last := int64(0)
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(500 * time.Microsecond) {
		size := int64(0)
		if info, err := os.Stat(log); err == nil {
			size = info.Size()
		}
		other, _ := filepath.Glob(log + ".*") // the next log, while a checkpoint reads this one
		if size < last || len(other) > 0 {
			v.count["seen at a checkpoint"]++
			time.Sleep(v.upTo(5 * time.Millisecond))
			return
		}
		last = size
	}
}

// must ends the test for an error.
func (v *victim) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

// tell fails the test with the server's last words.
func (v *victim) tell(format string, args ...any) {
	v.t.Helper()
	v.t.Errorf("%s\nthe server said:\n%s", fmt.Sprintf(format, args...), v.server.Log())
}
