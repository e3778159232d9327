//go:build linux

package disk

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/internal/spawn"
)

// An outcome is what became of a state.
type outcome struct{ class, what string }

// A judge starts the server on states and counts what becomes of it.
type judge struct {
	*recording
	room     string // a folder for states
	mu       sync.Mutex
	outcomes map[outcome]int
}

func (j *judge) count(s state, what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.outcomes[outcome{s.class, what}]++
}

// fail reports a state in which the server does not do what it has to.
func (j *judge) fail(s state, format string, args ...any) {
	j.t.Errorf("%v (%v answered): %s", s, s.answers, fmt.Sprintf(format, args...))
	j.count(s, "FAILED")
}

// judge starts the server on a state.
func (j *judge) judge(s state) {
	folder, err := os.MkdirTemp(j.room, "state-")
	if err != nil {
		j.fail(s, "%v", err)
		return
	}
	defer os.RemoveAll(folder)
	folder = filepath.Join(folder, "data")
	if err := s.write(folder); err != nil {
		j.fail(s, "%v", err)
		return
	}
	server, err := spawn.Launch(j.costd, folder, serveFlags...)
	if err != nil {
		j.fail(s, "%v", err)
		return
	}
	defer server.Kill()
	switch err := server.Ready(); {
	case err == nil:
		j.started(s, folder, server)
	case server.URL == "":
		j.refused(s, folder, err)
	case s.damage == nil || s.damage.name != keyMovedAway:
		j.fail(s, "the server has started, and the only copy of its key is lost: %v", err)
	default:
		j.started(s, folder, server)
	}
}

// refused wants a reason to refuse the state, and the reason to be told. A loss of power
// that only loses or keeps is no reason. One that tears a write can be: a checkpoint of
// DuckDB writes blocks that list its tables over themselves.
func (j *judge) refused(s state, folder string, err error) {
	if s.damage == nil && s.class != torn.String() {
		j.fail(s, "the power went, nothing is damaged, and the server does not start: %v", err)
		return
	}
	line, row := refusal(err, folder), ""
	for _, pattern := range refusals(j.t) {
		if pattern.MatchString(line) {
			row = pattern.String()
		}
	}
	switch {
	case row == "":
		j.fail(s, "docs/operations.md does not have the refusal: %s", line)
	case !strings.Contains(line, folder):
		j.fail(s, "the refusal does not name the file: %s", line)
	case (s.damage == nil || s.damage.bytes) && !regexp.MustCompile(`byte \d+`).MatchString(line):
		j.fail(s, "the refusal does not name the byte: %s", line)
	default:
		j.count(s, "refused: "+row)
	}
}

// refusal returns the line that says why the server does not start.
func refusal(err error, folder string) string {
	for line := range strings.Lines(err.Error()) {
		if strings.HasPrefix(line, "costd: ") {
			return strings.TrimSpace(line)
		}
	}
	return err.Error()
}

// started wants the server to have everything that was answered.
func (j *judge) started(s state, folder string, server *spawn.Server) {
	if !s.setUp {
		j.count(s, "started, before anything was answered")
		return
	}
	var have [len(clients)]int
	for i := range clients {
		minutes, err := j.minutes(server, i)
		if err != nil && s.damage != nil && s.damage.later {
			j.told(s, server, err)
			return
		}
		if err != nil {
			j.fail(s, "a report fails: %v\nthe server said:\n%s", err, server.Log())
			return
		}
		if have[i] = batchesOf(minutes); have[i] < s.answers[i] || have[i] > s.answers[i]+1 {
			j.fail(s, "SILENT: client %d has %d batches (-1 is none that fits), want %d or one more\nthe server said:\n%s", clients[i], have[i], s.answers[i], server.Log())
			return
		}
	}
	if err := j.goesOn(s, folder, server, have); err != nil {
		if s.damage != nil && s.damage.later {
			j.told(s, server, err)
			return
		}
		j.fail(s, "the server does not go on: %v\nthe server said:\n%s", err, server.Log())
		return
	}
	j.count(s, "started whole")
}

// place is how the log names the byte of a block that is damaged or missing.
var place = regexp.MustCompile(`location \d+`)

// told wants the log to name the damage that a read met.
func (j *judge) told(s state, server *spawn.Server, err error) {
	_ = server.Stop() // it may not be able to; after that its log is whole
	if log := server.Log(); !place.MatchString(log) {
		j.fail(s, "a report fails, and the log does not say why: %v\n%s", err, log)
		return
	}
	j.count(s, "started, and a read answered 503")
}

// minutes returns the minutes of each flavor that a report of a client has.
func (j *judge) minutes(server *spawn.Server, i int) (map[string]int64, error) {
	c := client.New(server.URL, j.keys[i], client.WithMaxRetries(0))
	report, err := c.MonthlyTotals(j.t.Context(), client.MonthlyTotalsRequest{YearMonth: costd.NewMonth(firstHour.Year(), firstHour.Month())})
	if err != nil {
		return nil, err
	}
	minutes := map[string]int64{}
	for _, row := range report.Results {
		value, exact := row.Base().BillingValue.Scaled(0)
		if !exact {
			return nil, fmt.Errorf("%v minutes are no whole number", row.Base().BillingValue)
		}
		minutes[row.Dimension()] += value.Int64()
	}
	return minutes, nil
}

// batchesOf returns after how many batches a client has these minutes; -1 if never.
func batchesOf(minutes map[string]int64) int {
	return slices.IndexFunc(expected, func(m map[string]int64) bool { return maps.Equal(m, minutes) })
}

// expected are the minutes after each number of batches.
var expected = func() (all []map[string]int64) {
	for n := range lives*batchesEach + 2 {
		all = append(all, want(n))
	}
	return all
}()

// goesOn sends the next batch to a server, stops it, starts it again, and wants that all
// is there.
func (j *judge) goesOn(s state, folder string, server *spawn.Server, have [len(clients)]int) error {
	if s.rng.IntN(3) > 0 {
		return nil
	}
	token, err := os.ReadFile(filepath.Join(folder, keyFile))
	if err != nil {
		return nil // the key was moved away
	}
	c := client.New(server.URL, strings.TrimSpace(string(token)), client.WithMaxRetries(0))
	if _, err := c.SendUsage(j.t.Context(), batch(clients[0], have[0])); err != nil {
		return err
	}
	have[0]++
	if s.rng.IntN(2) == 0 {
		if err := server.Stop(); err != nil {
			return err
		}
	}
	server.Kill()
	again, err := spawn.Start(j.costd, folder, serveFlags...)
	if err != nil {
		return err
	}
	defer again.Kill()
	for i := range clients {
		minutes, err := j.minutes(again, i)
		if err != nil {
			return err
		}
		if n := batchesOf(minutes); n != have[i] {
			return fmt.Errorf("SILENT: after another start client %d has %d batches, want %d\n%s", clients[i], n, have[i], again.Log())
		}
	}
	return nil
}

// report logs the counts.
func (j *judge) report() {
	total := map[string]int{}
	for o, n := range j.outcomes {
		total[o.what] += n
	}
	for _, o := range slices.SortedFunc(maps.Keys(j.outcomes), func(a, b outcome) int {
		return strings.Compare(a.class+a.what, b.class+b.what)
	}) {
		j.t.Logf("%4d  %-42s %s", j.outcomes[o], o.class, o.what)
	}
	for _, what := range slices.Sorted(maps.Keys(total)) {
		j.t.Logf("%4d  in all: %s", total[what], what)
	}
}
