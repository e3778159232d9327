package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"math/big"
	"strings"
	"time"

	"costd"
)

// Resources implements costd.UsageStore. The sequence can be read once; it has to
// be read, or the context be cancelled, for the snapshot behind it to be released.
func (db *DB) Resources(ctx context.Context, q costd.Query, p costd.Page) (_ int, _ iter.Seq2[costd.ResourceUsage, error], err error) {
	defer costd.Wrap(&err, "duckdb.Resources")
	s, err := newSelection(q, rowDimension)
	if err != nil {
		return 0, nil, err
	}
	page, err := s.page(p)
	if err != nil {
		return 0, nil, err
	}
	if db.closed.Load() {
		return 0, nil, errClosed
	}
	tx, err := db.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, nil, storeError(err)
	}
	count, err := s.countRows(ctx, tx)
	if err != nil {
		tx.Rollback()
		return 0, nil, storeError(err)
	}
	rows, err := tx.QueryContext(ctx, page, s.args...)
	if err != nil {
		tx.Rollback()
		return 0, nil, storeError(err)
	}
	return count, resourceRows(tx, rows), nil
}

// rowKey are the columns that tell resource rows apart.
const rowKey = "type, region_id, dimension, metric, project_id, resource_id"

func (s *selection) countRows(ctx context.Context, tx *sql.Tx) (count int, err error) {
	query := s.with.String() + "SELECT count(*) FROM (SELECT DISTINCT " + rowKey + " FROM base WHERE selected)"
	err = tx.QueryRowContext(ctx, query, s.args...).Scan(&count)
	return count, err
}

// page returns the query of the rows of a page.
func (s *selection) page(p costd.Page) (string, error) {
	order, err := orderSQL(p.OrderBy)
	if err != nil {
		return "", err
	}
	if p.Offset < 0 || p.Limit < 0 {
		return "", costd.InvalidField("offset", "offset and limit must not be negative")
	}
	limit := fmt.Sprintf("OFFSET %d", p.Offset)
	if p.Limit > 0 {
		limit = fmt.Sprintf("LIMIT %d OFFSET %d", p.Limit, p.Offset)
	}
	return s.with.String() + fmt.Sprintf(pageSQL, fmt.Sprintf(sumSQL, ""), order, limit), nil
}

const pageSQL = `, summed AS (
	SELECT ` + rowKey + `, day, grid, %[1]s
	FROM base WHERE selected GROUP BY ALL
), daily(` + rowKey + `, day, grid, upper_half, lower_half) AS (FROM summed
), totals AS (
	SELECT ` + rowKey + `,
		list(day ORDER BY day, grid) AS days, list(grid ORDER BY day, grid) AS grids,
		list(upper_half ORDER BY day, grid) AS upper_halves, list(lower_half ORDER BY day, grid) AS lower_halves,
		COALESCE(sum(upper_half) FILTER (grid = 0), 0) * 18446744073709551616 + COALESCE(sum(lower_half) FILTER (grid = 0), 0) AS coarse,
		COALESCE(sum(upper_half) FILTER (grid = 1), 0) * 18446744073709551616 + COALESCE(sum(lower_half) FILTER (grid = 1), 0) AS middle,
		COALESCE(sum(upper_half) FILTER (grid = 2), 0) * 18446744073709551616 + COALESCE(sum(lower_half) FILTER (grid = 2), 0) AS fine
	FROM daily GROUP BY ALL
), seen AS (
	SELECT ` + rowKey + `, min(part_start) AS first_seen, max(part_end) AS last_seen,
		arg_max({'name': name, 'row': stored_row}, (part_end, record_start, id)) AS last
	FROM base WHERE selected GROUP BY ALL
), ranked AS (
	SELECT *, row_number() OVER (ORDER BY %[2]s) AS rank FROM totals JOIN seen USING (` + rowKey + `)
	ORDER BY rank %[3]s
)
SELECT ranked.type, ranked.region_id, ranked.dimension, ranked.metric, ranked.project_id, ranked.resource_id,
	days, grids, upper_halves, lower_halves, first_seen, last_seen, u.name, u.size,
	u.volume_type, u.file_share_type, u.instance_type, u.ip_address, u.attached_to_vm, u.port_id, u.network_id, u.subnet_id,
	u.vm_id, u.instance_name, u.source_volume_uuid, u.schedule_id, u.size_unit, u.tags
FROM ranked JOIN usage u ON u.rowid = ranked.last.row
ORDER BY rank`

