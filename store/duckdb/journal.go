package duckdb

import (
	"context"
	"slices"
	"sync"

	"costd.dev/costd"
	usagedb "costd.dev/costd/usage/driver"
)

const (
	// maxAdded is how many parts the journal keeps by default of all months.
	maxAdded = 100_000
	// maxJournalDays bounds the days of clients that the journal knows, some 50 MB.
	maxJournalDays = 500_000
	// maxFollowed bounds the months of clients of which added parts are kept.
	maxFollowed = 20_000
)

// A journal records, in memory, what the latest commits changed. An engine with an older
// revision then reads only the days that changed, or nothing if parts were only added to
// them. The revision of a month is the number of the last commit that changed it; for a month
// that the journal does not know it is floor, which is never too small.
type journal struct {
	mu sync.Mutex
	// told is the number of the last commit that is in the journal, as the database counts;
	// unknown after a commit of which it is not known whether it took place.
	told  int64
	waits chan struct{} // closed when told changes
	// Everything may have changed before the revision floor. issued is the greatest revision
	// that was ever returned; the next commit gets a greater number.
	floor, issued int64
	// complete is the revision from which on days has every day that changed.
	complete int64
	days     map[clientDay]dayChange
	months   map[costd.ClientMonth]int64 // their revisions
	followed map[costd.ClientMonth]*added
	parts    int // in followed
	maxParts int
}

const unknownCommit = -1

// A dayChange has the numbers of the last commit that changed a day, and of the last one
// that did so otherwise than by adding parts.
type dayChange struct{ changed, rewritten int64 }

// added are the parts that were added to a month by the commits after one of them.
type added struct {
	after int64
	parts []numbered
}

// A numbered is a part with the number of the commit that added it.
type numbered struct {
	commit int64
	usagedb.Added
}

func newJournal() *journal {
	j := &journal{waits: make(chan struct{}), maxParts: maxAdded}
	j.reset(0)
	return j
}

// reset forgets everything, and goes on from a commit, or from an unknown one.
func (j *journal) reset(commit int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.restart(commit)
}

// restart is reset. The caller holds mu.
func (j *journal) restart(commit int64) {
	j.issued = max(j.issued, commit) + 1
	j.floor, j.complete = j.issued, j.issued
	j.days, j.months = map[clientDay]dayChange{}, map[costd.ClientMonth]int64{}
	j.unfollow()
	j.tell(commit)
}

// unfollow forgets all parts. The caller holds mu.
func (j *journal) unfollow() { j.followed, j.parts = map[costd.ClientMonth]*added{}, 0 }

// tell sets told. The caller holds mu.
func (j *journal) tell(commit int64) {
	j.told = commit
	close(j.waits)
	j.waits = make(chan struct{})
}

// last returns the greatest revision that was ever given.
func (j *journal) last() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.issued
}

// note records what a commit changed.
func (j *journal) note(c *changeSet) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.told == unknownCommit {
		j.restart(c.commit)
		return
	}
	if len(j.days)+len(c.days) > maxJournalDays {
		j.days, j.complete = map[clientDay]dayChange{}, j.issued
	}
	if len(j.months) > maxJournalDays {
		j.months, j.floor = map[costd.ClientMonth]int64{}, c.commit
	}
	j.issued = c.commit
	for day := range c.days {
		j.change(day, c.commit)
	}
	for _, day := range c.removed {
		j.days[day] = dayChange{c.commit, c.commit}
	}
	j.keepAdded(c)
	j.tell(c.commit)
}

// keepAdded keeps the parts that a commit added to months that are followed, and notes the
// days of those that took the place of others. The caller holds mu.
func (j *journal) keepAdded(c *changeSet) {
	var last costd.ClientMonth // most often it is the same one
	var f *added
	for i := range c.stagings {
		s, record := &c.stagings[i], c.stagings[i].history.last()
		if record.Deleted || c.keeps(i) {
			continue
		}
		for k := range record.Parts {
			p := &record.Parts[k]
			if month := monthOf(s.client, p.Day); month != last {
				last, f = month, j.followed[month]
			}
			switch {
			case c.stored[i].known:
				j.days[clientDay{s.client, p.Day}] = dayChange{c.commit, c.commit}
			case f != nil:
				f.parts = append(f.parts, numbered{c.commit, addedPart(s.stored(), record, p)})
				j.parts++
			}
		}
	}
	if j.parts > j.maxParts {
		j.unfollow()
	}
}

