package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"slices"

	"costd"
	"costd/decimal"

	duck "github.com/duckdb/duckdb-go/v2"
)

// Lines implements costd.UsageStore.
func (db *DB) Lines(ctx context.Context, q costd.Query) (lines []costd.LineUsage, err error) {
	defer costd.Wrap(&err, "duckdb.Lines")
	s, err := newSelection(q, lineDimension)
	if err != nil {
		return nil, err
	}
	err = db.read(ctx, func(tx *sql.Tx) error {
		if lines, err = dailySums(ctx, tx, s); err != nil {
			return err
		}
		return addLastSizes(ctx, tx, s, lines)
	})
	return lines, err
}

// dailySums returns the lines of which a resource is selected, with their usage.
func dailySums(ctx context.Context, tx *sql.Tx, s *selection) ([]costd.LineUsage, error) {
	query := s.with.String() + fmt.Sprintf(`
		SELECT type, region_id, dimension, metric, day, grid, bool_or(selected),
			%s, %s
		FROM base GROUP BY type, region_id, dimension, metric, day, grid
		ORDER BY type, region_id, dimension, metric, day, grid`,
		fmt.Sprintf(sumSQL, ""), fmt.Sprintf(sumSQL, " FILTER (WHERE selected)"))
	rows, err := tx.QueryContext(ctx, query, s.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all lineSums
	for rows.Next() {
		var sum daySum
		if err := rows.Scan(&sum.line.Type, &sum.line.RegionID, &sum.line.Dimension, &sum.line.Metric, &sum.day, &sum.grid,
			&sum.selected, &sum.used[0], &sum.used[1], &sum.chosen[0], &sum.chosen[1]); err != nil {
			return nil, err
		}
		if err := all.add(&sum); err != nil {
			return nil, err
		}
	}
	return all.selected(), rows.Err()
}

// A daySum is the sum over one line, day and grid.
type daySum struct {
	line         costd.Line
	day          costd.Day
	grid         costd.Grid
	selected     bool        // whether any part is
	used, chosen [2]*big.Int // the halves of the sums; nil for none
}

// lineSums builds lines from sums that come ordered by line and day.
type lineSums struct {
	lines []costd.LineUsage
	keep  []bool // whether a resource of the line is selected
}

func (l *lineSums) add(sum *daySum) error {
	used, err := rational(sum.used[0], sum.used[1], sum.grid)
	if err != nil {
		return err
	}
	selected, err := rational(sum.chosen[0], sum.chosen[1], sum.grid)
	if err != nil {
		return err
	}
	last := len(l.lines) - 1
	if last < 0 || l.lines[last].Line != sum.line {
		l.lines, l.keep = append(l.lines, costd.LineUsage{Line: sum.line}), append(l.keep, false)
		last++
	}
	l.keep[last] = l.keep[last] || sum.selected
	l.lines[last].Days = addDay(l.lines[last].Days, costd.DayUsage{Day: sum.day, Used: used, Selected: selected})
	return nil
}

// selected returns the lines of which a resource is selected.
func (l *lineSums) selected() []costd.LineUsage {
	kept := l.lines[:0]
	for i, keep := range l.keep {
		if keep {
			kept = append(kept, l.lines[i])
		}
	}
	return kept
}

func rational(upper, lower *big.Int, grid costd.Grid) (decimal.Rational, error) {
	units, err := join(upper, lower)
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
func addLastSizes(ctx context.Context, tx *sql.Tx, s *selection, lines []costd.LineUsage) error {
	isBackup := func(l costd.LineUsage) bool { return l.Line.Type == costd.Backup }
	if !slices.ContainsFunc(lines, isBackup) {
		return nil
	}
	query := s.with.String() + fmt.Sprintf(`
		SELECT region_id, metric, sum(size) FROM (
			SELECT region_id, metric, %s AS size FROM base WHERE type = 'backup' AND selected
			GROUP BY region_id, metric, resource_id
		) WHERE size IS NOT NULL GROUP BY region_id, metric`, lastState("size"))
	rows, err := tx.QueryContext(ctx, query, s.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		line, size := costd.Line{Type: costd.Backup}, duck.Decimal{}
		if err := rows.Scan(&line.RegionID, &line.Metric, &size); err != nil {
			return err
		}
		i := slices.IndexFunc(lines, func(l costd.LineUsage) bool { return l.Line == line })
		if lines[i].LastSize, err = decimal.FromBig(size.Value, -int32(size.Scale)); err != nil {
			return costd.Errorf(costd.Overflow, "the sum of the last sizes of %s %w", line.Metric, err)
		}
	}
	return rows.Err()
}
