package bench

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

// Config says what to measure, and where.
type Config struct {
	Fleet Fleet
	// Baseline is the size of the small fleet that growth is measured from, in
	// records; a fleet of at most that size is measured alone.
	Baseline int64
	// Resend is how many records are sent a second time, at most.
	Resend int64
	// Costd is the path of the costd that is measured.
	Costd string
	// Self is the path of the program that measures; called as Bare with a file for a last
	// argument, it does ServeBare.
	Self string
	Bare []string
	// Folder is where all data goes; it must exist and be empty. Nothing is left in it.
	Folder string
	// Serve are further flags of the server.
	Serve []string
	// Say is told what is going on, a line each time.
	Say func(line string)

	effort effort
}

// An effort is how often things are measured.
type effort struct {
	rounds  int // of as many calls of costd and of the bare handler
	calls   int // in a round
	imports int // of each file
}

// smallFleet is the number of records below which a run only shows that all works:
// the figures of so few mean little.
const smallFleet = 100_000

func effortFor(records int64) effort {
	if records < smallFleet {
		return effort{rounds: 3, calls: 100, imports: 1}
	}
	return effort{rounds: 5, calls: 1000, imports: 3}
}

func (c *Config) say(format string, args ...any) { c.Say(fmt.Sprintf(format, args...)) }

// measured is everything that was measured of one fleet.
type measured struct {
	plan      *plan
	load      load
	disk      int64         // bytes after a clean stop
	start     time.Duration // of the server, with the fleet in it
	reads     *reads
	singles   load
	resend    load
	mixed     mixed
	check     time.Duration
	fair      fairness
	resident  int64 // bytes, at the end
	peak      int64 // bytes
	sql       *sqlTimes
	base      *measured // of the small fleet, only its reads; nil if there is none
	csv, pack importTimes
}

// Run measures everything. It takes a few seconds for small fleets, and about a
// minute for each million records.
func Run(ctx context.Context, config Config) (*Result, error) {
	p, err := newPlan(config.Fleet)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	config.effort = effortFor(p.Records)
	m, err := config.main(ctx, p)
	if err != nil {
		return nil, err
	}
	if m.base, err = config.base(ctx, p); err != nil {
		return nil, err
	}
	if m.sql, err = measureSQL(ctx, &config, p); err != nil {
		return nil, err
	}
	if m.csv, m.pack, err = measureImports(ctx, &config, p); err != nil {
		return nil, err
	}
	return newResult(m, begin), nil
}

// base measures the reads of a small fleet; nil if the fleet is not larger.
func (c *Config) base(ctx context.Context, p *plan) (*measured, error) {
	small := c.Fleet
	small.Records, small.Clients = c.Baseline, 0
	if p.Records <= c.Baseline || c.Baseline == 0 {
		return nil, nil
	}
	b, err := newPlan(small)
	if err != nil {
		return nil, err
	}
	m := &measured{plan: b}
	return m, c.with(ctx, b, "base", func(s *site) (err error) {
		if m.load, err = s.fill(ctx); err != nil {
			return err
		}
		if m.disk, m.start, err = s.restart(); err != nil {
			return err
		}
		m.reads, err = s.read(ctx)
		return err
	})
}

// main measures the fleet itself: loading, size, reports, more writing, memory.
func (c *Config) main(ctx context.Context, p *plan) (*measured, error) {
	m := &measured{plan: p}
	return m, c.with(ctx, p, "main", func(s *site) (err error) {
		if m.load, err = s.fill(ctx); err != nil {
			return err
		}
		if m.disk, m.start, err = s.restart(); err != nil {
			return err
		}
		if m.reads, err = s.read(ctx); err != nil {
			return err
		}
		if m.singles, err = s.singles(ctx); err != nil {
			return err
		}
		if m.resend, err = s.resend(ctx); err != nil {
			return err
		}
		if m.mixed, err = s.mix(ctx); err != nil {
			return err
		}
		if m.check, err = s.check(ctx); err != nil {
			return err
		}
		m.resident = residentNow(s.server.PID())
		m.peak = max(s.peak, residentPeak(s.server.PID()))
		m.fair, err = s.fair(ctx)
		return err
	})
}

// with starts a server for the plan, lets f measure it, and removes it.
func (c *Config) with(ctx context.Context, p *plan, name string, f func(*site) error) error {
	s, err := newSite(ctx, c, p, name)
	if err != nil {
		return err
	}
	defer os.RemoveAll(s.data)
	if err := f(s); err != nil {
		select {
		case <-s.server.Ended():
			err = fmt.Errorf("%w; the server has ended:\n%s", err, s.server.Log())
		default:
		}
		s.server.Kill()
		return err
	}
	return s.stop()
}

// count returns a whole number with commas between thousands.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
