package driver

import (
	"cmp"

	"costd.dev/costd"
)

// A Sum adds up the parts that one state has on one day and grid.
type Sum struct {
	Day   costd.Day
	State int64 // its number
	Grid  costd.Grid
	Units Amount // of the grid
	First int64  // the smallest start of a part, in nanoseconds since 1970
	Seen         // of the part that was seen last
}

// An Added is a part that was added to a day, with its state.
type Added struct {
	*State
	Sum
}

// A Seen has what decides which of several parts was seen last. Times are in nanoseconds
// since 1970.
type Seen struct {
	End   int64  // of the part
	Start int64  // of the record
	ID    string // of the record
}

// Compare orders parts of one metric by which was seen last.
func (s *Seen) Compare(t *Seen) int {
	return cmp.Or(cmp.Compare(s.End, t.End), cmp.Compare(s.Start, t.Start), cmp.Compare(s.ID, t.ID))
}

// CompareWith orders parts of any metrics by which was seen last.
func (s *Seen) CompareWith(metric string, t *Seen, other string) int {
	return cmp.Or(cmp.Compare(s.End, t.End), cmp.Compare(s.Start, t.Start), cmp.Compare(metric, other), cmp.Compare(s.ID, t.ID))
}
