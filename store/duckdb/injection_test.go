package duckdb_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/store/duckdb"
	"costd.dev/costd/store/embedded"
	"costd.dev/costd/usage"
)

var (
	injections    = flag.Int64("injections", 600, "how many operations TestInjection makes on stores whose database fails")
	injectionSeed = flag.Uint64("injection-seed", 1, "which decisions the first store meets, 0 for new ones; which call meets them differs all the same")
)

// roundOperations is how many operations a store lives through before it has to be in
// full health; the next store has other settings and other faults.
const roundOperations = 5000

// shortInjections is how many operations a short test makes.
const shortInjections = 200

// TestInjection makes random operations on a store while its database fails in every way
// that it can, and callers hang up. What was answered must be so: an operation without an
// error has happened, one with an error has happened wholly or not at all, and no read
// says otherwise. Then the faults stop, and everything works at full width at once.
func TestInjection(t *testing.T) {
	seed := *injectionSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	total := *injections
	if testing.Short() {
		total = min(total, shortInjections)
	}
	for done := int64(0); done < total && !t.Failed(); seed++ {
		operations := min(total-done, roundOperations)
		runInjection(t, seed, operations)
		done += operations
	}
}

// checkpointBytes is the size of the log at which it is moved: every few writes.
const checkpointBytes = 20_000

// An injection is one store with faults, and what is known of it.
type injection struct {
	*testing.T
	*faults
	seed    uint64
	options duckdb.Options
	cache   int64 // bytes for aggregates
	db      atomic.Pointer[embedded.Store]
	// gate is held for reading by every operation, and for writing by a reopening that
	// waits for them.
	gate      sync.RWMutex
	reopening sync.Mutex
	versions  sync.Map // of the catalog, that a change returned
	left      atomic.Int64
	succeeded atomic.Int64
	workers   []*worker
}

func runInjection(t *testing.T, seed uint64, operations int64) {
	random := rand.New(rand.NewPCG(seed, 0))
	in := &injection{T: t, seed: seed, faults: newFaults(seed, drawRates(random)), options: drawOptions(t, random),
		cache: []int64{-1, 40_000, 0}[random.IntN(3)]}
	in.left.Store(operations)
	in.open()
	for n := range int64(4) {
		in.workers = append(in.workers, newWorker(in, n, seed))
	}
	in.on.Store(true)
	begin := time.Now()
	var group sync.WaitGroup
	for _, w := range in.workers {
		group.Go(w.work)
	}
	group.Wait()
	in.on.Store(false)
	t.Logf("seed %d: %d operations in %v, %d without an error; memory %s, threads %d, cache %d; faults: %v", seed, operations,
		time.Since(begin).Round(time.Millisecond), in.succeeded.Load(), in.options.MemoryLimit, in.options.Threads, in.cache, in.faults)
	if !t.Failed() {
		in.wantHealth()
	}
	if err := in.db.Load().Close(); err != nil {
		t.Errorf("seed %d: Close: %v", seed, err)
	}
}

// drawRates draws how often each fault happens: never, rarely or often.
func drawRates(random *rand.Rand) (rates [faultKinds]int) {
	for kind := range rates {
		rates[kind] = []int{0, 5, 20, 80}[random.IntN(4)]
	}
	rates[noMemoryRows] /= 5 // there are many rows
	rates[fatal] /= 5        // opening the database again takes long
	return rates
}

// drawOptions draws settings that are as small as they can be.
func drawOptions(t *testing.T, random *rand.Rand) duckdb.Options {
	return duckdb.Options{
		Path: t.TempDir(), CheckpointBytes: checkpointBytes, Threads: 1 + random.IntN(2),
		MemoryLimit: "64MB", // for 4 connections that read
		Logger:      slog.New(slog.DiscardHandler),
	}
}

// fail fails the test, naming what repeats it.
func (in *injection) fail(format string, args ...any) {
	in.Helper()
	in.Errorf("seed %d: %s", in.seed, fmt.Sprintf(format, args...))
}

// judge counts an operation, whose error must be one that says to try again.
func (in *injection) judge(what string, err error) {
	in.Helper()
	if err == nil {
		in.succeeded.Add(1)
	} else if costd.ErrorCode(err) != costd.Unavailable {
		in.fail("%s: %v, want Unavailable", what, err)
	}
}

