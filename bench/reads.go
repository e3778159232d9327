package bench

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"costd.dev/costd/internal/spawn"
)

// totalsPath is the report that is measured.
const totalsPath = "/cloud/v1/reservation_cost_report/totals"

// A question is a report that is measured, and the SQL that a user would write
// instead.
type question struct {
	name  string
	body  string
	where string // beside client and month
}

var questions = [...]question{
	{"no filter", `{"year_month": "2026-10"}`, ""},
	{"schema_filter", `{"year_month": "2026-10", "schema_filter": {"type": "instance", "field": "flavor", "values": ["g1-standard-4-8"]}}`,
		"AND type = 'instance' AND flavor = 'g1-standard-4-8'"},
	{"tags", `{"year_month": "2026-10", "tags": {"conditions": [{"key": "team", "value": "vision"}]}}`,
		"AND tags['team'] = 'vision'"},
}

// Reads are how fast reports of one store are, in milliseconds.
type reads struct {
	// Nothing written since the last call, beside a bare handler: quantiles of each
	// round.
	warm50, warm99, bare50, bare99 []float64
	// The first call after new usage arrived, for each question.
	fresh [len(questions)][]float64
	first float64 // the very first call after a start
	bytes int     // of the unfiltered report
}

// read measures the reports of the measured client.
func (s *site) read(ctx context.Context) (*reads, error) {
	s.config.say("asking for reports ...")
	r := new(reads)
	if err := s.warm(ctx, r); err != nil {
		return nil, err
	}
	return r, s.fresh(ctx, r)
}

// warm asks for one report again and again, taking turns with the bare handler.
func (s *site) warm(ctx context.Context, r *reads) error {
	body := []byte(questions[0].body)
	ours := newCaller(s.server.URL, s.key)
	first, err := ours.ask(ctx, totalsPath, body)
	if err != nil {
		return err
	}
	r.first = milliseconds(first)
	r.bytes = ours.answer.Len()
	bare, err := s.bare(ours.answer.Bytes())
	if err != nil {
		return err
	}
	defer bare.Kill()
	theirs := newCaller(bare.URL, s.key)
	for range s.config.effort.rounds {
		for _, turn := range []struct {
			*caller
			p50, p99 *[]float64
		}{{ours, &r.warm50, &r.warm99}, {theirs, &r.bare50, &r.bare99}} {
			all, err := times(s.config.effort.calls, func() (time.Duration, error) { return turn.ask(ctx, totalsPath, body) })
			if err != nil {
				return err
			}
			*turn.p50 = append(*turn.p50, quantile(all, 0.5))
			*turn.p99 = append(*turn.p99, quantile(all, 0.99))
		}
	}
	if !bytes.Equal(ours.answer.Bytes(), theirs.answer.Bytes()) {
		return fmt.Errorf("the report changed while it was measured")
	}
	return nil
}

// bare starts the bare handler with an answer.
func (s *site) bare(answer []byte) (*spawn.Server, error) {
	file := filepath.Join(s.config.Folder, "answer.json")
	if err := os.WriteFile(file, answer, 0o600); err != nil {
		return nil, err
	}
	server, err := spawn.Run(s.config.Self, slices.Concat(s.config.Bare, []string{file})...)
	if err != nil {
		return nil, err
	}
	if err := server.Ready(); err != nil {
		server.Kill()
		return nil, err
	}
	return server, nil
}

// fresh lets the usage of the last day arrive, bit by bit, and asks one of the
// questions after each.
func (s *site) fresh(ctx context.Context, r *reads) error {
	sender, reader := s.operator(1), newCaller(s.server.URL, s.key)
	arriving := s.plan.fresh(asNDJSON, firstClient)
	size := max(1, s.plan.resources/len(questions))
	for i := 0; ; i++ {
		body, n := arriving.batch(nil, size)
		if n == 0 {
			return nil
		}
		result, err := sender.SendNDJSON(ctx, body)
		if err != nil || result.Accepted != n {
			return fmt.Errorf("of %d new records the server says %+v, %v", n, result, err)
		}
		which := i % len(questions)
		elapsed, err := reader.ask(ctx, totalsPath, []byte(questions[which].body))
		if err != nil {
			return err
		}
		r.fresh[which] = append(r.fresh[which], milliseconds(elapsed))
	}
}

// Mixed is what a server did under reads and writes at once.
type mixed struct {
	load  load
	calls int64
}

// mixReaders is how many readers ask while usage is sent, and mixClients how many
// clients they ask for.
const (
	mixReaders = 2
	mixClients = 20
)

// mix sends corrections of usage while readers ask for reports of several clients.
func (s *site) mix(ctx context.Context) (m mixed, err error) {
	clients := min(s.plan.Clients, mixClients)
	var callers []*caller
	for i := range clients {
		key, err := s.administrator(ctx, firstClient+int64(i))
		if err != nil {
			return m, err
		}
		callers = append(callers, newCaller(s.server.URL, key))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	var calls atomic.Int64
	var group sync.WaitGroup
	for reader := range mixReaders {
		group.Go(func() {
			if err := ask(ctx, done, &calls, callers, reader); err != nil {
				cancel(err)
			}
		})
	}
	records := min(s.plan.Records, s.config.Resend, 1_000_000)
	f := &feed{stream: s.plan.corrected(), size: batchRecords, left: records}
	m.load, err = s.send(ctx, fmt.Sprintf("correcting %s records while reports are read", count(records)), f, senders, allReplaced)
	close(done)
	group.Wait()
	m.calls = calls.Load()
	if err == nil {
		err = context.Cause(ctx)
	}
	return m, err
}

// ask asks any question of any client until done is closed.
func ask(ctx context.Context, done <-chan struct{}, calls *atomic.Int64, callers []*caller, reader int) error {
	rng := rand.New(rand.NewPCG(uint64(reader), 0))
	mine := make([]*caller, len(callers)) // a caller serves one goroutine
	for i, c := range callers {
		mine[i] = &caller{http: c.http, url: c.url, header: c.header}
	}
	return busily(done, calls, func() error {
		_, err := mine[rng.IntN(len(mine))].ask(ctx, totalsPath, []byte(questions[rng.IntN(len(questions))].body))
		return err
	})
}
