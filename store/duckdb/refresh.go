package duckdb

import (
	"context"
	"slices"

	"costd.dev/costd"
)

// image returns the image that the query is about, as of all that was acknowledged
// when the call began, or errNoImage if there is none. That of several months is joined.
func (db *DB) image(ctx context.Context, q costd.Query) (*image, error) {
	if db.isClosed() {
		return nil, errClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	first, last := costd.MonthOf(q.Period.From), costd.MonthOf(q.Period.To-1)
	if db.live.budget <= 0 || q.Period.Days() <= 0 || last-first >= maxJoined {
		return nil, errNoImage
	}
	for range maxRefreshes {
		images, err := db.images(ctx, q.ClientID, first, last)
		if err != nil {
			return nil, err
		}
		if images != nil {
			return joined(images), nil
		}
	}
	return nil, errNoImage
}

// images returns the images of a client's months in a row, all as of one commit, or nil
// if one was dropped before all were made. Each is made by itself first, so that reads of
// one month do not wait until the others are there.
func (db *DB) images(ctx context.Context, client int64, first, last costd.Month) ([]*image, error) {
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
			return nil, errNoImage
		}
	}
	var images []*image
	err := whileAll(ctx, months, func() (err error) {
		images, err = db.refresh(ctx, months)
		return err
	})
	return images, err
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

// ensure makes the image of m if there is none. The caller holds building.
func (db *DB) ensure(ctx context.Context, m *liveMonth) error {
	switch {
	case m.image != nil:
		return nil
	case db.live.gaveUp(m):
		return errNoImage
	}
	return db.load(ctx, m)
}

// refresh brings the images of the months up to date and returns them, or nil if one was
// dropped meanwhile. The caller holds building of each.
//
// Days that changed otherwise than by new parts are read anew, as of a commit of
// their own. Then the other days have to follow, to be of one state of the database:
// the next round adds what was told in the meantime.
func (db *DB) refresh(ctx context.Context, months []*liveMonth) ([]*image, error) {
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
			return imagesOf(months), nil
		}
	}
	return nil, errNoImage
}

func imagesOf(months []*liveMonth) []*image {
	images := make([]*image, len(months))
	for i, m := range months {
		images[i] = m.image
	}
	return images
}

// catchUp brings the image of m up to date with changes that were taken, and reports
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
	if m.builder.bytes > db.live.largest() {
		m.builder, m.image = newImageBuilder(m.month), nil
		db.live.built(m, true)
		return false, errNoImage
	}
	m.image = m.builder.finish()
	db.live.built(m, false)
	return len(stale) > 0, nil
}

// staleDays returns the days that the changes call to be read anew, in order.
func (m *liveMonth) staleDays(changes []monthChange) (stale []costd.Day) {
	for _, c := range changes {
		for _, day := range c.stale {
			if c.commit > m.builder.day(day).asOf {
				stale = append(stale, day)
			}
		}
	}
	slices.Sort(stale)
	return slices.Compact(stale)
}

// add adds the parts of the changes to the days that do not show them. Days that
// were just read anew show them all.
func (m *liveMonth) add(changes []monthChange, fresh []costd.Day) {
	parts := map[costd.Day][]statePart{}
	for _, c := range changes {
		for i := range c.added {
			if day := c.added[i].day; c.commit > m.builder.day(day).asOf && !slices.Contains(fresh, day) {
				parts[day] = append(parts[day], c.added[i])
			}
		}
	}
	for day, list := range parts {
		m.builder.add(day, list)
	}
}
