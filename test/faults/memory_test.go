package faults

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/client"
)

// TestMemoryShortage gives the database 70 MB and more to do at a time than fits: many
// resources arrive while reports of a year are asked for. What fails then may be 503,
// never 500, and afterwards the server works in the same memory.
func TestMemoryShortage(t *testing.T) {
	s := newSick(t, "--memory-limit", "70MB", "--threads", "1", "--cache-mib", "-1")
	for round := range 2 {
		var calls sync.WaitGroup
		for range 8 {
			calls.Go(func() { s.want503AtMost(s.yearlyReport()) })
		}
		calls.Go(func() { s.want503AtMost(s.sendFleet(round)) })
		calls.Wait()
	}
	s.healthy()
}

// crowdSize is how many machines send usage when memory is short.
const crowdSize = 20_000

// sendFleet sends an hour of each machine of a large fleet, of another client.
func (s *sick) sendFleet(hour int) error { return s.sendFleetOf(sickClient+1, hour) }

func (s *sick) sendFleetOf(clientID int64, hour int) error {
	records := make([]costd.Usage, crowdSize)
	start := firstHour.AddDate(0, hour, 0)
	for i := range records {
		records[i] = costd.Usage{
			ClientID: clientID, ProjectID: 502, RegionID: 76, Type: costd.Instance, Metric: "instance_min",
			Flavor: "f-" + strconv.Itoa(i%5), ResourceID: fmt.Sprintf("crowd-%d", i), Start: start, End: start.Add(3600e9),
		}
	}
	_, err := s.client().SendUsage(s.t.Context(), records)
	return err
}

// yearlyReport asks for usage of a year.
func (s *sick) yearlyReport() error {
	_, err := s.reader().UsageReport(s.t.Context(), client.UsageRequest{TimeFrom: firstHour.AddDate(0, -8, 0), TimeTo: firstHour.AddDate(0, 3, 0), Limit: 100})
	return err
}

// want503AtMost wants no error, or one that tells the caller to try again.
func (s *sick) want503AtMost(err error) {
	var answer *client.Error
	if err != nil && !(errors.As(err, &answer) && answer.StatusCode == http.StatusServiceUnavailable) {
		s.t.Errorf("when memory is short: %v", err)
	}
}
