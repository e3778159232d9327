package importer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"

	"costd.dev/costd"
)

// Query returns the rows of a SELECT in DuckDB's SQL as records. Its columns are
// usage columns, as in a CSV file, and the view "input" in it holds the files, one
// after the other, united by column name. It runs on this machine and may read
// whatever its user may.
//
// In "input" every column of a CSV file is VARCHAR, NULL where it is empty: the query
// casts what it computes with. So are the texts of NDJSON, also those that look like
// times, and numbers with fractions, of which DuckDB would make floating-point numbers;
// its other columns have the types that DuckDB finds.
func Query(sql string, paths ...string) (*Input, error) {
	in, err := Files(paths...)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(sql) == "" {
		return nil, costd.Errorf(costd.Invalid, "the query is empty; write a SELECT that yields the columns of usage")
	}
	in.query = sql
	return in, nil
}

// Names that stand for the input and its query.
const (
	inputView  = "input"
	outputView = "costd_output"
	queryName  = "query"

	createOutput = "CREATE TEMP VIEW " + outputView + " AS "
)

// queryRows yields the rows of the query.
func (in *Input) queryRows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		err := in.runQuery(ctx, yield)
		if err == nil || errors.Is(err, errStopped) {
			return
		}
		yield(Row{}, costd.Errorf(costd.Invalid, "%s: %w", queryName, err))
	}
}

// errStopped says that the reader of the rows wants no more of them.
var errStopped = errors.New("stopped")

func (in *Input) runQuery(ctx context.Context, yield func(Row, error) bool) error {
	scratch, err := os.MkdirTemp("", "costd-import-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	e, err := openEngine()
	if err != nil {
		return err
	}
	defer e.close()
	// What does not fit into memory goes there too, and not into the working folder.
	if err := e.exec("SET temp_directory = " + quoteText(scratch)); err != nil {
		return err
	}
	if err := e.createInput(ctx, in.files, scratch); err != nil {
		return err
	}
	if n := e.statements(in.query); n > 1 {
		return fmt.Errorf("holds %d statements; write one SELECT", n)
	}
	if err := e.exec(createOutput + in.query); err != nil {
		return asWritten(err)
	}
	return e.yieldView(ctx, func(r Row) bool {
		r.File = queryName
		return yield(r, nil)
	})
}

// asWritten takes what was put before the query out of an error that quotes it, and
// moves the mark under the mistake with it.
func asWritten(err error) error {
	before, quoted, ok := strings.Cut(err.Error(), createOutput)
	if !ok {
		return err
	}
	line, mark, _ := strings.Cut(quoted, "\n")
	return errors.New(before + line + "\n" + strings.TrimPrefix(mark, strings.Repeat(" ", len(createOutput))))
}

// parquetRows yields the rows of a Parquet file that has the columns of usage.
func (in *Input) parquetRows(ctx context.Context, f file) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		err := runParquet(ctx, f, func(r Row) bool { return yield(r, nil) })
		in.read.Add(f.size) // DuckDB does not say how far it is
		if err != nil && !errors.Is(err, errStopped) {
			yield(Row{}, err)
		}
	}
}

func runParquet(ctx context.Context, f file, yield func(Row) bool) error {
	e, err := openEngine()
	if err != nil {
		return err
	}
	defer e.close()
	if err := e.exec(createOutput + "SELECT * FROM " + f.parquet()); err != nil {
		return err
	}
	return e.yieldView(ctx, yield)
}

// yieldView yields the rows of the output view. It returns errStopped if yield
// wants no more.
func (e *engine) yieldView(ctx context.Context, yield func(Row) bool) error {
	names, texts, err := e.outputColumns(ctx)
	if err != nil {
		return err
	}
	encode, err := newEncoder(names)
	if err != nil {
		return err
	}
	var number int64
	var buffer []byte
	for fields, err := range e.rows(ctx, "SELECT "+strings.Join(texts, ", ")+" FROM "+outputView) {
		if err != nil {
			return err
		}
		number++
		row := encode.row(buffer[:0], fields)
		row.Number = number
		row.ID = strings.Clone(row.ID)
		buffer = row.JSON
		if !yield(row) {
			return errStopped
		}
	}
	return ctx.Err()
}

// outputColumns returns the names of the output's columns, and for each the
// expression that makes exact text of it.
func (e *engine) outputColumns(ctx context.Context) (names, texts []string, err error) {
	for row, err := range e.rows(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+outputView+")") {
		if err != nil {
			return nil, nil, err
		}
		name := strings.Clone(row[0])
		text, err := textExpression(name, row[1])
		if err != nil {
			return nil, nil, err
		}
		names, texts = append(names, name), append(texts, text)
	}
	return names, texts, nil
}

// textExpression returns SQL that makes the exact text of a column of the given
// DuckDB type, or an error if the type has none.
func textExpression(column, typ string) (string, error) {
	quoted := quoteName(column)
	base, _, _ := strings.Cut(typ, "(")
	switch {
	case base == "ENUM":
		return "CAST(" + quoted + " AS VARCHAR)", nil
	case strings.Contains(typ, "DOUBLE") || strings.Contains(typ, "FLOAT"):
		return "", costd.Errorf(costd.Invalid, "column %q is %s, which does not hold decimal numbers exactly; write CAST(%s AS DECIMAL(38, 9)), or compute it without floating point (in DuckDB / makes DOUBLE, so write x * 0.001 for x / 1000)", column, typ, column)
	case strings.HasSuffix(typ, "]"), base == "BLOB", base == "BIT", base == "INTERVAL", base == "TIME", base == "TIME WITH TIME ZONE", base == "UNION":
		return "", costd.Errorf(costd.Invalid, "column %q is %s, which no column of usage is; CAST it to VARCHAR or leave it out", column, typ)
	case base == "MAP", base == "STRUCT":
		return "CAST(to_json(" + quoted + ") AS VARCHAR)", nil
	case base == "TIMESTAMP WITH TIME ZONE":
		return utcText("CAST(" + quoted + " AS TIMESTAMP)"), nil
	case strings.HasPrefix(base, "TIMESTAMP"):
		return utcText(quoted), nil
	case base == "DATE":
		return utcText("CAST(" + quoted + " AS TIMESTAMP)"), nil
	}
	return "CAST(" + quoted + " AS VARCHAR)", nil
}

// utcText returns SQL that writes a timestamp without a zone in RFC 3339.
func utcText(timestamp string) string {
	return "replace(CAST(" + timestamp + " AS VARCHAR), ' ', 'T') || 'Z'"
}

func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
func quoteText(s string) string { return `'` + strings.ReplaceAll(s, `'`, `''`) + `'` }
