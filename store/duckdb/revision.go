package duckdb

import (
	"context"
	"sync"

	"costd.dev/costd"
)

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
	var last span // most often it is the same one
	for i := range records {
		if outcomes[i] == costd.Unchanged {
			continue
		}
		if s := reach(&records[i], outcomes[i]); s != last {
			r.touch(s)
			last = s
		}
	}
}

// A span is days of a client, both ends included.
type span struct {
	client   int64
	from, to costd.Day
}

// reach returns the days that a record may have changed.
func reach(record *costd.Record, outcome costd.Outcome) span {
	from := costd.DayOf(record.Start)
	to := from + costd.MaxRecordDays // what was there before may have reached so far
	if outcome == costd.Accepted {
		to = costd.DayOf(record.End.Add(-1))
	}
	return span{record.ClientID, from, to}
}

// noteAll counts a revision of everything, for when it is not known what changed.
func (r *revisions) noteAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	r.all = r.last
}

func (r *revisions) touch(s span) {
	if r.of == nil {
		r.of = map[clientMonth]int64{}
	}
	for month := costd.MonthOf(s.from); month <= costd.MonthOf(s.to); month++ {
		r.of[clientMonth{s.client, month}] = r.last
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
