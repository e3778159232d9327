package faults

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/decimal"
)

// What full health means: so many different reports, so many of them at once.
const (
	healthReports = 160
	healthWidth   = 32
	healthKeys    = 4
)

// healthPatience bounds how long one report, or the checkpoint, may take. It is far
// more than any needs, so that a slow machine does not fail the test. TestHour, which
// runs beside other work, has hourPatience.
const healthPatience = 60 * time.Second

// healthy wants the server, which is not started again, to do all of its work at full
// width: reports, a backup, a checkpoint that leaves a small log, readiness, and
// usage. Every test of a fault ends with it.
func (s *sick) healthy() {
	s.t.Helper()
	s.wantReports()
	s.wantBackup()
	s.wantCheckpoint()
	s.wantReady()
	s.ingest(100)
	s.wantHours()
}

// wantReports asks for reports that all differ, many at once, and wants every answer.
func (s *sick) wantReports() {
	s.t.Helper()
	numbers := make(chan int)
	failures := make(chan error, healthReports)
	for range healthWidth {
		go func() {
			for n := range numbers {
				failures <- s.report(n)
			}
		}()
	}
	go func() {
		defer close(numbers)
		for n := range healthReports {
			numbers <- n
		}
	}()
	defer func(begin time.Time) { s.reports = time.Since(begin) }(time.Now())
	failed := 0
	for range healthReports {
		if err := <-failures; err != nil {
			failed++
			s.t.Logf("report: %v", err)
		}
	}
	if failed > 0 {
		s.t.Fatalf("%d of %d reports failed after the fault\nthe server said:\n%s", failed, healthReports, s.server.Log())
	}
}

// report asks for the n-th report. The periods differ, so that no answer is one that
// the server remembers; the server has no memory for months and asks the database. The
// keys take turns, since one key may not have as many reports under way as all have.
func (s *sick) report(n int) error {
	ctx, cancel := context.WithTimeout(s.t.Context(), s.patience)
	defer cancel()
	from := time.Date(2026, 9, 11, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n%16)
	to := from.AddDate(0, 0, 15+n/16%5)
	reader := client.New(s.server.URL, s.keys[n%len(s.keys)], client.WithMaxRetries(0))
	var err error
	switch n / 80 {
	case 0:
		_, err = reader.CostResources(ctx, client.CostResourcesRequest{TimeFrom: from, TimeTo: to, Limit: 100})
	default:
		_, err = reader.UsageReport(ctx, client.UsageRequest{TimeFrom: from, TimeTo: to, Limit: 100})
	}
	return err
}

// wantBackup copies the server with the command that operators use, and restores the
// copy: a backup that cannot be restored is none.
func (s *sick) wantBackup() {
	s.t.Helper()
	to, err := os.MkdirTemp(s.t.TempDir(), "copy-")
	s.must(err)
	defer os.RemoveAll(to) // a long test makes many
	s.run("backup", "--to", to, "--url", s.server.URL, "--api-key", s.server.Key)
	files, err := filepath.Glob(filepath.Join(to, "*.costd"))
	s.must(err)
	if len(files) != 1 {
		s.t.Fatalf("a backup made the files %q, want one", files)
	}
	s.run("restore", "--from", files[0], "--data", filepath.Join(to, "restored"))
}

// run runs costd and returns what it prints. It must succeed.
func (s *sick) run(arguments ...string) string {
	s.t.Helper()
	said, err := exec.CommandContext(s.t.Context(), s.costd, arguments...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("costd %s: %v\n%s\nthe server said:\n%s", arguments[0], err, said, s.server.Log())
	}
	return string(said)
}

// wantCheckpoint makes the log large enough to be moved into the database, and wants
// it to be small soon.
func (s *sick) wantCheckpoint() {
	s.t.Helper()
	for range 3 {
		s.ingest(2000)
	}
	for begin := time.Now(); s.logSize() >= checkpointBytes; time.Sleep(20 * time.Millisecond) {
		if time.Since(begin) > s.patience {
			s.t.Fatalf("the log has %d bytes and was not moved into the database\nthe server said:\n%s", s.logSize(), s.server.Log())
		}
	}
}

// logSize returns the size of the write-ahead log, in bytes.
func (s *sick) logSize() int64 {
	info, err := os.Stat(s.log())
	if err != nil {
		return 0 // a checkpoint removes it
	}
	return info.Size()
}

// log returns the name of the write-ahead log.
func (s *sick) log() string { return filepath.Join(s.data, "costd.duckdb.wal") }

// wantReady wants the server to say that it can do its work.
func (s *sick) wantReady() {
	s.t.Helper()
	if status := s.readiness(); status != http.StatusOK {
		s.t.Fatalf("/readyz says %d after the fault\nthe server said:\n%s", status, s.server.Log())
	}
}

// readiness returns the status of /readyz.
func (s *sick) readiness() int {
	s.t.Helper()
	resp, err := http.Get(s.server.URL + "/readyz")
	s.must(err)
	s.must(resp.Body.Close())
	return resp.StatusCode
}

// wantHours wants the reports to have every hour that was answered, and no other.
func (s *sick) wantHours() {
	s.t.Helper()
	if got, err := s.countHours(); err != nil || got != s.hours {
		s.t.Fatalf("the reports have %d hours, %v; want the %d that were answered\nthe server said:\n%s", got, err, s.hours, s.server.Log())
	}
}

// countHours adds the usage of all months up. A machine's hour is 60 minutes.
func (s *sick) countHours() (int, error) {
	minutes := decimal.Decimal{}
	end := firstHour.Add(time.Duration(s.hours/fleetSize)*time.Hour).AddDate(0, 2, 0)
	for month := firstHour; month.Before(end); month = month.AddDate(0, 1, 0) {
		request := client.MonthlyTotalsRequest{YearMonth: costd.NewMonth(month.Year(), month.Month())}
		report, err := s.reader().MonthlyTotals(s.t.Context(), request)
		if err != nil {
			return 0, err
		}
		for _, row := range report.Results {
			if minutes, err = minutes.Add(row.Base().BillingValue); err != nil {
				return 0, err
			}
		}
	}
	whole, exact := minutes.Scaled(0)
	if !exact || whole.Int64()%60 != 0 {
		return 0, fmt.Errorf("%v minutes are no whole hours", minutes)
	}
	return int(whole.Int64() / 60), nil
}
