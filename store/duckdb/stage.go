package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/big"

	"costd"

	duck "github.com/duckdb/duckdb-go/v2"
)

// A staging is a history with the numbers of what its first and last record say.
type staging struct {
	*history
	key         int64  // the number of the resource that it is known by, 0 if there is an id
	first, last *state // nil for a deletion
}

// stored returns the state of the record that is to be stored.
func (s *staging) stored() *state {
	if len(s.records) > 1 {
		return s.last
	}
	return s.first
}

// stage fills the temporary table staged, within the transaction that is open on
// the writer.
func (db *DB) stage(ctx context.Context, stagings []staging) error {
	return appendRows(ctx, db.engine.writer, "temp", "staged", stagings, stageHistory)
}

// appendRows lets f append the rows of each element to a table.
func appendRows[T any](ctx context.Context, writer *sql.Conn, catalog, table string, elements []T,
	f func(*duck.Appender, int, T) error) error {
	if len(elements) == 0 {
		return nil
	}
	return writer.Raw(func(conn any) error {
		appender, err := duck.NewAppender(conn.(driver.Conn), catalog, "main", table)
		if err != nil {
			return err
		}
		for i, element := range elements {
			if i%duck.GetDataChunkCapacity() == 0 {
				err = ctx.Err()
			}
			if err == nil {
				err = f(appender, i, element)
			}
			if err != nil {
				return errors.Join(err, appender.Clear(), appender.Close())
			}
		}
		return appender.CloseWithCancel(ctx)
	})
}

// The roles of a staged row.
const (
	roleHead    = 1 << iota // one row of each history: it has the identity
	roleCompare             // a part of the first record
	roleStore               // a part of the last record
)

// stageHistory stages the first record of the history and the last; most often
// they are the same one.
func stageHistory(a *duck.Appender, n int, s staging) error {
	single := s.single()
	if s.history.first().Deleted {
		if err := stageDeletion(a, n, s); err != nil {
			return err
		}
	}
	role := uint8(roleCompare)
	if single {
		role |= roleStore
	}
	if err := stageParts(a, n, s, s.history.first(), s.first, role); err != nil || single {
		return err
	}
	return stageParts(a, n, s, s.history.last(), s.last, roleStore)
}

// stageParts stages the parts of a record. The first of the first record is the
// head of the history.
func stageParts(a *duck.Appender, n int, s staging, r *costd.Record, of *state, role uint8) error {
	if r.Deleted {
		return nil
	}
	start := r.Start.UnixNano()
	for i := range r.Parts {
		p, role := &r.Parts[i], role
		if i == 0 && role&roleCompare > 0 {
			role |= roleHead
		}
		if err := a.AppendRow(int32(n), role, s.client, int32(s.day), int32(p.Day), r.ID, of.resource.number, of.number,
			start, p.Start.UnixNano(), p.End.UnixNano(), p.Quantity.Units, uint8(p.Quantity.Grid)); err != nil {
			return err
		}
	}
	return nil
}

// stageDeletion stages a head alone, as a deletion has no parts.
func stageDeletion(a *duck.Appender, n int, s staging) error {
	return a.AppendRow(int32(n), uint8(roleHead), s.client, int32(s.day), int32(0), s.id, s.key, int64(0),
		s.start, int64(0), int64(0), new(big.Int), uint8(0))
}