func monthOf(client int64, day costd.Day) costd.ClientMonth {
	return costd.ClientMonth{ClientID: client, Month: costd.MonthOf(day)}
}

// change notes that a commit changed a day. The caller holds mu.
func (j *journal) change(d clientDay, commit int64) {
	j.days[d] = dayChange{commit, j.days[d].rewritten}
	j.months[monthOf(d.client, d.day)] = commit
}

// epoch returns a number that changes when the journal forgets commits.
func (j *journal) epoch() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.floor
}

// follow keeps from now on what is added to a client's months.
func (j *journal) follow(client int64, since []usagedb.Since) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.followed) > maxFollowed {
		j.unfollow()
	}
	for i := range since {
		k := costd.ClientMonth{ClientID: client, Month: since[i].Month}
		if j.followed[k] == nil {
			j.followed[k] = &added{after: max(j.told, j.floor)}
		}
	}
}

// revision returns the greatest revision of a client's months. While the last commit is
// unknown, every call returns a new one, so that no answer is remembered.
func (j *journal) revision(client int64, p costd.Period) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.told == unknownCommit {
		j.issued++
		return j.issued
	}
	last := j.floor
	for month := costd.MonthOf(p.From); month <= costd.MonthOf(p.To-1); month++ {
		last = max(last, j.months[costd.ClientMonth{ClientID: client, Month: month}])
	}
	return last
}

// since returns what has changed in months of a client by the commits up to the one that was
// told last, or up to limit if that is given. The days of the deltas lack their sums. stale
// says whether there are any.
func (j *journal) since(client int64, months []usagedb.Since, limit int64) (deltas []usagedb.Delta, stale bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if limit == 0 {
		limit = j.told
	}
	deltas = make([]usagedb.Delta, len(months))
	for i := range months {
		d := &deltas[i]
		d.Revision = max(limit, j.floor)
		j.sinceOf(d, costd.ClientMonth{ClientID: client, Month: months[i].Month}, months[i].Revision, limit)
		stale = stale || len(d.Days) > 0
	}
	return deltas, stale
}

// sinceOf fills in the delta of one month. The caller holds mu.
func (j *journal) sinceOf(d *usagedb.Delta, k costd.ClientMonth, revision, limit int64) {
	lost := revision < j.floor || revision < j.complete || j.told == unknownCommit
	if !lost && j.months[k] <= revision {
		return
	}
	f := j.followed[k]
	fresh := map[costd.Day]bool{} // days to which parts were only added
	for day := k.Month.Period().From; day < k.Month.Period().To; day++ {
		change := j.days[clientDay{k.ClientID, day}]
		switch {
		case lost || change.rewritten > revision:
			d.Days = append(d.Days, day)
		case change.changed <= revision:
		case f == nil || f.after > revision:
			d.Days = append(d.Days, day)
		default:
			fresh[day] = true
		}
	}
	if len(fresh) == 0 {
		return
	}
	// The parts ascend by commit, and most readers have seen nearly all.
	first, _ := slices.BinarySearchFunc(f.parts, revision+1, func(p numbered, commit int64) int { return int(p.commit - commit) })
	for i := first; i < len(f.parts); i++ {
		if p := &f.parts[i]; p.commit <= limit && fresh[p.Day] {
			d.Added = append(d.Added, p.Added)
		}
	}
}

// wait waits until a commit is in the journal, or the last commit is unknown.
func (j *journal) wait(ctx context.Context, commit int64) error {
	for {
		j.mu.Lock()
		told, waits := j.told, j.waits
		j.mu.Unlock()
		if told == unknownCommit || told >= commit {
			return nil
		}
		select {
		case <-waits:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Revision implements driver.DB.
func (db *DB) Revision(_ context.Context, clientID int64, p costd.Period) (int64, error) {
	if db.isClosed() {
		return 0, errClosed
	}
	return db.journal.revision(clientID, p), nil
}
