package duckdb

import (
	"context"
	"sync"

	"costd"
)

// longestRecord is how many days after its first a record may still have parts.
const longestRecord = 31

// revisions say when usage of a client in a month last changed. The zero value
// knows no changes.
type revisions struct {
	mu   sync.RWMutex
	last int64
	all  int64 // when usage of all clients and months last may have changed
	of   map[clientMonth]int64
}

type clientMonth struct {
	client int64
	month  costd.Month
}

// note counts a committed batch as one revision of every month that it changed.
func (r *revisions) note(records []costd.Record, outcomes []costd.Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	for i := range records {
		if outcomes[i] != costd.Unchanged {
			r.touch(&records[i], outcomes[i])
		}
	}
}

// noteAll counts a revision of everything, for when it is not known what changed.
func (r *revisions) noteAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	r.all = r.last
}

func (r *revisions) touch(record *costd.Record, outcome costd.Outcome) {
	first := costd.DayOf(record.Start)
	end := first + longestRecord // what was there before may have reached so far
	if outcome == costd.Accepted {
		end = costd.DayOf(record.End.Add(-1))
	}
	if r.of == nil {
		r.of = map[clientMonth]int64{}
	}
	for month := costd.MonthOf(first); month <= costd.MonthOf(end); month++ {
		r.of[clientMonth{record.ClientID, month}] = r.last
	}
}

// Revision implements costd.UsageStore.
func (db *DB) Revision(_ context.Context, clientID int64, p costd.Period) (int64, error) {
	if db.isClosed() {
		return 0, errClosed
	}
	r := &db.revisions
	r.mu.RLock()
	defer r.mu.RUnlock()
	last := r.all
	for month := costd.MonthOf(p.From); month <= costd.MonthOf(p.To-1); month++ {
		last = max(last, r.of[clientMonth{clientID, month}])
	}
	return last, nil
}
