package duckdb

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"

	"costd.dev/costd"
)

// Months implements costd.Maintainer. A month of which all usage was deleted may be
// among them.
func (db *DB) Months(ctx context.Context) (months []costd.ClientMonth, err error) {
	defer costd.Wrap(&err, "duckdb.Months")
	err = db.read(ctx, func(now *snapshot) error {
		months, err = readMonths(now, "client_day")
		return err
	})
	return months, err
}

// readMonths returns the months of the days in a table or query.
func readMonths(now *snapshot, days string) ([]costd.ClientMonth, error) {
	return readAll(now, fmt.Sprintf(`
		SELECT DISTINCT client_id, (year(date) * 12 + month(date) - 1)::INTEGER AS month
		FROM (SELECT client_id, DATE '1970-01-01' + day AS date FROM %s) ORDER BY ALL`, days),
		func(rows *sql.Rows) (m costd.ClientMonth, err error) {
			err = rows.Scan(&m.ClientID, &m.Month)
			return m, err
		})
}

//go:embed sql/audit.sql
var auditSQL string

// Audit implements costd.Maintainer: it compares the roll-ups with the parts, and
// looks for parts whose state, resource or day is not known and for records that
// overlap, client by client and month by month.
func (db *DB) Audit(ctx context.Context, yield func(costd.Finding) error) (a costd.Audited, err error) {
	defer costd.Wrap(&err, "duckdb.Audit")
	now, err := db.begin(ctx, (*engine).readPool)
	if err != nil {
		return a, err
	}
	defer now.release()
	// Should a day be missing where days are listed, its parts are there all the same.
	months, err := readMonths(now, "(SELECT client_id, day FROM client_day UNION SELECT client_id, day FROM part UNION SELECT client_id, day FROM rollup)")
	if err != nil {
		return a, storeError(err)
	}
	for _, m := range months {
		if err := auditMonth(now, m, yield, &a); err != nil {
			return a, err
		}
	}
	return a, nil
}

// auditMonth yields the findings of a month, and counts what it looked at.
func auditMonth(now *snapshot, m costd.ClientMonth, yield func(costd.Finding) error, a *costd.Audited) error {
	p := m.Month.Period()
	of := fmt.Sprintf("client_id = %d AND day >= %d AND day < %d", m.ClientID, p.From, p.To)
	var records, rollups int64
	err := now.tx.QueryRowContext(now.ctx, "SELECT (SELECT count(*) FROM part WHERE record_start = part_start AND "+of+"), (SELECT count(*) FROM rollup WHERE "+of+")").
		Scan(&records, &rollups)
	if err != nil {
		return storeError(err)
	}
	a.Records += records
	a.Rollups += rollups
	rows, err := now.tx.QueryContext(now.ctx, fmt.Sprintf(auditSQL, of))
	if err != nil {
		return storeError(err)
	}
	defer rows.Close()
	for rows.Next() {
		f := costd.Finding{ClientID: m.ClientID}
		if err := rows.Scan(&f.Day, &f.Kind, &f.Type, &f.RegionID, &f.Metric, &f.ResourceID, &f.Message); err != nil {
			return storeError(err)
		}
		if err := yield(f); err != nil {
			return err
		}
	}
	return storeError(rows.Err())
}
