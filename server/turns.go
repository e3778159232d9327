package server

import (
	"context"
	"strconv"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/internal/turns"
)

// Bounds of the reports under way, unless a Config says others. All of them together
// leave 8 of the 32 reads that the store runs at the default --memory-limit to the figures
// and to checks. With a smaller limit the store runs fewer reads than there are reports,
// and reports wait for it. Readiness and writes use other connections. A client has
// half, with all of its keys, so that another one always finds a turn.
const (
	defaultReports       = 24
	defaultReportsPerKey = 12
)

// maxWaiting bounds the reports of one payer that wait for a turn: as many as come at
// once by the default burst of the rate limit.
const maxWaiting = 400

// defaultReportWait is how long a report waits for a turn before it is refused. Reports
// after a start, when every month is read anew, take seconds on a busy machine.
const defaultReportWait = 30 * time.Second

// reportTurns are those of reports. A report waits a little for its turn, since most reports
// take milliseconds.
type reportTurns struct {
	*turns.Turns // by payer
	wait         time.Duration
}

// take waits for a turn of the payer and returns what gives it back. It returns TooMany
// if the payer has too many reports under way, Unavailable if all together have.
func (t reportTurns) take(ctx context.Context, payer string) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, t.wait)
	defer cancel()
	done, err = t.Take(ctx, payer)
	switch err {
	case turns.ErrOwner:
		return nil, costd.Errorf(costd.TooMany, "%d reports of this client are under way, with whatever keys; read their answers first", t.Each())
	case turns.ErrAll:
		return nil, costd.Errorf(costd.Unavailable, "%d reports are under way, as many as the server makes at a time; try again later", t.All())
	}
	return done, err
}

// seconds returns d as the header Retry-After has it, rounded up.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
