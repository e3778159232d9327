package duckdb

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"

	"costd.dev/costd"
)

// The statements that find what is stored.
var (
	//go:embed sql/stage.sql
	stageSQL string
	//go:embed sql/find.sql
	findSQL string
)

// find returns what is stored of each staging. The digests answer most; of the rest the
// database is asked, which fills the temporary table found. Only then does that table
// belong to this batch, and remove reads it: a digest never says of a record that it must
// be replaced, so all stagings that remove may be called with were asked.
func (db *DB) find(ctx context.Context, tx *sql.Tx, stagings []staging) ([]finding, error) {
	if err := db.digests.load(ctx, tx, stagings); err != nil {
		return nil, err
	}
	stored := make([]finding, len(stagings))
	var doubtful []*staging
	for i := range stagings {
		var sure bool
		if stored[i], sure = db.digests.find(&stagings[i]); !sure {
			doubtful = append(doubtful, &stagings[i])
		}
	}
	if len(doubtful) == 0 {
		return stored, nil
	}
	return stored, db.ask(ctx, tx, doubtful, stored)
}

// ask finds the stagings in the database, as a whole, by way of a temporary table.
func (db *DB) ask(ctx context.Context, tx *sql.Tx, stagings []*staging, stored []finding) error {
	if _, err := tx.ExecContext(ctx, stageSQL); err != nil {
		return err
	}
	if err := appendRows(ctx, db.engine.writer, "temp", "staged", stagings, stageHistory); err != nil {
		return err
	}
	first, last := recordDays(stagings)
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(findSQL, identitySQL(stagings), first, last))
	if err != nil {
		return err
	}
	defer rows.Close()
	parts := make(map[int]int, len(stagings))
	for _, s := range stagings {
		parts[int(s.n)] = len(s.history.first().Parts)
	}
	for rows.Next() {
		var n, count int
		var same bool
		if err := rows.Scan(&n, &same, &count); err != nil {
			return err
		}
		stored[n] = finding{known: true, same: same && count == parts[n]}
	}
	return rows.Err()
}

// recordDays returns the first and the last day on which the stagings' records begin.
func recordDays(stagings []*staging) (first, last costd.Day) {
	first, last = stagings[0].day, stagings[0].day
	for _, s := range stagings {
		first, last = min(first, s.day), max(last, s.day)
	}
	return first, last
}

// identitySQL returns the condition under which a part p is known by the same as a
// staged head h of the same client and day. Most batches need not compare all.
func identitySQL(stagings []*staging) string {
	withID, without := false, false
	for _, s := range stagings {
		withID = withID || s.id != ""
		without = without || s.id == ""
	}
	switch {
	case !without:
		return "h.id = p.id"
	case !withID:
		return "p.id = '' AND h.resource = p.resource AND h.record_start = p.record_start"
	}
	return `h.id = p.id
		AND CASE WHEN h.id = '' THEN h.resource     ELSE 0 END = CASE WHEN p.id = '' THEN p.resource     ELSE 0 END
		AND CASE WHEN h.id = '' THEN h.record_start ELSE 0 END = CASE WHEN p.id = '' THEN p.record_start ELSE 0 END`
}

// Of what was found, the rows of some stagings.
const ofRemoved = " FROM found WHERE n IN (SELECT unnest($removed::INTEGER[]))"

// remove removes what was found of the stagings, and returns the days that it removed
// parts of.
func remove(ctx context.Context, tx *sql.Tx, stagings []*staging) ([]clientDay, error) {
	numbers := make([]int32, len(stagings))
	for i, s := range stagings {
		numbers[i] = s.n
	}
	removed := sql.Named("removed", numbers)
	days, err := readAll(&snapshot{ctx: ctx, tx: tx}, "SELECT DISTINCT client_id, day"+ofRemoved+" ORDER BY ALL",
		func(rows *sql.Rows) (d clientDay, err error) {
			err = rows.Scan(&d.client, &d.day)
			return d, err
		}, removed)
	if err != nil {
		return nil, err
	}
	first, last := recordDays(stagings)
	_, err = tx.ExecContext(ctx, fmt.Sprintf("DELETE FROM part WHERE record_day BETWEEN %d AND %d AND rowid IN (SELECT stored_row", first, last)+
		ofRemoved+")", removed)
	return days, err
}
