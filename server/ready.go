package server

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// probeTimeout is how long the store may take to say that it is well.
const probeTimeout = 5 * time.Second

var errProbeSlow = errors.New("the store has not said in time that it is well")

// A prober asks the store how it is, once for all who want to know at the same time.
// It asks by itself, not for the callers: that they leave ends nothing in the store.
type prober struct {
	check   func(context.Context) error
	timeout time.Duration
	report  func(error) // is called with every failure

	mu      sync.Mutex
	current *probe // nil while none is under way
}

// A probe is one question to the store.
type probe struct {
	done chan struct{}
	err  error // once done is closed
}

// ask returns what the store says, or an error when it takes too long or ctx ends.
func (p *prober) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, p.timeout, errProbeSlow)
	defer cancel()
	current := p.join()
	select {
	case <-current.done:
		return current.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// join returns the probe under way, and begins one if there is none.
func (p *prober) join() *probe {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil {
		p.current = &probe{done: make(chan struct{})}
		go p.run(p.current)
	}
	return p.current
}

func (p *prober) run(current *probe) {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	current.err = p.check(ctx)
	if current.err != nil {
		p.report(current.err)
	}
	p.mu.Lock()
	p.current = nil
	p.mu.Unlock()
	close(current.done)
}

// healthy says that the process lives.
func (s *Server) healthy(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok\n") }

// ready says whether the server can do its work: not while it stops, and not
// while its store cannot be read and written.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.stopping.Load() {
		writeText(w, http.StatusServiceUnavailable, "stopping\n")
		return
	}
	if err := s.prober.ask(r.Context()); err != nil {
		writeText(w, http.StatusServiceUnavailable, "the store does not answer; see the log\n")
		return
	}
	writeText(w, http.StatusOK, "ready\n")
}
