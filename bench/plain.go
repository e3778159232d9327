package bench

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// A plain is what a user would do without costd: one wide table in DuckDB, and SQL
// over it.
type plain struct {
	db   *sql.DB
	file string
}

// importColumns are the columns of the CSV files, with the types that suit them.
const importColumns = `client_id BIGINT, project_id BIGINT, region_id BIGINT, type VARCHAR, resource_id VARCHAR, metric VARCHAR,
	size DECIMAL(18, 3), flavor VARCHAR, name VARCHAR, volume_type VARCHAR, file_share_type VARCHAR, instance_type VARCHAR,
	ip_address VARCHAR, attached_to_vm VARCHAR, port_id VARCHAR, network_id VARCHAR, subnet_id VARCHAR, vm_id VARCHAR,
	instance_name VARCHAR, source_volume_uuid VARCHAR, schedule_id VARCHAR, tags VARCHAR, "start" TIMESTAMP, "end" TIMESTAMP,
	quantity DECIMAL(29, 9)`

// createUsage makes the wide table. Quantities are worked out when they are loaded,
// and tags are a map, so that queries have nothing left to do but to filter and sum.
var createUsage = "CREATE TABLE usage (" + strings.Replace(importColumns, "tags VARCHAR", "tags MAP(VARCHAR, VARCHAR)", 1) + ")"

const insertUsage = `INSERT INTO usage
	SELECT * REPLACE (
		tags::JSON::MAP(VARCHAR, VARCHAR) AS tags,
		coalesce(quantity, (coalesce(size, 1) * date_diff('second', "start", "end") / 60)::DECIMAL(29, 9)) AS quantity)
	FROM incoming`

// openPlain opens a DuckDB with its default settings in a file.
func openPlain(ctx context.Context, file string) (*plain, error) {
	connector, err := duckdb.NewConnector(file, nil)
	if err != nil {
		return nil, err
	}
	p := &plain{db: sql.OpenDB(connector), file: file}
	p.db.SetMaxOpenConns(1) // so that settings and temporary tables are the one session's
	if err := p.exec(ctx, "SET TimeZone = 'UTC'"); err != nil {
		p.db.Close()
		return nil, err
	}
	return p, nil
}

func (p *plain) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := p.db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%w in %.200s", err, statement)
		}
	}
	return nil
}

// version returns the version of DuckDB.
func (p *plain) version(ctx context.Context) (v string, err error) {
	err = p.db.QueryRowContext(ctx, "SELECT version()").Scan(&v)
	return v, err
}

// chunkRecords bounds the size of the CSV files that a table is filled from.
const chunkRecords = 1_000_000

// fill loads the stream, in the order in which it arrives.
func (p *plain) fill(ctx context.Context, s *stream) error {
	if err := p.exec(ctx, createUsage, "CREATE TEMP TABLE incoming ("+importColumns+")"); err != nil {
		return err
	}
	file := p.file + ".csv"
	defer os.Remove(file)
	for {
		n, err := writeCSV(file, s, chunkRecords)
		if err != nil {
			return err
		}
		if n == 0 {
			return p.exec(ctx, "DROP TABLE incoming", "CHECKPOINT")
		}
		if err := p.exec(ctx, copyInto("incoming", file), insertUsage, "TRUNCATE incoming"); err != nil {
			return err
		}
	}
}

func copyInto(table, file string) string {
	return fmt.Sprintf("COPY %s FROM '%s' (HEADER)", table, strings.ReplaceAll(file, "'", "''"))
}

// writeCSV writes at most so many records of the stream to a file, under a header,
// and returns how many.
func writeCSV(path string, s *stream, most int64) (records int64, err error) {
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(file, 1<<20)
	_, err = out.WriteString(columns)
	for lines, n := []byte(nil), 1; err == nil && n > 0 && records < most; records += int64(n) {
		lines, n = s.batch(lines[:0], int(min(batchRecords, most-records)))
		_, err = out.Write(lines)
	}
	if err == nil {
		err = out.Flush()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return records, err
}

// separate copies the measured client-month to a table of its own, as if the user
// had one for each: the least that any SQL has to read.
func (p *plain) separate(ctx context.Context) error {
	return p.exec(ctx, "CREATE TABLE client_month AS SELECT * FROM usage "+measuredMonth, "CHECKPOINT")
}

var measuredMonth = fmt.Sprintf(`WHERE client_id = %d AND "start" >= '%s' AND "start" < '%s'`,
	firstClient, lastMonth.Period().From, lastMonth.Period().To)

// sqlRuns is how often each query runs; the first run warms the caches.
const sqlRuns = 11

// ask returns how long the SQL of a question takes on a table, in milliseconds.
func (p *plain) ask(ctx context.Context, q question, table string) ([]float64, error) {
	query := "SELECT type, region_id, flavor, volume_type, metric, sum(quantity)::VARCHAR FROM " + table + " " + measuredMonth + " " + q.where +
		" GROUP BY ALL ORDER BY ALL"
	var all []float64
	for run := range sqlRuns {
		begin := time.Now()
		if err := p.read(ctx, query); err != nil {
			return nil, err
		}
		if run > 0 {
			all = append(all, milliseconds(time.Since(begin)))
		}
	}
	return all, nil
}

// read reads all rows of a query.
func (p *plain) read(ctx context.Context, query string) error {
	rows, err := p.db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	var row [6]sql.NullString
	for rows.Next() {
		if err := rows.Scan(&row[0], &row[1], &row[2], &row[3], &row[4], &row[5]); err != nil {
			return err
		}
	}
	return rows.Err()
}

// A sqlTimes is how long the SQL of each question takes, in milliseconds.
type sqlTimes struct {
	whole, alone [len(questions)][]float64 // over all records; over those of the client-month
	bytes        int64                     // on disk
	duckdb       string
}

// measureSQL loads the fleet into a wide table and runs the queries.
func measureSQL(ctx context.Context, config *Config, p *plan) (t *sqlTimes, err error) {
	config.say("loading the same records into a table of DuckDB ...")
	db, err := openPlain(ctx, filepath.Join(config.Folder, "plain.duckdb"))
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := db.db.Close(); err == nil {
			err = closed
		}
		os.Remove(db.file)
	}()
	if err := db.fill(ctx, p.loaded(asCSV)); err != nil {
		return nil, err
	}
	t = new(sqlTimes)
	info, err := os.Stat(db.file)
	if err != nil {
		return nil, err
	}
	t.bytes = info.Size()
	if t.duckdb, err = db.version(ctx); err != nil {
		return nil, err
	}
	if err := db.separate(ctx); err != nil {
		return nil, err
	}
	config.say("asking the same in SQL ...")
	for i, q := range questions {
		if t.whole[i], err = db.ask(ctx, q, "usage"); err != nil {
			return nil, err
		}
		if t.alone[i], err = db.ask(ctx, q, "client_month"); err != nil {
			return nil, err
		}
	}
	return t, nil
}
