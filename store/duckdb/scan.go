package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"costd.dev/costd"
	usagedb "costd.dev/costd/usage/driver"
)

// scanStates is about how many states a part of a scan has: with the sums of a month some
// 80 MB. A resource of more states makes a larger part.
const scanStates = 20_000

// Scan implements driver.DB. It numbers the states in their order, and then reads them and
// their sums part by part; each part costs one more look at the client's sums.
func (db *DB) Scan(ctx context.Context, clientID int64, p costd.Period, yield func(usagedb.Part) error) error {
	if err := db.usable(ctx); err != nil {
		return err
	}
	leave, err := db.build(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return db.read(ctx, func(now *snapshot) error {
		if _, err := db.told(now); err != nil {
			return err
		}
		s, err := newScan(now, clientID, p)
		if err != nil {
			return err
		}
		states, err := s.states()
		if err != nil {
			return err
		}
		for len(states) > 0 {
			n := wholeResources(states, db.scanStates)
			part, err := s.part(states[:n])
			if err == nil {
				err = yield(part)
			}
			if err != nil {
				return err
			}
			states = states[n:]
		}
		return nil
	})
}

// An owned is a state in the order of resources.
type owned struct {
	state int64
	first bool // whether it is the first state of its resource
}

func scanOwned(rows *sql.Rows) (o owned, err error) {
	err = rows.Scan(&o.state, &o.first)
	return o, err
}

// wholeResources returns how many states the next part has: about as many as given, and all
// states of its last resource.
func wholeResources(states []owned, about int) int {
	if len(states) <= about {
		return len(states)
	}
	next := slices.IndexFunc(states[about:], func(o owned) bool { return o.first })
	if next < 0 {
		return len(states)
	}
	return about + next
}

// A scan reads sums of a client's days.
type scan struct {
	now    *snapshot
	client int64
	tables []table
}

// A table has the sums of some days.
type table struct {
	name, states string // of the table or view of sums, and of the one that has their states
	which        string // the SQL condition of the client and the days
}

// newScan returns a scan of the days that have usage. The sums of days that have a roll-up
// are read from there.
func newScan(now *snapshot, client int64, p costd.Period) (*scan, error) {
	s := &scan{now: now, client: client}
	for _, t := range []struct{ name, states, rolled string }{{"rollup", "rollup", "rolled"}, {"summed_part", "part", "NOT rolled"}} {
		const query = "SELECT day FROM client_day WHERE %s AND client_id = %d AND day >= %d AND day < %d"
		days, err := readAll(now, fmt.Sprintf(query, t.rolled, client, p.From, p.To), func(rows *sql.Rows) (day costd.Day, err error) {
			err = rows.Scan(&day)
			return day, err
		})
		if err != nil {
			return nil, err
		}
		if len(days) > 0 {
			s.tables = append(s.tables, table{t.name, t.states, fmt.Sprintf("client_id = %d AND %s", client, dayIn(days))})
		}
	}
	return s, nil
}

// dayIn returns an SQL condition of days, with their numbers as literals.
func dayIn(days []costd.Day) string {
	return fmt.Sprintf("day BETWEEN %d AND %d AND day IN (%s)", slices.Min(days), slices.Max(days), literals(days))
}

// states returns the states that have usage, each once, ordered by resource: a state that
// stood there twice could come into two parts.
func (s *scan) states() ([]owned, error) {
	if len(s.tables) == 0 {
		return nil, nil
	}
	var seen []string
	for _, t := range s.tables {
		seen = append(seen, fmt.Sprintf("SELECT DISTINCT state FROM %s WHERE %s", t.states, t.which))
	}
	return readAll(s.now, fmt.Sprintf(statesInOrderSQL, strings.Join(seen, " UNION ")), scanOwned)
}

const statesInOrderSQL = `
SELECT s.number, lag((s.type, r.resource_id)) OVER in_order IS DISTINCT FROM (s.type, r.resource_id)
FROM (%s) seen JOIN state s ON s.number = seen.state JOIN resource r ON r.number = s.resource
WINDOW in_order AS (ORDER BY s.type, r.resource_id, s.number)
ORDER BY s.type, r.resource_id, s.number`

// part returns the states and their sums.
func (s *scan) part(states []owned) (part usagedb.Part, err error) {
	numbers := make([]int64, len(states))
	part.States = make(map[int64]*usagedb.State, len(states))
	for i := range states {
		numbers[i] = states[i].state
		part.States[numbers[i]] = nil
	}
	if _, err = readStates(s.now, s.client, part.States); err != nil {
		return part, err
	}
	for _, t := range s.tables {
		const query = "SELECT " + sumColumns + " FROM %s WHERE %s AND state IN (SELECT unnest($1::BIGINT[]))"
		if err := s.now.each(fmt.Sprintf(query, t.name, t.which), func(row []driver.Value) error {
			part.Sums = append(part.Sums, readSum(row))
			return nil
		}, numbers); err != nil {
			return part, err
		}
	}
	return part, nil
}
