package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"math"
	"math/big"
	"slices"
	"strings"

	"costd.dev/costd"
	"costd.dev/costd/usage"
)

const (
	// blockRows is the number of resource rows whose names and tags are held in memory
	// at a time: some MB. A page of no more is read as a whole.
	blockRows = 2000
	// passRows is the number of resource rows whose days are added up at a time. Their
	// sums take up to 70 MB; more rows cost one more look at the usage of the period.
	passRows = 50_000
)

// Resources implements costd.UsageStore. All sums of a page come from one state of the
// database and are made before Resources returns; no transaction is open while the
// caller reads the rows. Beyond blockRows the sums wait in a file: then the sequence can
// be read once, and has to be read or its context be cancelled, which removes the file.
func (db *DB) Resources(ctx context.Context, q costd.Query, p costd.Page) (count int, rows iter.Seq2[costd.ResourceUsage, error], err error) {
	defer costd.Wrap(&err, "duckdb.Resources")
	r, err := db.newPageReader(ctx, q, p)
	if err != nil {
		return 0, nil, err
	}
	err = db.answer(ctx, q, func(a *usage.Aggregate) (err error) {
		count, rows, err = a.Resources(q, p)
		return err
	}, func(now *snapshot) (err error) {
		count, rows, err = r.read(now)
		return err
	})
	if err != nil {
		return 0, nil, err
	}
	return count, db.whileOpen(ctx, rows), nil
}

// LinesAndResources implements costd.UsageStore: both are read from the same aggregate or
// from the same snapshot.
func (db *DB) LinesAndResources(ctx context.Context, q costd.Query, p costd.Page) (lines []costd.LineUsage, count int, rows iter.Seq2[costd.ResourceUsage, error], err error) {
	defer costd.Wrap(&err, "duckdb.LinesAndResources")
	r, err := db.newPageReader(ctx, q, p)
	if err != nil {
		return nil, 0, nil, err
	}
	ofLines, err := newSelection(q, lineDimension)
	if err != nil {
		return nil, 0, nil, err
	}
	err = db.answer(ctx, q, func(a *usage.Aggregate) (err error) {
		if lines, err = a.Lines(q); err == nil {
			count, rows, err = a.Resources(q, p)
		}
		return err
	}, func(now *snapshot) (err error) {
		if lines, err = readLines(now, ofLines); err == nil {
			count, rows, err = r.read(now)
		}
		return err
	})
	if err != nil {
		return nil, 0, nil, err
	}
	return lines, count, db.whileOpen(ctx, rows), nil
}

// answer answers a query from the aggregate that it is about, or else from a snapshot of the
// database of which all was told.
func (db *DB) answer(ctx context.Context, q costd.Query, fromMemory func(*usage.Aggregate) error, fromDatabase func(*snapshot) error) error {
	if err := db.own(); err != nil && !db.isClosed() {
		return err
	}
	a, err := db.aggregate(ctx, q)
	if err == nil {
		return fromMemory(a)
	}
	if err != errNoAggregate {
		return storeError(err)
	}
	return db.read(ctx, func(now *snapshot) error {
		if err := db.live.awaitTold(now); err != nil {
			return err
		}
		return fromDatabase(now)
	})
}

