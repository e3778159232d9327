package ingest

import (
	"time"

	"costd.dev/costd"
)

// writeTime is how long a write of merged requests should take.
const writeTime = 100 * time.Millisecond

// minMerged is how many records may always be merged: what a write costs whatever it
// carries, a sync of the disk above all, is shared by so many at least.
const minMerged = 1000

// latestWrites sum up the latest writes, each counting half as much as the next one. So a write
// of a single record, which takes longer for each record than any other, does not stand
// for the large one before it.
type latestWrites struct {
	records int
	took    time.Duration
}

func (l *latestWrites) add(records int, took time.Duration) {
	l.records, l.took = l.records/2+records, l.took/2+took
}

// pace returns the time for each record, 0 before the first write.
func (l *latestWrites) pace() time.Duration { return l.took / time.Duration(max(1, l.records)) }

// most returns how many records of several requests may be merged into one write.
func (l *latestWrites) most() int {
	return min(max(int(writeTime/max(1, l.pace())), minMerged), costd.MaxBatch)
}
