package importer

import (
	"context"
	"errors"
	"iter"
	"unsafe"

	duckdb "github.com/duckdb/duckdb-go-bindings"
)

// An engine is an embedded DuckDB without any file of its own. It reads what Go
// does not read itself: Parquet, and queries.
//
// It stands on the C interface and not on database/sql, because that holds a
// whole result in memory before it yields the first row.
type engine struct {
	db   duckdb.Database
	conn duckdb.Connection
}

// openEngine returns an engine in which times without a zone are UTC.
func openEngine() (*engine, error) {
	e := new(engine)
	if duckdb.Open(":memory:", &e.db) == duckdb.StateError {
		return nil, errors.New("cannot start the embedded DuckDB")
	}
	if duckdb.Connect(e.db, &e.conn) == duckdb.StateError {
		e.close()
		return nil, errors.New("cannot start the embedded DuckDB")
	}
	if err := e.exec("SET TimeZone = 'UTC'"); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func (e *engine) close() {
	duckdb.Disconnect(&e.conn)
	duckdb.Close(&e.db)
}

// exec runs a statement for its effect.
func (e *engine) exec(sql string) error {
	var result duckdb.Result
	defer duckdb.DestroyResult(&result)
	if duckdb.Query(e.conn, sql, &result) == duckdb.StateError {
		return errors.New(duckdb.ResultError(&result))
	}
	return nil
}

// statements returns the number of statements in sql, 0 if it cannot be read.
func (e *engine) statements(sql string) int {
	var all duckdb.ExtractedStatements
	defer duckdb.DestroyExtracted(&all)
	return int(duckdb.ExtractStatements(e.conn, sql, &all))
}

// rows runs a query all of whose columns are VARCHAR and yields its rows as they
// are computed. A row is valid until the next one is asked for; NULL is "".
func (e *engine) rows(ctx context.Context, sql string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		var statement duckdb.PreparedStatement
		defer duckdb.DestroyPrepare(&statement)
		if duckdb.Prepare(e.conn, sql, &statement) == duckdb.StateError {
			yield(nil, errors.New(duckdb.PrepareError(statement)))
			return
		}
		stop := context.AfterFunc(ctx, func() { duckdb.Interrupt(e.conn) })
		defer stop()
		var result duckdb.Result
		defer duckdb.DestroyResult(&result)
		if duckdb.ExecutePreparedStreaming(statement, &result) == duckdb.StateError {
			yield(nil, errors.New(duckdb.ResultError(&result)))
			return
		}
		for {
			chunk := duckdb.FetchChunk(result)
			if chunk.Ptr == nil {
				break
			}
			if !yieldChunk(chunk, yield) {
				return
			}
		}
		if message := duckdb.ResultError(&result); message != "" {
			yield(nil, errors.New(message))
		}
	}
}

// yieldChunk yields the rows of a chunk and lets go of it.
func yieldChunk(chunk duckdb.DataChunk, yield func([]string, error) bool) bool {
	defer duckdb.DestroyDataChunk(&chunk)
	columns := make([]textVector, duckdb.DataChunkGetColumnCount(chunk))
	size := int(duckdb.DataChunkGetSize(chunk))
	for i := range columns {
		columns[i] = newTextVector(duckdb.DataChunkGetVector(chunk, duckdb.IdxT(i)), size)
	}
	row := make([]string, len(columns))
	for r := range size {
		for i, c := range columns {
			row[i] = c.at(r)
		}
		if !yield(row, nil) {
			return false
		}
	}
	return true
}

// A textVector reads a vector of VARCHAR in place: per value a length of 32 bits,
// then 12 bytes that hold the text itself, if it fits, or else 4 bytes of it and
// the address of all of it. This layout is fixed by DuckDB's C interface.
type textVector struct {
	values []textValue
	valid  []uint64 // one bit a value; nil if all are valid
}

type textValue struct {
	length  uint32
	prefix  [4]byte
	address *byte
}

const inlined = 12

func newTextVector(v duckdb.Vector, size int) textVector {
	t := textVector{values: unsafe.Slice((*textValue)(duckdb.VectorGetData(v)), size)}
	if mask := duckdb.VectorGetValidity(v); mask != nil {
		t.valid = unsafe.Slice((*uint64)(mask), (size+63)/64)
	}
	return t
}

// at returns the text without copying it, "" for NULL.
func (t textVector) at(i int) string {
	if t.valid != nil && t.valid[i/64]&(1<<(i%64)) == 0 {
		return ""
	}
	v := &t.values[i]
	if v.length <= inlined {
		return unsafe.String(&v.prefix[0], v.length)
	}
	return unsafe.String(v.address, v.length)
}