// whileOpen returns the rows, ended by an error when the context or the store is.
func (db *DB) whileOpen(ctx context.Context, rows iter.Seq2[costd.ResourceUsage, error]) iter.Seq2[costd.ResourceUsage, error] {
	return func(yield func(costd.ResourceUsage, error) bool) {
		for row, err := range rows {
			if db.isClosed() {
				row, err = costd.ResourceUsage{}, errClosed
			} else if ctx.Err() != nil {
				row, err = costd.ResourceUsage{}, storeError(ctx.Err())
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// A pageReader reads a page of resource rows from the database.
type pageReader struct {
	*selection
	db     *DB
	ctx    context.Context // of the caller
	client int64
	page   costd.Page
	order  string
}

func (db *DB) newPageReader(ctx context.Context, q costd.Query, p costd.Page) (*pageReader, error) {
	s, err := newSelection(q, rowDimension)
	if err != nil {
		return nil, err
	}
	order, err := orderSQL(p.OrderBy)
	if err != nil {
		return nil, err
	}
	if p.Offset < 0 || p.Limit < 0 {
		return nil, costd.InvalidField("offset", "neither offset nor limit may be negative")
	}
	return &pageReader{s, db, ctx, q.ClientID, p, order}, nil
}

// A rankedRow is a resource row by the state that was seen last of it. A state belongs
// to one row, never changes and is never removed, so that the row can be named by it
// and what it says be read later.
type rankedRow struct{ state, first, last int64 }

// A dayUnits is the usage of one row on one day and grid. Its fields are exported for
// the spool.
type dayUnits struct {
	Day   costd.Day
	Grid  costd.Grid
	Units *big.Int
}

// read returns the number of rows on all pages, and the rows of the page.
func (r *pageReader) read(now *snapshot) (int, iter.Seq2[costd.ResourceUsage, error], error) {
	count, ranked, err := r.rank(now)
	if err != nil {
		return 0, nil, err
	}
	if len(ranked) > blockRows {
		rows, err := r.spool(now, ranked)
		return count, rows, err
	}
	days, err := r.days(now, ranked)
	if err != nil {
		return 0, nil, err
	}
	states, err := r.states(now, ranked)
	return count, func(yield func(costd.ResourceUsage, error) bool) {
		for i := range ranked {
			if !yield(states[ranked[i].state].Row(ranked[i].first, ranked[i].last, daysOf(days[i])), nil) {
				return
			}
		}
	}, err
}

// spool writes the days of the rows into a spool, and returns the rows as they are read
// from there, each block with states that are read anew.
func (r *pageReader) spool(now *snapshot, ranked []rankedRow) (iter.Seq2[costd.ResourceUsage, error], error) {
	s, err := newSpool(r.db.options.Path)
	if err != nil {
		return nil, err
	}
	if err := r.fill(s, now, ranked); err != nil {
		s.release()
		return nil, err
	}
	stop := context.AfterFunc(r.ctx, s.release)
	return func(yield func(costd.ResourceUsage, error) bool) {
		defer s.release()
		defer stop()
		for block := range slices.Chunk(ranked, blockRows) {
			if !r.yieldBlock(block, s, yield) {
				return
			}
		}
	}, nil
}

// fill writes the days of the rows into the spool.
func (r *pageReader) fill(s *spool, now *snapshot, ranked []rankedRow) error {
	for pass := range slices.Chunk(ranked, passRows) {
		days, err := r.days(now, pass)
		if err == nil {
			err = s.put(days)
		}
		if err != nil {
			return err
		}
	}
	return s.rewind()
}

// yieldBlock yields the next rows of the spool, and reports whether to go on.
func (r *pageReader) yieldBlock(block []rankedRow, s *spool, yield func(costd.ResourceUsage, error) bool) bool {
	var states map[int64]*state
	err := r.db.read(r.ctx, func(now *snapshot) (err error) {
		states, err = r.states(now, block)
		return err
	})
	for _, row := range block {
		var days []dayUnits
		if err == nil {
			days, err = s.next()
		}
		if err != nil {
			costd.Wrap(&err, "duckdb.Resources")
			yield(costd.ResourceUsage{}, err)
			return false
		}
		if !yield(states[row.state].Row(row.first, row.last, daysOf(days)), nil) {
			return false
		}
	}
	return true
}

// rowColumns are the columns that tell resource rows apart.
const rowColumns = "type, region_id, dimension, metric, project_id, resource_id"

// rank returns the number of rows on all pages, and the rows of the page in order.
func (r *pageReader) rank(now *snapshot) (count int, ranked []rankedRow, err error) {
	end := int64(math.MaxInt64)
	if r.page.Limit > 0 {
		end = int64(r.page.Offset) + int64(r.page.Limit)
	}
	_, err = readAll(now, fmt.Sprintf(rankSQL, r.with(), r.order), func(rows *sql.Rows) (_ struct{}, err error) {
		var row rankedRow
		var state sql.NullInt64
		err = rows.Scan(&count, &state, &row.first, &row.last)
		if row.state = state.Int64; state.Valid {
			ranked = append(ranked, row)
		}
		return struct{}{}, err
	}, append(slices.Clip(r.args), sql.Named("first", int64(r.page.Offset)), sql.Named("end", end))...)
	return count, ranked, err
}

// The statements of a pageReader. None of them keeps anything in the database: a
// transaction with a temporary table counts as one that writes, which a checkpoint would
// have to wait for. The sums by grid serve the order by billing value. There is a row
// of the count even if the page has none.
const (
	rankSQL = `%[1]s, grouped AS (
	SELECT ` + rowColumns + `, min(part_start) AS first_seen, max(part_end) AS last_seen,
		arg_max({'name': name, 'state': state}, (part_end, record_start, id)) AS last,
		sum((units >> 64)::BIGINT) FILTER (grid = 0) AS upper0, sum((units & 18446744073709551615)::UBIGINT) FILTER (grid = 0) AS lower0,
		sum((units >> 64)::BIGINT) FILTER (grid = 1) AS upper1, sum((units & 18446744073709551615)::UBIGINT) FILTER (grid = 1) AS lower1,
		sum((units >> 64)::BIGINT) FILTER (grid = 2) AS upper2, sum((units & 18446744073709551615)::UBIGINT) FILTER (grid = 2) AS lower2,
		sum((units >> 64)::BIGINT) FILTER (grid = 3) AS upper3, sum((units & 18446744073709551615)::UBIGINT) FILTER (grid = 3) AS lower3
	FROM base WHERE selected GROUP BY ALL
), summed AS (
	SELECT *,
		COALESCE(upper0 * 18446744073 + (upper0 * 709551616 + lower0) // 1000000000, 0) AS second,
		COALESCE((upper0 * 709551616 + lower0) %% 1000000000, 0) AS second_rest,
		COALESCE(upper1 * 18446744073 + (upper1 * 709551616 + lower1) // 1000000000, 0) AS nano,
		COALESCE((upper1 * 709551616 + lower1) %% 1000000000, 0) AS nano_rest,
		COALESCE(upper2 * 18446744073 + (upper2 * 709551616 + lower2) // 1000000000, 0) AS atto,
		COALESCE((upper2 * 709551616 + lower2) %% 1000000000, 0) AS atto_rest,
		COALESCE(upper3 * 18446744073 + (upper3 * 709551616 + lower3) // 1000000000, 0) AS finest,
		COALESCE((upper3 * 709551616 + lower3) %% 1000000000, 0) AS finest_rest
	FROM grouped
), carried AS (
	SELECT *,
		atto_rest + finest AS atto_sum,
		nano_rest + atto + atto_sum // 1000000000 AS nano_sum,
		second_rest + nano + nano_sum // 1000000000 AS second_sum,
		second + second_sum // 1000000000 AS billion
	FROM summed
), ranked AS MATERIALIZED (
	SELECT last.state AS state, first_seen, last_seen, row_number() OVER (ORDER BY %[2]s) - 1 AS number FROM carried
)
SELECT total.rows, r.state, COALESCE(r.first_seen, 0), COALESCE(r.last_seen, 0)
FROM (SELECT count(*) AS rows FROM ranked) total
LEFT JOIN (FROM ranked WHERE number >= $first AND number < $end) r ON true
ORDER BY r.number`

	// The query reads listed and not base: Filter and Tags select by type, resource id and
	// dimension in the end, which are of the row's key, so that either all parts of a row
	// are selected or none.
	rowDaysSQL = `%[1]s, wanted AS (
	SELECT unnest($states::BIGINT[]) AS number, generate_subscripts($states::BIGINT[], 1) - 1 AS n
), page AS (
	SELECT wanted.n, s.type, s.region_id, %[2]s AS dimension, r.metric, s.project_id, r.resource_id
	FROM wanted
	JOIN state s ON s.number = wanted.number AND s.client_id = $client
	JOIN resource r ON r.number = s.resource AND r.client_id = s.client_id
)
SELECT n, day, grid, sum((units >> 64)::BIGINT), sum((units & 18446744073709551615)::UBIGINT)
FROM listed JOIN page USING (` + rowColumns + `)
GROUP BY n, day, grid ORDER BY n, day, grid`
)

// days returns the days of each of the rows.
func (r *pageReader) days(now *snapshot, ranked []rankedRow) ([][]dayUnits, error) {
	days := make([][]dayUnits, len(ranked))
	if len(ranked) == 0 {
		return days, nil
	}
	query := fmt.Sprintf(rowDaysSQL, r.listed, dimensionSQL(rowDimension))
	_, err := readAll(now, query, func(rows *sql.Rows) (_ struct{}, err error) {
		var n int
		var day dayUnits
		var upper, lower *big.Int
		if err = rows.Scan(&n, &day.Day, &day.Grid, &upper, &lower); err != nil {
			return struct{}{}, err
		}
		day.Units, err = join(upper, lower, day.Grid)
		days[n] = append(days[n], day)
		return struct{}{}, err
	}, append(slices.Clip(r.listedArgs), sql.Named("states", statesOf(ranked)))...)
	return days, err
}

func statesOf(ranked []rankedRow) []int64 {
	numbers := make([]int64, len(ranked))
	for i := range ranked {
		numbers[i] = ranked[i].state
	}
	return numbers
}

// states returns the states of the rows by their numbers.
func (r *pageReader) states(now *snapshot, ranked []rankedRow) (map[int64]*state, error) {
	states := make(map[int64]*state, len(ranked))
	if len(ranked) == 0 {
		return states, nil
	}
	_, err := readAll(now, statesSQL, func(rows *sql.Rows) (s *state, err error) {
		if s, err = scanState(rows); err == nil {
			states[s.Number] = s
		}
		return s, err
	}, sql.Named("client", r.client), sql.Named("numbers", statesOf(ranked)))
	if err == nil && len(states) != len(ranked) {
		err = fmt.Errorf("client %d has %d resource rows of %d states", r.client, len(ranked), len(states))
	}
	return states, err
}

// daysOf adds up what lies on several grids of a day.
func daysOf(units []dayUnits) []costd.DayUsage {
	days := make([]costd.DayUsage, 0, len(units))
	for _, u := range units {
		used := costd.Quantity{Units: u.Units, Grid: u.Grid}.Rational()
		days = addDay(days, costd.DayUsage{Day: u.Day, Used: used, Selected: used})
	}
	return days
}

// orderOf are the expressions that rows are ordered by. The billing value is the sum over
// four grids, each a billion times as fine as the one before. It does not fit the widest
// integer of the database, so it is compared digit by digit in base 10^9, from billion, the
// highest, to finest_rest. (The sums come in halves of 64 bits, and
// 2^64 = 18446744073 * 10^9 + 709551616.)
var orderOf = map[costd.SortField][]string{
	costd.SortBillingValue: {"billion", "second_sum % 1000000000", "nano_sum % 1000000000", "atto_sum % 1000000000", "finest_rest"},
	costd.SortFirstSeen:    {"first_seen"},
	costd.SortLastName:     {"last.name"},
	costd.SortLastSeen:     {"last_seen"},
	costd.SortProject:      {"project_id"},
	costd.SortRegion:       {"region_id"},
	costd.SortType:         {"type"},
}

// orderSQL returns the total order that keys and the tie-break of costd.Page give.
func orderSQL(keys []costd.SortKey) (string, error) {
	var terms []string
	done := map[costd.SortField]bool{}
	for _, key := range keys {
		expressions, known := orderOf[key.By]
		if !known {
			return "", costd.InvalidField("order_by", "%q is not a field to order by", key.By)
		}
		if done[key.By] {
			continue // the first one has decided it
		}
		done[key.By] = true
		for _, expression := range expressions {
			if key.Descending {
				expression += " DESC"
			}
			terms = append(terms, expression)
		}
	}
	return strings.Join(append(terms, "resource_id, metric, project_id, region_id, type, dimension"), ", "), nil
}
