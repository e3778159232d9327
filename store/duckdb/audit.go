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
// overlap. Findings come in the order of clients.
func (db *DB) Audit(ctx context.Context, yield func(costd.Finding) error) (a costd.Audited, err error) {
	defer costd.Wrap(&err, "duckdb.Audit")
	now, err := db.begin(ctx, (*engine).readPool)
	if err != nil {
		return a, err
	}
	defer now.release()
	batches, err := auditBatches(now, db.auditParts)
	if err != nil {
		return a, storeError(err)
	}
	for _, of := range batches {
		if err := auditBatch(now, of, yield, &a); err != nil {
			return a, err
		}
	}
	return a, nil
}

// auditParts is about how many parts are looked at together: enough that a client with few
// of them does not cost a pass over the tables of its own, and few enough for the memory.
const auditParts = 1_000_000

// auditBatches returns conditions that together select everything: the clients in order,
// as many as have most parts together, and those that have more month by month.
func auditBatches(now *snapshot, most int64) (conditions []string, err error) {
	// Should a day be missing where days are listed, its parts are there all the same.
	type clientParts struct{ client, parts int64 }
	clients, err := readAll(now, `SELECT client_id, sum(n)::BIGINT FROM (
			SELECT client_id, count(*) AS n FROM part GROUP BY ALL
			UNION ALL SELECT DISTINCT client_id, 0 FROM client_day UNION ALL SELECT DISTINCT client_id, 0 FROM rollup
		) GROUP BY ALL ORDER BY ALL`,
		func(rows *sql.Rows) (c clientParts, err error) { return c, rows.Scan(&c.client, &c.parts) })
	if err != nil {
		return nil, err
	}
	for len(clients) > 0 {
		n, sum := 1, clients[0].parts
		for n < len(clients) && sum+clients[n].parts <= most {
			sum += clients[n].parts
			n++
		}
		of := fmt.Sprintf("client_id BETWEEN %d AND %d", clients[0].client, clients[n-1].client)
		if sum <= most {
			conditions = append(conditions, of)
		} else if conditions, err = appendMonths(now, conditions, of); err != nil {
			return nil, err
		}
		clients = clients[n:]
	}
	return conditions, nil
}

// appendMonths appends the condition for each month of what the condition selects.
func appendMonths(now *snapshot, conditions []string, of string) ([]string, error) {
	days := fmt.Sprintf("(SELECT client_id, day FROM client_day WHERE %[1]s UNION SELECT client_id, day FROM part WHERE %[1]s"+
		" UNION SELECT client_id, day FROM rollup WHERE %[1]s)", of)
	months, err := readMonths(now, days)
	for _, m := range months {
		p := m.Month.Period()
		conditions = append(conditions, fmt.Sprintf("%s AND day >= %d AND day < %d", of, p.From, p.To))
	}
	return conditions, err
}

// auditBatch yields the findings of what the condition selects, and counts what it looked at.
func auditBatch(now *snapshot, of string, yield func(costd.Finding) error, a *costd.Audited) error {
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
		var f costd.Finding
		if err := rows.Scan(&f.ClientID, &f.Day, &f.Kind, &f.Type, &f.RegionID, &f.Metric, &f.ResourceID, &f.Message); err != nil {
			return storeError(err)
		}
		if err := yield(f); err != nil {
			return err
		}
	}
	return storeError(rows.Err())
}
