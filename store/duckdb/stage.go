package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"

	duck "github.com/duckdb/duckdb-go/v2"
)

// stage fills the temporary tables staged_history and staged_part, within the
// transaction that is open on the writer.
func (db *DB) stage(ctx context.Context, histories []history) error {
	return db.engine.writer.Raw(func(conn any) error {
		c := conn.(driver.Conn)
		if err := appendRows(ctx, c, "staged_history", histories, stageHistory); err != nil {
			return err
		}
		return appendRows(ctx, c, "staged_part", histories, stageParts)
	})
}

// appendRows lets f append the rows of each history to a temporary table.
func appendRows(ctx context.Context, conn driver.Conn, table string, histories []history,
	f func(*duck.Appender, int, *history) error) error {
	appender, err := duck.NewAppender(conn, "temp", "main", table)
	if err != nil {
		return err
	}
	for i := range histories {
		if i%duck.GetDataChunkCapacity() == 0 {
			err = ctx.Err()
		}
		if err == nil {
			err = f(appender, i, &histories[i])
		}
		if err != nil {
			return errors.Join(err, appender.Clear(), appender.Close())
		}
	}
	return appender.CloseWithCancel(ctx)
}

func stageHistory(appender *duck.Appender, n int, h *history) error {
	return appender.AppendRow(int32(n), len(h.records) == 1, h.client, int32(h.day), h.id, h.resource, h.metric, h.start)
}

// stageParts stages the first record of the history, to be compared with what is
// stored, and the last, to be stored; most often they are the same one.
func stageParts(appender *duck.Appender, n int, h *history) error {
	single := len(h.records) == 1
	if err := stageRecord(appender, n, h, 0, true, single); err != nil || single {
		return err
	}
	return stageRecord(appender, n, h, len(h.records)-1, false, true)
}

func stageRecord(appender *duck.Appender, n int, h *history, which int, compare, store bool) error {
	r := h.records[which]
	if r.Deleted {
		return nil
	}
	shared, err := newSharedValues(r)
	if err != nil {
		return err
	}
	var array [40]driver.Value
	for i := range r.Parts {
		values := append(array[:0], int32(n), compare, store)
		if err := appender.AppendRow(row(values, h.identity, r, &r.Parts[i], shared)...); err != nil {
			return err
		}
	}
	return nil
}
