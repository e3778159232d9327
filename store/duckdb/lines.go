package duckdb

import (
	"context"
	"database/sql"
	"math/big"
	"slices"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/usage"

	duck "github.com/duckdb/duckdb-go/v2"
)

// Lines implements costd.UsageStore.
func (db *DB) Lines(ctx context.Context, q costd.Query) (lines []costd.LineUsage, err error) {
	defer costd.Wrap(&err, "duckdb.Lines")
	s, err := newSelection(q, lineDimension)
	if err != nil {
		return nil, err
	}
	err = db.answer(ctx, q, func(a *usage.Aggregate) (err error) {
		lines, err = a.Lines(q)
		return err
	}, func(now *snapshot) (err error) {
		lines, err = readLines(now, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	return lines, nil
}

// readLines reads the lines of a selection from the database.
func readLines(now *snapshot, s *selection) ([]costd.LineUsage, error) {
	sums, err := readAll(now, s.with()+daySumSQL, scanDaySum, s.args...)
	if err != nil {
		return nil, err
	}
	lines, err := linesOf(sums)
	if err != nil {
		return nil, err
	}
	return lines, addLastSizes(now, s, lines)
}

const daySumSQL = `
SELECT type, region_id, dimension, metric, day, grid, bool_or(selected),
	sum((units >> 64)::BIGINT), sum((units & 18446744073709551615)::UBIGINT),
	sum((units >> 64)::BIGINT) FILTER (selected), sum((units & 18446744073709551615)::UBIGINT) FILTER (selected)
FROM base GROUP BY type, region_id, dimension, metric, day, grid
ORDER BY type, region_id, dimension, metric, day, grid`

// A daySum is the sum over one line, day and grid.
type daySum struct {
	line         costd.Line
	day          costd.Day
	grid         costd.Grid
	selected     bool        // whether any part is
	used, chosen [2]*big.Int // the halves of the sums; nil for none
}

func scanDaySum(rows *sql.Rows) (d daySum, err error) {
	err = rows.Scan(&d.line.Type, &d.line.RegionID, &d.line.Dimension, &d.line.Metric, &d.day, &d.grid, &d.selected,
		&d.used[0], &d.used[1], &d.chosen[0], &d.chosen[1])
	return d, err
}

// linesOf makes lines of sums that are ordered by line and day, and leaves out
// those of which no resource is selected.
func linesOf(sums []daySum) (lines []costd.LineUsage, err error) {
	for len(sums) > 0 {
		line := costd.LineUsage{Line: sums[0].line}
		selected := false
		for len(sums) > 0 && sums[0].line == line.Line {
			day := costd.DayUsage{Day: sums[0].day}
			if day.Used, err = rational(sums[0].used[0], sums[0].used[1], sums[0].grid); err != nil {
				return nil, err
			}
			if day.Selected, err = rational(sums[0].chosen[0], sums[0].chosen[1], sums[0].grid); err != nil {
				return nil, err
			}
			line.Days = addDay(line.Days, day)
			selected = selected || sums[0].selected
			sums = sums[1:]
		}
		if selected {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

func rational(upper, lower *big.Int, grid costd.Grid) (decimal.Rational, error) {
	units, err := join(upper, lower, grid)
	if err != nil {
		return decimal.Rational{}, err
	}
	return costd.Quantity{Units: units, Grid: grid}.Rational(), nil
}

// addDay appends d, or adds it to the last day if that is the same on another grid.
func addDay(days []costd.DayUsage, d costd.DayUsage) []costd.DayUsage {
	last := len(days) - 1
	if last < 0 || days[last].Day != d.Day {
		return append(days, d)
	}
	days[last].Used = days[last].Used.Add(d.Used)
	days[last].Selected = days[last].Selected.Add(d.Selected)
	return days
}

// addLastSizes fills in the last sizes of backup lines.
func addLastSizes(now *snapshot, s *selection, lines []costd.LineUsage) error {
	isBackup := func(l costd.LineUsage) bool { return l.Line.Type == costd.Backup }
	if !slices.ContainsFunc(lines, isBackup) {
		return nil
	}
	sizes, err := readAll(now, s.with()+lastSizeSQL, scanLastSize, s.args...)
	if err != nil {
		return err
	}
	for _, last := range sizes {
		i := slices.IndexFunc(lines, func(l costd.LineUsage) bool { return l.Line == last.Line })
		lines[i].LastSize = last.LastSize
	}
	return nil
}

var lastSizeSQL = `
SELECT region_id, metric, sum(size) FROM (
	SELECT region_id, metric, ` + lastState("size") + ` AS size FROM base WHERE type = 'backup' AND selected
	GROUP BY region_id, metric, resource_id
) WHERE size IS NOT NULL GROUP BY region_id, metric`

// scanLastSize returns a backup line with its last size only. A sum of sizes, of
// 29 digits each, overflows its 38 digits after a billion backups.
func scanLastSize(rows *sql.Rows) (line costd.LineUsage, err error) {
	var size duck.Decimal
	line.Line.Type = costd.Backup
	if err := rows.Scan(&line.Line.RegionID, &line.Line.Metric, &size); err != nil {
		return line, err
	}
	line.LastSize, err = decimal.FromBig(size.Value, -int32(size.Scale))
	return line, err
}
