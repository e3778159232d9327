package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/client"
	"costd.dev/costd/internal/spawn"
)

// How usage is sent: as issue and docs/benchmarks.md say.
const (
	senders       = 4
	batchRecords  = 5000
	singleSenders = 64
	maxSingles    = 60_000
)

// A site is a server process with a fleet in it.
type site struct {
	config *Config
	plan   *plan
	data   string
	server *spawn.Server
	key    string // of the measured client's administrator
	peak   int64  // memory of the processes so far, in bytes
}

// newSite starts a server with the catalog of the fleet and no usage.
func newSite(ctx context.Context, config *Config, p *plan, name string) (*site, error) {
	s := &site{config: config, plan: p, data: filepath.Join(config.Folder, name)}
	if err := s.start(); err != nil {
		return nil, err
	}
	file, err := catalog.Marshal(p.entries(), catalog.JSON)
	if err == nil {
		_, err = s.operator(1).ApplyCatalog(ctx, file)
	}
	if err == nil {
		s.key, err = s.administrator(ctx, firstClient)
	}
	if err != nil {
		s.server.Kill()
		return nil, err
	}
	return s, nil
}

func (s *site) start() (err error) {
	flags := append([]string{"--rate-limit", "0", "--log-level", "warn"}, s.config.Serve...)
	s.server, err = spawn.Start(s.config.Costd, s.data, flags...)
	return err
}

// stop ends the server and notes how much memory it took at most.
func (s *site) stop() error {
	s.peak = max(s.peak, residentPeak(s.server.PID()))
	return s.server.Stop()
}

// operator returns a client with the operator's key and so many connections.
func (s *site) operator(connections int) *client.Client {
	return connect(s.server.URL, s.server.Key, connections)
}

// administrator makes a key for the reports of a client.
func (s *site) administrator(ctx context.Context, clientID int64) (string, error) {
	_, token, err := s.operator(1).CreateKey(ctx, costd.RoleAdministrator, clientID, nil)
	return token, err
}

// fill loads the fleet and returns how that went.
func (s *site) fill(ctx context.Context) (load, error) {
	f := &feed{stream: s.plan.loaded(asNDJSON), size: batchRecords, left: s.plan.Records}
	return s.send(ctx, fmt.Sprintf("loading %s records", count(s.plan.Records)), f, senders, allAccepted)
}

func (s *site) send(ctx context.Context, what string, f *feed, senders int, want want) (load, error) {
	total, said := f.left, int64(0)
	s.config.say("%s ...", what)
	l, err := send(ctx, s.operator(senders), f, senders, want, func(done int64) {
		if tenths := done * 10 / total; tenths > said && total > 1_000_000 {
			said = tenths
			s.config.say("  %d%%", tenths*10)
		}
	})
	if err == nil {
		s.config.say("  %s records/s", count(int64(l.rate())))
	}
	return l, err
}

// restart stops the server, measures what it left on disk, and starts it again. It
// returns the size in bytes and the time until it listened.
func (s *site) restart() (size int64, elapsed time.Duration, err error) {
	if err := s.stop(); err != nil {
		return 0, 0, err
	}
	if size, err = sizeOf(s.data); err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	err = s.start()
	return size, time.Since(begin), err
}

// check lets the server look through everything that was sent, and wants it to find nothing.
// Commitments are made up, and some may not be used.
func (s *site) check(ctx context.Context) (elapsed time.Duration, err error) {
	s.config.say("checking all records ...")
	begin := time.Now()
	ofUsage := []costd.FindingKind{costd.FindingRollup, costd.FindingOverlap, costd.FindingPrice}
	_, err = s.operator(1).Check(ctx, ofUsage, func(f costd.Finding) error { return fmt.Errorf("the check found %+v", f) })
	return time.Since(begin), err
}

// singles sends single records of the day that is still to come, of the clients
// that are not measured.
func (s *site) singles(ctx context.Context) (load, error) {
	var others []int64
	for i := 1; i < s.plan.Clients; i++ {
		others = append(others, firstClient+int64(i))
	}
	records := min(maxSingles, int64(len(others)*s.plan.resources*freshHours))
	f := &feed{stream: s.plan.fresh(asNDJSON, others...), size: 1, left: records}
	return s.send(ctx, fmt.Sprintf("sending %s requests of one record", count(records)), f, singleSenders, allAccepted)
}

// resend sends what was loaded once more.
func (s *site) resend(ctx context.Context) (load, error) {
	records := min(s.plan.Records, s.config.Resend)
	f := &feed{stream: s.plan.loaded(asNDJSON), size: batchRecords, left: records}
	return s.send(ctx, fmt.Sprintf("sending %s records again", count(records)), f, senders, allUnchanged)
}
