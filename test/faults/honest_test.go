package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/decimal"
)

// An honest sender sends usage of a client of its own, sends again what was not
// answered, and reads its reports, which must have what was answered and nothing else.
type honest struct {
	h         *hour
	client    int64
	key       string // of the client's administrator
	senderKey string // of an ingest role

	minutes []int        // what was answered for, by the number of the record; gone if deleted
	totals  map[line]int // the sums of it
	pending []change     // sent, and not answered; nil if there is nothing
	answers int
}

// A line is one of a monthly report, and its value is in minutes.
type line struct {
	month  costd.Month
	flavor string
}

// A change says how many minutes a record has from now on, or that it is gone.
type change struct{ number, minutes int }

const gone = -1

// honestFleet is how many machines an honest sender has.
const honestFleet = 20

// hourOf returns when the record begins, and lineOf where reports have it.
func hourOf(number int) time.Time {
	return firstHour.Add(time.Duration(number/honestFleet) * time.Hour)
}

func lineOf(number int) line {
	start := hourOf(number)
	return line{costd.NewMonth(start.Year(), start.Month()), "f-" + strconv.Itoa(number%honestFleet%5)}
}

// step sends some changes, or those again that were not answered, and then reads a
// report. It reports whether the changes were answered.
func (c *honest) step(ctx context.Context) (answered bool) {
	if c.pending == nil {
		c.compose()
	}
	if !c.send(ctx) {
		return false
	}
	return c.compare(ctx, lineOf(rand.IntN(len(c.minutes))).month)
}

// compose makes some changes up: mostly new records, and corrections and deletions.
func (c *honest) compose() {
	n := 1 + rand.IntN(20)
	if rand.IntN(10) == 0 {
		n *= 20
	}
	next := len(c.minutes)
	for range n {
		change := change{next, rand.IntN(600)}
		if next > 0 && rand.IntN(3) == 0 {
			change.number = rand.IntN(next)
			if rand.IntN(3) == 0 {
				change.minutes = gone
			}
		}
		if change.number == next {
			next++
		}
		c.pending = append(c.pending, change)
	}
}

// send sends the changes, and notes them once they are answered.
func (c *honest) send(ctx context.Context) bool {
	life := c.h.current()
	records := make([]costd.Usage, len(c.pending))
	for i, change := range c.pending {
		records[i] = c.record(change)
	}
	result, err := client.New(life.URL, c.senderKey, client.WithMaxRetries(0)).SendUsage(ctx, records)
	if !c.h.excuse(ctx, life, "honest usage", err) {
		return false
	}
	if sum := result.Accepted + result.Replaced + result.Unchanged + result.Deleted; sum != len(records) {
		c.h.t.Errorf("client %d: of %d records the server says %+v", c.client, len(records), result)
	}
	c.apply()
	return true
}

// record returns the usage that makes the change.
func (c *honest) record(change change) costd.Usage {
	start := hourOf(change.number)
	u := costd.Usage{
		ClientID: c.client, ProjectID: 504, RegionID: 76, Type: costd.Instance, Metric: "instance_min", Flavor: lineOf(change.number).flavor,
		ResourceID: fmt.Sprintf("vm-%d", change.number%honestFleet), Start: start, End: start.Add(time.Hour),
	}
	if u.Deleted = change.minutes == gone; !u.Deleted {
		quantity := decimal.FromInt(int64(change.minutes))
		u.Quantity = &quantity
	}
	return u
}

// apply notes that the pending changes were answered.
func (c *honest) apply() {
	for _, change := range c.pending {
		if change.number == len(c.minutes) {
			c.minutes = append(c.minutes, gone)
		}
		c.totals[lineOf(change.number)] += max(change.minutes, 0) - max(c.minutes[change.number], 0)
		c.minutes[change.number] = change.minutes
	}
	c.pending = nil
	c.answers++
}

// compare wants the report of a month to have what was answered. It reports whether
// there was a report.
func (c *honest) compare(ctx context.Context, month costd.Month) bool {
	life := c.h.current()
	report, err := client.New(life.URL, c.key, client.WithMaxRetries(0)).MonthlyTotals(ctx, client.MonthlyTotalsRequest{YearMonth: month})
	if !c.h.excuse(ctx, life, "honest reports", err) {
		return false
	}
	got := map[line]int{}
	for _, row := range report.Results {
		minutes, exact := row.Base().BillingValue.Scaled(0)
		if !exact {
			c.h.t.Errorf("client %d: %v minutes in %v", c.client, row.Base().BillingValue, month)
		}
		got[line{month, row.Dimension()}] += int(minutes.Int64())
	}
	want := maps.Clone(c.totals)
	maps.DeleteFunc(want, func(l line, minutes int) bool { return l.month != month || minutes == 0 })
	if !maps.Equal(got, want) {
		c.h.t.Errorf("client %d, %v: the report has %v, answered was %v", c.client, month, got, want)
	}
	return true
}

// settle sends what was not answered, and compares all months. No harm is done to the
// server any more; what is left of it in the queue may take a little.
func (c *honest) settle() {
	ctx, cancel := context.WithTimeout(c.h.t.Context(), hourPatience)
	defer cancel()
	for c.pending != nil && !c.send(ctx) && ctx.Err() == nil {
		pause(ctx, 100*time.Millisecond)
	}
	if c.pending != nil {
		c.h.t.Fatalf("client %d: usage is not taken after the fault\nthe server said:\n%s", c.client, c.h.server.Log())
	}
	months := map[costd.Month]bool{}
	for l := range c.totals {
		months[l.month] = true
	}
	for month := range months {
		for !c.compare(ctx, month) && ctx.Err() == nil {
			pause(ctx, 100*time.Millisecond)
		}
	}
	if ctx.Err() != nil {
		c.h.t.Fatalf("client %d: no report after the fault\nthe server said:\n%s", c.client, c.h.server.Log())
	}
}

// excuse counts the answer and reports whether it is one. What an honest caller may
// get instead, while harm is done, is 503 and 429, and no answer of a server that was
// killed.
func (h *hour) excuse(ctx context.Context, life *life, kind string, err error) bool {
	refusal, refused := errors.AsType[*client.Error](err)
	switch {
	case err == nil:
		h.tally.add(kind+" 200", 1)
	case refused && (refusal.StatusCode == http.StatusServiceUnavailable || refusal.StatusCode == http.StatusTooManyRequests):
		h.tally.add(fmt.Sprintf("%s %d", kind, refusal.StatusCode), 1)
	case !refused && life.killed.Load():
		h.tally.add(kind+" of a killed server", 1)
	case ctx.Err() == nil:
		h.t.Errorf("%s: %v", kind, err)
	}
	return err == nil
}
