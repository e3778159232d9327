package duckdb

import (
	"context"
	"slices"

	"costd.dev/costd"
	"costd.dev/costd/usage"
	usagedb "costd.dev/costd/usage/driver"
)

// aggregate returns the aggregate that the query is about, as of all that was acknowledged
// when the call began, or errNoAggregate if there is none. That of several months is joined.
func (db *DB) aggregate(ctx context.Context, q costd.Query) (*usage.Aggregate, error) {
	if db.isClosed() {
		return nil, errClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	first, last := costd.MonthOf(q.Period.From), costd.MonthOf(q.Period.To-1)
	if db.live.budget <= 0 || q.Period.Days() <= 0 || last-first >= maxJoined {
		return nil, errNoAggregate
	}
	for range maxRefreshes {
		aggregates, err := db.aggregates(ctx, q.ClientID, first, last)
		if err != nil {
			return nil, err
		}
		if aggregates != nil {
			return usage.Join(aggregates), nil
		}
	}
	return nil, errNoAggregate
}

// aggregates returns the aggregates of a client's months in a row, all as of one commit, or nil
// if one was dropped before all were made. Each is made by itself first, so that reads of
// one month do not wait until the others are there.
func (db *DB) aggregates(ctx context.Context, client int64, first, last costd.Month) ([]*usage.Aggregate, error) {
	months := make([]*liveMonth, 0, last-first+1)
	for month := first; month <= last; month++ {
		m, err := db.live.month(clientMonth{client, month})
		if err != nil {
			return nil, err
		}
		if months = append(months, m); first == last {
			break
		}
		if err := m.while(ctx, func() error { return db.ensure(ctx, m) }); err != nil {
			return nil, err
		}
		if !db.live.fits(months) {
			return nil, errNoAggregate
		}
	}
	var aggregates []*usage.Aggregate
	err := whileAll(ctx, months, func() (err error) {
		aggregates, err = db.refresh(ctx, months)
		return err
	})
	return aggregates, err
}

// while calls f with the token building.
func (m *liveMonth) while(ctx context.Context, f func() error) error {
	select {
	case m.building <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-m.building }()
	return f()
}

// whileAll calls f with the tokens of all months, which ascend: reads that take them in
// one order never wait for each other in a circle.
func whileAll(ctx context.Context, months []*liveMonth, f func() error) error {
	if len(months) == 0 {
		return f()
	}
	return months[0].while(ctx, func() error { return whileAll(ctx, months[1:], f) })
}

// ensure makes the aggregate of m if there is none. The caller holds building.
func (db *DB) ensure(ctx context.Context, m *liveMonth) error {
	switch {
	case m.aggregate != nil:
		return nil
	case db.live.gaveUp(m):
		return errNoAggregate
	}
	return db.load(ctx, m)
}

// refresh brings the aggregates of the months up to date and returns them, or nil if one was
// dropped meanwhile. The caller holds building of each.
//
// Days that changed otherwise than by new parts are read again, as of a commit of
// their own. Then the other days have to follow, to be of one state of the database:
// the next round adds what was told in the meantime.
func (db *DB) refresh(ctx context.Context, months []*liveMonth) ([]*usage.Aggregate, error) {
	for range maxRefreshes {
		for _, m := range months {
			if err := db.ensure(ctx, m); err != nil {
				return nil, err
			}
		}
		changes, live := db.live.take(months)
		if !live {
			return nil, nil
		}
		current := true
		for i, m := range months {
			read, err := db.catchUp(ctx, m, changes[i])
			if err != nil {
				db.live.giveBack(months[i+1:], changes[i+1:])
				return nil, err
			}
			current = current && !read
		}
		if current {
			return aggregatesOf(months), nil
		}
	}
	return nil, errNoAggregate
}

func aggregatesOf(months []*liveMonth) []*usage.Aggregate {
	aggregates := make([]*usage.Aggregate, len(months))
	for i, m := range months {
		aggregates[i] = m.aggregate
	}
	return aggregates
}

// catchUp brings the aggregate of m up to date with changes that were taken, and reports
// whether days had to be read: these may show later commits too. The caller holds building.
func (db *DB) catchUp(ctx context.Context, m *liveMonth, changes []monthChange) (read bool, err error) {
	if len(changes) == 0 {
		return false, nil
	}
	stale := m.staleDays(changes)
	if len(stale) > 0 {
		if err := db.reload(ctx, m, stale); err != nil {
			db.live.giveBack([]*liveMonth{m}, [][]monthChange{changes})
			return false, err
		}
	}
	m.add(changes, stale)
	if m.builder.Bytes() > db.live.largest() {
		m.builder, m.aggregate = usage.NewBuilder(m.month), nil
		db.live.built(m, true)
		return false, errNoAggregate
	}
	m.aggregate = m.builder.Finish()
	db.live.built(m, false)
	return len(stale) > 0, nil
}

// staleDays returns the days that the changes call to be read again, in order.
func (m *liveMonth) staleDays(changes []monthChange) (stale []costd.Day) {
	for _, c := range changes {
		for _, day := range c.stale {
			if c.commit > m.builder.AsOf(day) {
				stale = append(stale, day)
			}
		}
	}
	slices.Sort(stale)
	return slices.Compact(stale)
}

// add adds the parts of the changes to the days that do not show them. Days that
// were just read again show them all.
func (m *liveMonth) add(changes []monthChange, fresh []costd.Day) {
	parts := map[costd.Day][]usagedb.Added{}
	for _, c := range changes {
		for i := range c.added {
			if day := c.added[i].Day; c.commit > m.builder.AsOf(day) && !slices.Contains(fresh, day) {
				parts[day] = append(parts[day], c.added[i])
			}
		}
	}
	for day, list := range parts {
		m.builder.Add(day, list)
	}
}
