package usage_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"costd.dev/costd"
	"costd.dev/costd/store/storetest"
	"costd.dev/costd/usage/driver"
)

// memory is a driver.DB without a database. It keeps records, and adds them up anew at
// every call.
type memory struct {
	storetest.Memory // says what becomes of each record
	mu               sync.Mutex
	commit           int64
	records          map[string]stored // by their identity
	days             map[clientDay]change
	numbers          map[string]int64 // of states
	partStates       int              // of a scan
	onlyDays         bool             // Daily never returns added parts
	first            int              // how many months were read of which the caller had nothing
}

type stored struct {
	costd.Record
	commit int64 // that wrote it
}

type clientDay struct {
	client int64
	day    costd.Day
}

// A change has the numbers of the last commit that changed a day, and of the last that
// replaced or deleted something there.
type change struct{ changed, rewritten int64 }

func newMemory(partStates int, onlyDays bool) *memory {
	return &memory{records: map[string]stored{}, days: map[clientDay]change{}, numbers: map[string]int64{}, partStates: partStates, onlyDays: onlyDays}
}

func (m *memory) Write(ctx context.Context, records []costd.Record) ([]costd.Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	outcomes, err := m.Memory.Write(ctx, records)
	m.commit++
	for i := range outcomes {
		r := records[i]
		key := fmt.Sprint(r.ClientID, "/", costd.DayOf(r.Start), "/", r.ID)
		if r.ID == "" {
			key += fmt.Sprintf("%q %q %d", r.ResourceID, r.Metric, r.Start.UnixNano())
		}
		switch outcomes[i] {
		case costd.Unchanged:
			continue
		case costd.Replaced, costd.Deleted:
			m.touch(m.records[key].Record, true)
		}
		delete(m.records, key)
		if !r.Deleted {
			m.records[key] = stored{r, m.commit}
			m.touch(r, outcomes[i] == costd.Replaced)
		}
	}
	return outcomes, err
}

func (m *memory) touch(r costd.Record, rewritten bool) {
	for _, p := range r.Parts {
		k := clientDay{r.ClientID, p.Day}
		c := change{m.commit, m.days[k].rewritten}
		if rewritten {
			c.rewritten = m.commit
		}
		m.days[k] = c
	}
}

// sum returns a part as a sum, with its state.
func (m *memory) sum(r *costd.Record, p *costd.Part) driver.Added {
	s := &driver.State{ResourceID: r.ResourceID, Metric: r.Metric, ProjectID: r.ProjectID, RegionID: r.RegionID, Type: r.Type,
		Flavor: r.Flavor, Name: r.Name, Size: r.Size, Attributes: r.Attributes, Tags: r.Tags}
	size := ""
	if s.Size != nil {
		size = s.Size.String()
	}
	key := fmt.Sprintf("%d %q %q %d %d %q %q %q %q %q %q", r.ClientID, s.ResourceID, s.Metric, s.ProjectID, s.RegionID, s.Type, s.Flavor, s.Name, size, s.Attributes, s.Tags)
	if m.numbers[key] == 0 {
		m.numbers[key] = int64(len(m.numbers) + 1)
	}
	s.Number = m.numbers[key]
	return driver.Added{State: s, Sum: driver.Sum{Day: p.Day, State: s.Number, Grid: p.Quantity.Grid, Units: driver.AmountOf(p.Quantity.Units),
		First: p.Start.UnixNano(), Seen: driver.Seen{End: p.End.UnixNano(), Start: r.Start.UnixNano(), ID: r.ID}}}
}

// each calls f with the parts of a client on days.
func (m *memory) each(client int64, p costd.Period, f func(commit int64, part driver.Added)) {
	for _, r := range m.records {
		if r.ClientID != client {
			continue
		}
		for i := range r.Parts {
			if p.Contains(r.Parts[i].Day) {
				f(r.commit, m.sum(&r.Record, &r.Parts[i]))
			}
		}
	}
}

func (m *memory) Daily(_ context.Context, client int64, months []driver.Since) ([]driver.Delta, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	deltas := make([]driver.Delta, len(months))
	for i, since := range months {
		d := &deltas[i]
		if since.Revision == 0 {
			m.first++
		}
		d.Revision, d.States = m.commit+1, map[int64]*driver.State{}
		replaced, added := map[costd.Day]bool{}, map[costd.Day]bool{}
		for day := since.Month.Period().From; day < since.Month.Period().To; day++ {
			c := m.days[clientDay{client, day}]
			switch {
			case since.Revision == 0, c.rewritten >= since.Revision, c.changed >= since.Revision && m.onlyDays:
				d.Days, replaced[day] = append(d.Days, day), true
			case c.changed >= since.Revision:
				added[day] = true
			}
		}
		room := since.Room
		m.each(client, since.Month.Period(), func(commit int64, p driver.Added) {
			if replaced[p.Day] {
				d.Sums = add(d.Sums, p.Sum)
				if !since.Knows(p.State.Number) {
					d.States[p.State.Number] = p.State
				}
				room -= driver.SumBytes
			} else if added[p.Day] && commit >= since.Revision {
				d.Added = append(d.Added, p)
			}
		})
		if room < 0 {
			return nil, driver.ErrTooLarge
		}
	}
	return deltas, nil
}

// add adds a part to the sum of its day, state and grid.
func add(sums []driver.Sum, p driver.Sum) []driver.Sum {
	i := slices.IndexFunc(sums, func(s driver.Sum) bool { return s.Day == p.Day && s.State == p.State && s.Grid == p.Grid })
	if i < 0 {
		return append(sums, p)
	}
	s := &sums[i]
	s.Units, s.First = s.Units.Add(p.Units), min(s.First, p.First)
	if p.Seen.Compare(&s.Seen) > 0 {
		s.Seen = p.Seen
	}
	return sums
}

func (m *memory) Scan(ctx context.Context, client int64, p costd.Period, yield func(driver.Part) error) error {
	m.mu.Lock()
	var all []driver.Added
	m.each(client, p, func(_ int64, part driver.Added) { all = append(all, part) })
	m.mu.Unlock()
	slices.SortFunc(all, func(a, b driver.Added) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ResourceID, b.ResourceID))
	})
	part := driver.Part{States: map[int64]*driver.State{}}
	for i, a := range all {
		if i > 0 && len(part.States) >= m.partStates && (a.Type != all[i-1].Type || a.ResourceID != all[i-1].ResourceID) {
			if err := yield(part); err != nil {
				return err
			}
			part = driver.Part{States: map[int64]*driver.State{}}
		}
		part.Sums = add(part.Sums, a.Sum)
		part.States[a.State.Number] = a.State
	}
	if err := ctx.Err(); err != nil {
		return &costd.Error{Code: costd.Unavailable, Err: err}
	}
	return yield(part)
}

func (m *memory) Revision(context.Context, int64, costd.Period) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.commit + 1, nil
}
