package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/client"
)

// fairness says how long others wait while one key asks for all that it can get: 99
// percent of their calls are answered in that time, in milliseconds.
type fairness struct {
	besideSenders, besideReaders waits
}

type waits struct {
	single float64 // a record of another key
	report float64 // a remembered report of another client
}

// flooders is how many requests of the one key are under way at a time.
const flooders = 32

// fair measures what others notice of a flood by one key, by usage and by reports.
func (s *site) fair(ctx context.Context) (f fairness, err error) {
	s.config.say("measuring what others notice of a flood by one key ...")
	greedy, err := s.newSender(ctx)
	if err != nil {
		return f, err
	}
	reader, err := s.administrator(ctx, firstClient+1)
	if err != nil {
		return f, err
	}
	if f.besideSenders, err = s.beside(ctx, s.floodOfUsage(greedy)); err != nil {
		return f, err
	}
	f.besideReaders, err = s.beside(ctx, s.floodOfReports(reader))
	return f, err
}

// newSender makes a key that may send usage, and returns a client that tries
// everything once.
func (s *site) newSender(ctx context.Context) (*client.Client, error) {
	_, token, err := s.operator(1).CreateKey(ctx, costd.RoleIngest, 0, nil)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = flooders
	return client.New(s.server.URL, token, client.WithHTTPClient(&http.Client{Transport: transport}), client.WithMaxRetries(0)), err
}

// floodOfUsage returns what sends a large batch of the second client: the same records
// each time with other names, so that all of them replace those that are there.
func (s *site) floodOfUsage(c *client.Client) func(context.Context, int64) error {
	var bodies [8][]byte
	for i := range bodies {
		bodies[i], _ = s.plan.renamed(fmt.Sprintf("-greedy-%d", i), firstClient+1).batch(nil, batchRecords)
	}
	return func(ctx context.Context, n int64) error {
		_, err := c.SendNDJSON(ctx, bodies[n%int64(len(bodies))])
		return err
	}
}

// floodOfReports returns what asks for all resources of a client, each time in another
// period than shortly before, so that no answer is a remembered one.
func (s *site) floodOfReports(key string) func(context.Context, int64) error {
	first := lastMonth.Period().From.Time()
	readers := sync.Pool{New: func() any { return newCaller(s.server.URL, key) }}
	return func(ctx context.Context, n int64) error {
		const path, days = "/cloud/v1/cost_report/resources", 25
		body := fmt.Sprintf(`{"time_from": %q, "time_to": %q, "limit": %d}`, first.AddDate(0, 0, int(n%days)).Format(time.DateOnly),
			first.AddDate(0, 0, int(n%days)+1+int(n/days%5)).Format(time.DateOnly), 1000+n%1000)
		reader := readers.Get().(*caller)
		defer readers.Put(reader)
		_, err := reader.ask(ctx, path, []byte(body))
		return err
	}
}

// beside measures others while many do the flood. What it is answered does not matter.
func (s *site) beside(ctx context.Context, flood func(context.Context, int64) error) (w waits, err error) {
	flooded, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	var n atomic.Int64
	for range flooders {
		group.Go(func() {
			for flooded.Err() == nil {
				if flood(flooded, n.Add(1)) != nil {
					time.Sleep(10 * time.Millisecond) // as a sender would that does not heed Retry-After
				}
			}
		})
	}
	defer group.Wait()
	defer stop()
	if w.single, err = s.singlesBeside(ctx); err != nil {
		return w, err
	}
	w.report, err = s.reportsBeside(ctx)
	s.config.say("  %.0f ms for a record, %.0f ms for a report", w.single, w.report)
	return w, err
}

// singlesBeside sends single records with a key of its own, one after the other.
func (s *site) singlesBeside(ctx context.Context) (float64, error) {
	c, err := s.newSender(ctx)
	if err != nil {
		return 0, err
	}
	name := fmt.Sprintf("-beside-%d", time.Now().UnixNano()) // another one than the last time
	arriving := s.plan.renamed(name, firstClient+int64(s.plan.Clients)-1)
	all, err := times(s.config.effort.calls/5, func() (time.Duration, error) {
		body, n := arriving.batch(nil, 1)
		if n == 0 {
			return 0, errors.New("the fleet has too few records")
		}
		begin := time.Now()
		_, err := c.SendNDJSON(ctx, body)
		return time.Since(begin), err
	})
	if err != nil {
		return 0, fmt.Errorf("a single record beside a flood: %w", err)
	}
	return quantile(all, 0.99), nil
}

// reportsBeside asks for one report of the measured client again and again.
func (s *site) reportsBeside(ctx context.Context) (float64, error) {
	reader := newCaller(s.server.URL, s.key)
	body := []byte(questions[0].body)
	if _, err := reader.ask(ctx, totalsPath, body); err != nil { // the one to remember
		return 0, err
	}
	all, err := times(s.config.effort.calls, func() (time.Duration, error) { return reader.ask(ctx, totalsPath, body) })
	if err != nil {
		return 0, fmt.Errorf("a report beside a flood: %w", err)
	}
	return quantile(all, 0.99), nil
}
