package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"

	"costd.dev/costd"
	usagedb "costd.dev/costd/usage/driver"
)

// scanStates is about how many states a part of a scan has: with the sums of a month some
// 40 MB. A resource of more states makes a larger part.
const scanStates = 10_000

// Scan implements driver.DB. It numbers the states in their order, and then reads them and
// their sums part by part; each part costs one more look at the client's sums.
func (db *DB) Scan(ctx context.Context, clientID int64, p costd.Period, yield func(usagedb.Part) error) error {
	if err := db.usable(ctx); err != nil {
		return err
	}
	return db.read(ctx, func(now *snapshot) error {
		if _, err := db.told(now); err != nil {
			return err
		}
		s := scan{now, clientID, fmt.Sprintf("client_id = %d AND day >= %d AND day < %d", clientID, p.From, p.To)}
		states, err := readAll(now, fmt.Sprintf(scanStatesSQL, s.which), scanOwned)
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

// An owned is a state of the resource that is the same as, or another than, that of the
// state before it.
type owned struct {
	state int64
	first bool // of its resource
}

func scanOwned(rows *sql.Rows) (o owned, err error) {
	err = rows.Scan(&o.state, &o.first)
	return o, err
}

// wholeResources returns how many states a part has that has about so many of them.
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
	which  string // the SQL condition of the client and the days
}

// The statements of a scan. The sums of days that have a roll-up are read from there.
const (
	scanStatesSQL = `
WITH rolled_day AS (SELECT day FROM client_day WHERE rolled AND %[1]s), seen AS (
	SELECT state FROM rollup WHERE %[1]s AND day IN (FROM rolled_day)
	UNION
	SELECT state FROM part WHERE %[1]s AND day NOT IN (FROM rolled_day)
)
SELECT s.number, lag((s.type, r.resource_id)) OVER in_order IS DISTINCT FROM (s.type, r.resource_id)
FROM seen JOIN state s ON s.number = seen.state JOIN resource r ON r.number = s.resource
WINDOW in_order AS (ORDER BY s.type, r.resource_id, s.number)
ORDER BY s.type, r.resource_id, s.number`

	scanSumsSQL = `
WITH rolled_day AS (SELECT day FROM client_day WHERE rolled AND %[1]s),
	wanted AS (SELECT unnest($1::BIGINT[]) AS state)
SELECT ` + sumColumns + ` FROM rollup WHERE %[1]s AND day IN (FROM rolled_day) AND state IN (FROM wanted)
UNION ALL
SELECT ` + sumColumns + ` FROM summed_part WHERE %[1]s AND day NOT IN (FROM rolled_day) AND state IN (FROM wanted)`
)

// part returns the states and their sums.
func (s *scan) part(states []owned) (part usagedb.Part, err error) {
	numbers := make([]int64, len(states))
	part.States = make(map[int64]*usagedb.State, len(states))
	for i := range states {
		numbers[i] = states[i].state
		part.States[numbers[i]] = nil
	}
	if _, err = readStates(s.now, s.client, part.States); err == nil {
		err = s.now.each(fmt.Sprintf(scanSumsSQL, s.which), func(row []driver.Value) error {
			part.Sums = append(part.Sums, readSum(row))
			return nil
		}, numbers)
	}
	return part, err
}
