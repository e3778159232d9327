package faults

import (
	"context"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/client"
)

// harmed is a sick server with a large fleet of another client, and what harm to it
// needs.
func harmed(t *testing.T, flags ...string) (*sick, *target) {
	t.Helper()
	s := newSick(t, flags...)
	s.must(s.sendFleet(0))
	x := &target{t: t, url: s.server.URL, tally: newTally(), operator: s.server.Key}
	x.crowd, x.sender = s.newKey(costd.RoleAdministrator, sickClient+1), s.newKey(costd.RoleIngest, 0)
	return s, x
}

// TestHangUps closes 1,600 connections some instants after their requests, gives others
// less time than they need, and leaves others in the midst of their bodies. None may take a connection of the database along.
func TestHangUps(t *testing.T) {
	s, x := harmed(t)
	x.hangUp(t.Context())
	x.timeOut(t.Context())
	x.sendHalf(t.Context())
	s.healthy()
}

// TestSlowReaders has 40 connections ask for large answers and read nothing. Readiness,
// reports of another client, usage and a backup must go on beside them.
func TestSlowReaders(t *testing.T) {
	s, x := harmed(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); x.readNothing(ctx, time.Hour) }()
	for x.tally.count("slow readers") < slowReaders {
		time.Sleep(10 * time.Millisecond)
	}
	s.wantReady()
	s.must(s.report(0))
	s.wantBackup()
	s.wantCheckpoint()
	cancel()
	<-done
	s.healthy()
}

// TestFloodOfUsage sends large batches with one key, as many at once as it can. What
// another key sends is taken all the same.
func TestFloodOfUsage(t *testing.T) {
	s, x := harmed(t)
	s.beside(x.floodUsage, func() { s.ingest(1) })
	s.wantHours()
	s.healthy()
}

// TestFloodOfReports asks for large reports with one key, as many at once as it can.
// Another key has its reports all the same.
func TestFloodOfReports(t *testing.T) {
	s, x := harmed(t)
	s.beside(x.floodReports, func() {
		_, err := s.reader().MonthlyTotals(t.Context(), client.MonthlyTotalsRequest{YearMonth: costd.NewMonth(2026, time.September)})
		s.must(err)
	})
	s.healthy()
}

// beside calls f again and again until the harm is done, 10 times at least.
func (s *sick) beside(harm func(context.Context), f func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() { defer close(done); harm(ctx) }()
	for n := 0; ; n++ {
		f()
		select {
		case <-done:
			if n >= 10 {
				return
			}
		default:
		}
	}
}