// orderOf are the expressions that rows are ordered by. The billing value is
// compared exactly though its parts stand on different grids: each carries what it
// has in whole units of the next coarser grid, a billion of its own.
var orderOf = map[costd.SortField][]string{
	costd.SortBillingValue: {
		"coarse + (middle + fine // 1000000000) // 1000000000",
		"(middle + fine // 1000000000) % 1000000000",
		"fine % 1000000000",
	},
	costd.SortFirstSeen: {"first_seen"},
	costd.SortLastName:  {"last.name"},
	costd.SortLastSeen:  {"last_seen"},
	costd.SortProject:   {"project_id"},
	costd.SortRegion:    {"region_id"},
	costd.SortType:      {"type"},
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
			continue // it has been decided by the first one
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

// resourceRows yields the rows and ends the transaction.
func resourceRows(tx *sql.Tx, rows *sql.Rows) iter.Seq2[costd.ResourceUsage, error] {
	return func(yield func(costd.ResourceUsage, error) bool) {
		defer tx.Rollback()
		defer rows.Close()
		for rows.Next() {
			usage, err := scanResource(rows)
			if err != nil {
				costd.Wrap(&err, "duckdb.Resources")
			}
			if !yield(usage, err) || err != nil {
				return
			}
		}
		if err := storeError(rows.Err()); err != nil {
			costd.Wrap(&err, "duckdb.Resources")
			yield(costd.ResourceUsage{}, err)
		}
	}
}

func scanResource(rows *sql.Rows) (costd.ResourceUsage, error) {
	var r costd.ResourceUsage
	var days, grids, upper, lower []any
	var first, last int64
	var size any
	var tags string
	a := &r.Attributes
	err := rows.Scan(&r.Line.Type, &r.Line.RegionID, &r.Line.Dimension, &r.Line.Metric, &r.ProjectID, &r.ResourceID,
		scanInto(&days), scanInto(&grids), scanInto(&upper), scanInto(&lower), &first, &last, &r.Name, &size,
		&a.VolumeType, &a.FileShareType, &a.InstanceType, &a.IPAddress, &a.AttachedToVM, &a.PortID, &a.NetworkID, &a.SubnetID,
		&a.VMID, &a.InstanceName, &a.SourceVolumeUUID, &a.ScheduleID, &a.SizeUnit, &tags)
	if err != nil {
		return r, err
	}
	r.FirstSeen, r.LastSeen = time.Unix(0, first).UTC(), time.Unix(0, last).UTC()
	if r.Size, err = decodeSize(size); err != nil {
		return r, err
	}
	if r.Tags, err = decodeTags(tags); err != nil {
		return r, err
	}
	for i := range days {
		used, err := rational(upper[i].(*big.Int), lower[i].(*big.Int), costd.Grid(grids[i].(uint8)))
		if err != nil {
			return r, err
		}
		r.Days = addDay(r.Days, costd.DayUsage{Day: costd.Day(days[i].(int32)), Used: used, Selected: used})
	}
	return r, nil
}

// scanInto returns a destination for Scan that takes values of the type as the
// driver gives them, such as lists.
func scanInto[T any](destination *T) sql.Scanner { return scanner[T]{destination} }

type scanner[T any] struct{ destination *T }

func (s scanner[T]) Scan(value any) error {
	v, ok := value.(T)
	if !ok {
		return fmt.Errorf("a column holds %T, not %T", value, v)
	}
	*s.destination = v
	return nil
}