// open opens the store, again if that fails.
func (in *injection) open() {
	for range 1000 {
		db, err := duckdb.Open(in.Context(), duckdb.Wrapped(in.options, in.wrap))
		if err == nil {
			in.db.Store(embedded.Over(db, usage.Options{CacheBytes: in.cache, Folder: in.options.Path}))
			return
		}
		in.judge("Open", err)
	}
	in.fail("the store cannot be opened")
}

// reopen closes the store, beside the other operations or when they have ended, and opens
// it again.
func (in *injection) reopen(alone bool) {
	if !in.reopening.TryLock() {
		return
	}
	defer in.reopening.Unlock()
	if alone {
		in.gate.RUnlock()
		in.gate.Lock()
		defer in.gate.RLock()
		defer in.gate.Unlock()
	}
	in.judge("Close", in.db.Load().Close())
	in.open()
}

// wantHealth wants the store, as it is, to do everything at full width, and to have what
// was answered; and its copy and the store after it was opened again, to have the same.
func (in *injection) wantHealth() {
	in.Helper()
	in.wantReads()
	in.wantAll()
	var backup bytes.Buffer
	if err := in.db.Load().Backup(in.Context(), &backup); err != nil {
		in.fail("a backup after the faults: %v", err)
	}
	in.wantSmallLog()
	if err := in.db.Load().Check(in.Context()); err != nil {
		in.fail("Check after the faults: %v", err)
	}
	in.wantSound()
	in.wantCopy(&backup)
	in.reopen(false)
	in.wantAll()
}

// wantReads makes 160 different reads, 32 at a time.
func (in *injection) wantReads() {
	in.Helper()
	var group sync.WaitGroup
	for i := range 32 {
		w := in.workers[i%len(in.workers)]
		group.Go(func() {
			for n := range 5 {
				w.wantRead(int64(i/len(in.workers)), n)
			}
		})
	}
	group.Wait()
}

// wantAll reads all usage and the catalog.
func (in *injection) wantAll() {
	in.Helper()
	for _, w := range in.workers {
		for client := range int64(largeClient + 1) {
			w.wantRead(client, allUsage)
		}
		w.wantCatalog()
	}
}

// wantSmallLog writes more than a log may have. The next write has to wait for the
// checkpoint, after which the log has that write alone.
func (in *injection) wantSmallLog() {
	in.Helper()
	for _, records := range [][]costd.Record{fleet(999, 1000, 1), fleet(998, 1, 1)} {
		if _, err := in.db.Load().Write(in.Context(), records); err != nil {
			in.fail("a write after the faults: %v", err)
		}
	}
	info, err := os.Stat(filepath.Join(in.options.Path, duckdb.DatabaseFile+".wal"))
	if err != nil || info.Size() >= checkpointBytes {
		in.fail("the log after a checkpoint: %v, %v; want it to be small", info, err)
	}
}

// wantSound wants what the store derives to agree with the records.
func (in *injection) wantSound() {
	in.Helper()
	if _, err := in.db.Load().Audit(in.Context(), in.look); err != nil {
		in.fail("Audit after the faults: %v", err)
	}
}

// look fails the test if the finding is a fault of the store.
func (in *injection) look(f costd.Finding) error {
	if f.Kind != costd.FindingOverlap {
		in.fail("Audit: %+v", f)
	}
	return nil
}

// wantCopy restores the backup and wants it to have what was answered.
func (in *injection) wantCopy(backup io.Reader) {
	in.Helper()
	folder := filepath.Join(in.TempDir(), "copy")
	if err := duckdb.Restore(in.Context(), backup, folder); err != nil {
		in.fail("the backup cannot be restored: %v", err)
		return
	}
	original := in.db.Load()
	in.db.Store(open(in.T, folder))
	in.wantAll()
	in.db.Store(original)
}

// hangingUp returns a context that faults may end, and that ends soon at times.
func (w *worker) hangingUp() (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancel(w.Context())
	ctx = context.WithValue(ctx, hangUpKey{}, end)
	if w.random.IntN(20) > 0 {
		return ctx, end
	}
	return context.WithTimeout(ctx, time.Duration(w.random.IntN(3000))*time.Microsecond)
}
