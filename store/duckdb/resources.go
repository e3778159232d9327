package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"math/big"
	"strings"
	"time"

	"costd.dev/costd"
)

// blockRows is the number of resource rows that are held in memory at a time.
const blockRows = 1000

// Resources implements costd.UsageStore. It ranks all rows and keeps those of the
// page in temporary tables, which DuckDB moves to disk if they are large, and
// reads them from there block by block. A sequence of more than one block can be
// read once, and has to be read or its context be cancelled, which releases the
// snapshot behind it.
func (db *DB) Resources(ctx context.Context, q costd.Query, p costd.Page) (_ int, _ iter.Seq2[costd.ResourceUsage, error], err error) {
	defer costd.Wrap(&err, "duckdb.Resources")
	s, err := newSelection(q, rowDimension)
	if err != nil {
		return 0, nil, err
	}
	order, err := orderSQL(p.OrderBy)
	if err != nil {
		return 0, nil, err
	}
	if p.Offset < 0 || p.Limit < 0 {
		return 0, nil, costd.InvalidField("offset", "neither offset nor limit may be negative")
	}
	im, err := db.image(ctx, q)
	if err == nil {
		count, rows, err := im.resourcesOf(q, p)
		if err != nil {
			return 0, nil, err
		}
		return count, db.whileOpen(ctx, rows), nil
	}
	if err != errNoImage {
		return 0, nil, storeError(err)
	}
	snapshot, err := db.begin(ctx)
	if err != nil {
		return 0, nil, err
	}
	r := resourceReader{snapshot: snapshot, client: q.ClientID, next: int64(p.Offset)}
	count, first := 0, []costd.ResourceUsage(nil)
	if err = db.live.awaitTold(snapshot); err == nil {
		count, err = r.prepare(s, p, order)
	}
	if err == nil {
		first, err = r.block()
	}
	if err != nil || r.next >= r.end {
		snapshot.release()
	}
	return count, r.rows(first), storeError(err)
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

// A resourceReader reads the rows of a page from the tables that prepare makes.
type resourceReader struct {
	*snapshot
	client    int64
	next, end int64 // the rows still to be read, numbered from 0 in their order
}

// rowColumns are the columns that tell resource rows apart.
const rowColumns = "type, region_id, dimension, metric, project_id, resource_id"

// prepare makes the tables and returns the number of rows on all pages.
func (r *resourceReader) prepare(s *selection, p costd.Page, order string) (count int, err error) {
	if _, err := r.tx.ExecContext(r.ctx, fmt.Sprintf(rankSQL, s.with(), order), s.args...); err != nil {
		return 0, err
	}
	if err := r.tx.QueryRowContext(r.ctx, "SELECT count(*) FROM ranked").Scan(&count); err != nil {
		return 0, err
	}
	r.end = int64(count)
	if p.Limit > 0 && r.end-r.next > int64(p.Limit) {
		r.end = r.next + int64(p.Limit)
	}
	window := []any{sql.Named("first", r.next), sql.Named("end", r.end)}
	if _, err := r.tx.ExecContext(r.ctx, pageSQL, append(window, sql.Named("client", r.client))...); err != nil {
		return 0, err
	}
	_, err = r.tx.ExecContext(r.ctx, fmt.Sprintf(pageDaySQL, s.listed), append(s.listedArgs, window...)...)
	return count, err
}

// The statements of prepare. The sums by grid serve the order by billing value.
// The other columns are read only for the rows of the page, by the number of the state:
// a checkpoint, which may run between two statements, changes the numbers of stored rows
// but not those of states. What is listed of a row is selected if any of it is, as its
// key decides on both.
const (
	rankSQL = `CREATE TEMP TABLE ranked AS %[1]s, grouped AS (
	SELECT ` + rowColumns + `, min(part_start) AS first_seen, max(part_end) AS last_seen,
		arg_max({'name': name, 'state': state}, (part_end, record_start, id)) AS last,
		sum((units >> 64)::BIGINT) FILTER (grid = 0) AS upper0, sum((units & 18446744073709551615)::UBIGINT) FILTER (grid = 0) AS lower0,
		sum((units >> 64)::BIGINT) FILTER (grid = 1) AS upper1, sum((units & 18446744073709551615)::UBIGINT) FILTER (grid = 1) AS lower1,
		sum((units >> 64)::BIGINT) FILTER (grid = 2) AS upper2, sum((units & 18446744073709551615)::UBIGINT) FILTER (grid = 2) AS lower2,
		sum((units >> 64)::BIGINT) FILTER (grid = 3) AS upper3, sum((units & 18446744073709551615)::UBIGINT) FILTER (grid = 3) AS lower3
	FROM base WHERE selected GROUP BY ALL
), summed AS (
	SELECT *,
		COALESCE(upper0 * 18446744073709551616 + lower0, 0) AS second,
		COALESCE(upper1 * 18446744073709551616 + lower1, 0) AS nano,
		COALESCE(upper2 * 18446744073709551616 + lower2, 0) AS atto,
		COALESCE(upper3 * 18446744073709551616 + lower3, 0) AS finest
	FROM grouped
), carried AS (
	SELECT *,
		atto + finest // 1000000000 AS atto_up,
		nano + atto_up // 1000000000 AS nano_up,
		second + nano_up // 1000000000 AS second_up
	FROM summed
)
SELECT ` + rowColumns + `, first_seen, last_seen, last.state AS last_state, row_number() OVER (ORDER BY %[2]s) - 1 AS number FROM carried`

	pageSQL = `CREATE TEMP TABLE page AS
SELECT r.* EXCLUDE (last_state), s.name, s.size, s.volume_type, s.file_share_type, s.instance_type, s.ip_address,
	s.attached_to_vm, s.port_id, s.network_id, s.subnet_id, s.vm_id, s.instance_name, s.source_volume_uuid,
	s.schedule_id, s.size_unit, s.tags
FROM ranked r JOIN state s ON s.number = r.last_state AND s.client_id = $client
WHERE r.number >= $first AND r.number < $end`

	pageDaySQL = `CREATE TEMP TABLE page_day AS %[1]s
SELECT number, day, grid,
	sum((units >> 64)::BIGINT) AS upper_half, sum((units & 18446744073709551615)::UBIGINT) AS lower_half
FROM listed JOIN ranked USING (` + rowColumns + `)
WHERE number >= $first AND number < $end
GROUP BY number, day, grid`
)

// orderOf are the expressions that rows are ordered by. The billing value is
// compared exactly though its parts stand on different grids: of each, whatever
// makes whole units of the next coarser grid, a billion of its own, is carried.
var orderOf = map[costd.SortField][]string{
	costd.SortBillingValue: {"second_up", "nano_up % 1000000000", "atto_up % 1000000000", "finest % 1000000000"},
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

// rows yields the rows of the first block and then those of the others.
func (r *resourceReader) rows(block []costd.ResourceUsage) iter.Seq2[costd.ResourceUsage, error] {
	return func(yield func(costd.ResourceUsage, error) bool) {
		defer r.release()
		for {
			for _, row := range block {
				if !yield(row, nil) {
					return
				}
			}
			if r.next >= r.end {
				return
			}
			var err error
			if block, err = r.block(); err != nil {
				err = storeError(err)
				costd.Wrap(&err, "duckdb.Resources")
				yield(costd.ResourceUsage{}, err)
				return
			}
		}
	}
}

// block reads the next block.
func (r *resourceReader) block() ([]costd.ResourceUsage, error) {
	from, to := r.next, min(r.next+blockRows, r.end)
	r.next = to
	if from >= to {
		return nil, nil
	}
	block, err := readAll(r.snapshot, blockSQL, scanResource, from, to)
	if err != nil {
		return nil, err
	}
	days, err := readAll(r.snapshot, blockDaySQL, scanResourceDay, from, to)
	for _, d := range days {
		row := &block[d.number-from]
		row.Days = addDay(row.Days, d.usage)
	}
	return block, err
}

const (
	blockSQL = `SELECT type, region_id, dimension, metric, project_id, resource_id, first_seen, last_seen, name, size,
	volume_type, file_share_type, instance_type, ip_address, attached_to_vm, port_id, network_id, subnet_id,
	vm_id, instance_name, source_volume_uuid, schedule_id, size_unit, tags
FROM page WHERE number >= ? AND number < ? ORDER BY number`

	blockDaySQL = `SELECT number, day, grid, upper_half, lower_half
FROM page_day WHERE number >= ? AND number < ? ORDER BY number, day, grid`
)

func scanResource(rows *sql.Rows) (r costd.ResourceUsage, err error) {
	var first, last int64
	var size any
	var tags string
	a := &r.Attributes
	if err := rows.Scan(&r.Line.Type, &r.Line.RegionID, &r.Line.Dimension, &r.Line.Metric, &r.ProjectID, &r.ResourceID,
		&first, &last, &r.Name, &size, &a.VolumeType, &a.FileShareType, &a.InstanceType, &a.IPAddress, &a.AttachedToVM,
		&a.PortID, &a.NetworkID, &a.SubnetID, &a.VMID, &a.InstanceName, &a.SourceVolumeUUID, &a.ScheduleID, &a.SizeUnit,
		&tags); err != nil {
		return r, err
	}
	r.FirstSeen, r.LastSeen = time.Unix(0, first).UTC(), time.Unix(0, last).UTC()
	if r.Size, err = decodeSize(size); err != nil {
		return r, err
	}
	r.Tags, err = decodeTags(tags)
	return r, err
}

// A resourceDay is the usage of one row on one day and grid.
type resourceDay struct {
	number int64
	usage  costd.DayUsage
}

func scanResourceDay(rows *sql.Rows) (d resourceDay, err error) {
	var grid costd.Grid
	var upper, lower *big.Int
	if err := rows.Scan(&d.number, &d.usage.Day, &grid, &upper, &lower); err != nil {
		return d, err
	}
	d.usage.Used, err = rational(upper, lower, grid)
	d.usage.Selected = d.usage.Used
	return d, err
}
