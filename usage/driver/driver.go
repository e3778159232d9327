package driver

import (
	"context"
	"errors"

	"costd.dev/costd"
)

// A DB is a database of usage, as the engine in package usage needs it. It knows what was
// sent and how to add it up by day and state; what a query means is not its business.
//
// Every method may be called from several goroutines, and several engines may stand on one
// DB. When Write has returned without an error, every later call of any method sees what it
// wrote. Errors are as those of a costd.UsageStore.
type DB interface {
	// Write is that of costd.UsageStore.
	Write(ctx context.Context, records []costd.Record) ([]costd.Outcome, error)
	// Revision is that of costd.UsageStore. It costs next to nothing.
	Revision(ctx context.Context, clientID int64, p costd.Period) (int64, error)
	// Daily returns, for each of some months of one client, what leads from what the caller
	// has to what is stored now. All are of one state of the database. The error is
	// ErrTooLarge if a month has more than there is room for.
	Daily(ctx context.Context, clientID int64, months []Since) ([]Delta, error)
	// Scan yields all sums of a client's days in parts, with the states that they have.
	// Each part has whole resources: every sum of the type and resource ids that are in it.
	// All are of one state of the database. An error of yield ends the scan and is returned.
	Scan(ctx context.Context, clientID int64, p costd.Period, yield func(Part) error) error
	// Check is that of costd.UsageStore.
	Check(ctx context.Context) error
}

// ErrTooLarge says that a client's month has more sums than the caller has room for.
var ErrTooLarge = errors.New("the month is larger than there is room for")

// A Since says what a caller has of a client's month.
type Since struct {
	Month    costd.Month
	Revision int64                  // of what it has; 0 for nothing
	Knows    func(state int64) bool // whether it has the state, and need not be given it
	Room     int64                  // in bytes, for sums and states; see SumBytes and State.Bytes
}

// A Delta leads from one revision of a client's month to a later one: the usage of Days is
// replaced by the sums, and then what was added to other days is added.
type Delta struct {
	Revision int64
	Days     []costd.Day // in order
	Part
	Added []Added
}

// A Part is some sums, with those of their states that the caller may not know, by number.
type Part struct {
	Sums   []Sum
	States map[int64]*State
}
