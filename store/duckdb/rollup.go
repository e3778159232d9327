package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"costd.dev/costd"
)

const (
	// quietTime is how long nothing has to be written to a day of a client before it
	// is rolled up by itself: most often usage of a day arrives all through it.
	quietTime = time.Minute
	// rollUpPause is how often days to be rolled up are looked for.
	rollUpPause = 10 * time.Second
	// maxRollUp is how many clients of a day are rolled up in one transaction, which
	// writes have to wait for.
	maxRollUp = 64
	// maxTouched bounds the days that are remembered to have no roll-up.
	maxTouched = 100_000
)

// A touched says when usage of some days last changed. The database knows already that
// these days have no roll-up: their rolled flag is clear. Other days may have none either.
// It is guarded by DB.writing.
type touched map[clientDay]time.Time

const (
	unrollSQL = `UPDATE client_day SET rolled = false
		FROM (SELECT unnest($clients::BIGINT[]) AS client_id, unnest($days::INTEGER[]) AS day) changed
		WHERE rolled AND client_day.client_id = changed.client_id AND client_day.day = changed.day`
	addDaySQL = `INSERT INTO client_day
		SELECT client_id, day, false FROM (SELECT unnest($clients::BIGINT[]) AS client_id, unnest($days::INTEGER[]) AS day)
		ANTI JOIN client_day USING (client_id, day)`
)

// unroll clears the rolled flag of the days in the database, which lists them from then
// on. It leaves out those of t, whose flag is clear.
func (t touched) unroll(ctx context.Context, tx *sql.Tx, days map[clientDay]bool) error {
	clients, numbers := []int64{}, []int32{}
	for day := range days {
		if _, known := t[day]; !known {
			clients, numbers = append(clients, day.client), append(numbers, int32(day.day))
		}
	}
	if len(clients) == 0 {
		return nil
	}
	for _, statement := range []string{unrollSQL, addDaySQL} {
		if _, err := tx.ExecContext(ctx, statement, sql.Named("clients", clients), sql.Named("days", numbers)); err != nil {
			return err
		}
	}
	return nil
}

// note remembers that the days were changed now.
func (t touched) note(days map[clientDay]bool) {
	if len(t) > maxTouched {
		clear(t)
	}
	now := time.Now()
	for day := range days {
		t[day] = now
	}
}

// RollUp makes the roll-ups that are missing of days to which nothing was written
// for as long as quiet, and returns how many it made. The store does so by itself
// from time to time; reports do not depend on it.
func (db *DB) RollUp(ctx context.Context, quiet time.Duration) (made int, err error) {
	defer costd.Wrap(&err, "duckdb.RollUp")
	for {
		n, err := db.rollUpSome(ctx, quiet)
		if made += n; n == 0 || err != nil {
			return made, err
		}
	}
}

// rollUpSome rolls up one day of some clients, 0 if there is none.
func (db *DB) rollUpSome(ctx context.Context, quiet time.Duration) (int, error) {
	var due []clientDay
	err := db.writeThen(ctx, func(tx *sql.Tx) (err error) {
		if due, err = db.dueDays(ctx, tx, quiet); err != nil {
			return err
		}
		if len(due) == 0 {
			return errNothingToWrite
		}
		return rollUp(ctx, tx, due)
	}, func() {
		for _, day := range due {
			delete(db.touched, day)
		}
		db.counts.rollUps.Add(int64(len(due)))
	})
	if err != nil {
		return 0, err
	}
	return len(due), nil
}

// dueDays returns one day of some clients that has no roll-up and is quiet.
func (db *DB) dueDays(ctx context.Context, tx *sql.Tx, quiet time.Duration) (due []clientDay, err error) {
	// The limit spares the database sorting them all; those beyond it have their turn
	// when the ones before are done or quiet.
	const candidates = "SELECT client_id, day FROM client_day WHERE NOT rolled ORDER BY day, client_id LIMIT 1000"
	rows, err := tx.QueryContext(ctx, candidates)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() && len(due) < maxRollUp {
		var d clientDay
		if err := rows.Scan(&d.client, &d.day); err != nil {
			return nil, err
		}
		if changed, known := db.touched[d]; known && time.Since(changed) < quiet {
			continue
		}
		if len(due) > 0 && d.day != due[0].day {
			break
		}
		due = append(due, d)
	}
	return due, rows.Err()
}

// rollUp makes the roll-ups of one day of some clients.
func rollUp(ctx context.Context, tx *sql.Tx, due []clientDay) error {
	clients := make([]int64, len(due))
	for i, d := range due {
		clients[i] = d.client
	}
	of := fmt.Sprintf(" WHERE day = %d AND client_id IN (%s)", due[0].day, literals(clients))
	for _, statement := range []string{
		"DELETE FROM rollup" + of,
		"INSERT INTO rollup FROM summed_part" + of + " ORDER BY client_id, state, grid",
		"UPDATE client_day SET rolled = true" + of,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// rollUpAlways rolls up what is quiet until the store is closed. It leaves most of
// the time to those who write, and nearly all of it while they are busy.
func (db *DB) rollUpAlways() {
	for pause := rollUpPause; ; {
		select {
		case <-db.closing.Done():
			return
		case <-time.After(pause):
		}
		busy := len(db.writing) > 0
		begin := time.Now()
		n, err := db.rollUpSome(db.closing, quietTime)
		if pause = 9 * time.Since(begin); busy {
			pause *= 4
		}
		if n == 0 || err != nil {
			pause = rollUpPause // an error that lasts will be seen by those who write
		}
	}
}

// rolledDays returns which of the days of a client have a roll-up and which not.
func rolledDays(now *snapshot, client int64, days []costd.Day) (rolled, others []costd.Day, err error) {
	query := fmt.Sprintf("SELECT day FROM client_day WHERE rolled AND client_id = %d AND day IN (%s)", client, literals(days))
	rolled, err = readAll(now, query, func(rows *sql.Rows) (day costd.Day, err error) {
		err = rows.Scan(&day)
		return day, err
	})
	others = slices.DeleteFunc(slices.Clone(days), func(day costd.Day) bool { return slices.Contains(rolled, day) })
	return rolled, others, err
}

// literals returns the numbers as a list for SQL. In this form, other than as
// parameters, they tell the database beforehand what need not be read.
func literals[T ~int32 | ~int64](numbers []T) string {
	var b strings.Builder
	for i, n := range numbers {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(int64(n), 10))
	}
	return b.String()
}
