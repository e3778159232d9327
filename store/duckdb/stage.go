package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/big"
	"slices"

	"costd.dev/costd"

	duck "github.com/duckdb/duckdb-go/v2"
)

// A staging is a history with the numbers of what its first and last record say.
type staging struct {
	*history
	n           int32  // its index among those of the batch
	key         int64  // the number of the resource that it is known by, 0 if there is an id
	first, last *state // nil for a deletion
	hash        uint64 // of the identity, if its day has a digest
}

// clientDay returns the day on which its records begin.
func (s *staging) clientDay() clientDay { return clientDay{s.client, s.day} }

// stored returns the state of the record that is to be stored.
func (s *staging) stored() *state {
	if len(s.records) > 1 {
		return s.last
	}
	return s.first
}

// A partRow is a row of the table part.
type partRow struct {
	*staging
	record   *costd.Record
	part     *costd.Part
	state    *state
	resource int64 // its number
	start    int64 // of the part
}

// appendRows appends what is to be stored of s.
func (s *staging) appendRows(rows []partRow) []partRow {
	r := s.history.last()
	for i := range r.Parts {
		p, of := &r.Parts[i], s.stored()
		rows = append(rows, partRow{s, r, p, of, of.resource.number, p.Start.UnixNano()})
	}
	return rows
}

// inOrder sorts rows by start, client and the number of the resource. Neighbours then
// are equal in these columns or grow by one, and DuckDB compresses them to almost nothing.
func inOrder(rows []partRow) []partRow {
	slices.SortFunc(rows, func(a, b partRow) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.client, b.client),
			cmp.Compare(a.resource, b.resource), cmp.Compare(a.n, b.n))
	})
	return rows
}

// A partAppender appends rows of the table part.
type partAppender struct {
	client, recordStart, start, end column[int64]
	recordDay, day                  column[int32]
	units                           column[uint64]
}

func (c *partAppender) append(a *duck.Appender, _ int, row partRow) error {
	r, p := row.record, row.part
	units := driver.Value(p.Quantity.Units)
	if p.Quantity.Units.IsUint64() {
		units = c.units.value(p.Quantity.Units.Uint64())
	}
	return a.AppendRow(c.client.value(row.client), c.recordDay.value(int32(row.day)), c.day.value(int32(p.Day)),
		r.ID, row.resource, row.state.Number, c.recordStart.value(r.Start.UnixNano()), c.start.value(row.start),
		c.end.value(p.End.UnixNano()), units, uint8(p.Quantity.Grid))
}

// A column boxes the values of a column for an appender. Rows in order often have
// the value of the row before, which is boxed already.
type column[T comparable] struct {
	last  T
	boxed driver.Value
}

func (c *column[T]) value(v T) driver.Value {
	if c.boxed == nil || v != c.last {
		c.last, c.boxed = v, v
	}
	return c.boxed
}

// appendRows lets f append the rows of each element to a table.
func appendRows[T any](ctx context.Context, writer *sql.Conn, catalog, table string, elements []T,
	f func(*duck.Appender, int, T) error) error {
	if len(elements) == 0 {
		return nil
	}
	return writer.Raw(func(conn any) error {
		appender, err := newAppender(conn, catalog, table)
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

// newAppender returns an appender on a connection of the driver, which tests may have
// wrapped: it needs DuckDB's own.
func newAppender(conn any, catalog, table string) (*duck.Appender, error) {
	own := conn.(driver.Conn)
	if wrapped, ok := conn.(interface{ Own() (driver.Conn, error) }); ok {
		var err error
		if own, err = wrapped.Own(); err != nil {
			return nil, err
		}
	}
	return duck.NewAppender(own, catalog, "main", table)
}

// The roles of a staged row.
const (
	roleHead    = 1 << iota // one row of each history: it has the identity
	roleCompare             // a part of the first record
)

// stageHistory stages the first record of a history: its parts, the first of which
// is the head. A deletion has no parts, and stages a head alone.
func stageHistory(a *duck.Appender, _ int, s *staging) error {
	r := s.history.first()
	if r.Deleted {
		return a.AppendRow(s.n, uint8(roleHead), s.client, int32(s.day), int32(0), s.id, s.key, int64(0),
			s.start, int64(0), int64(0), new(big.Int), uint8(0))
	}
	role := uint8(roleHead | roleCompare)
	for i := range r.Parts {
		p := &r.Parts[i]
		if err := a.AppendRow(s.n, role, s.client, int32(s.day), int32(p.Day), r.ID, s.first.resource.number, s.first.Number,
			r.Start.UnixNano(), p.Start.UnixNano(), p.End.UnixNano(), p.Quantity.Units, uint8(p.Quantity.Grid)); err != nil {
			return err
		}
		role = roleCompare
	}
	return nil
}
