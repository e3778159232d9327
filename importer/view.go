package importer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
)

// createInput makes the view of all files. What it has to write it puts into the
// folder scratch.
func (e *engine) createInput(ctx context.Context, files []file, scratch string) error {
	var selects []string
	for i, f := range files {
		table, err := e.table(ctx, f, filepath.Join(scratch, fmt.Sprint(i, ".ndjson")))
		if err != nil {
			return fmt.Errorf("%s: %w", f.path, cause(err))
		}
		selects = append(selects, "SELECT * FROM "+table)
	}
	if len(selects) == 0 {
		return nil
	}
	return e.exec("CREATE TEMP VIEW " + inputView + " AS " + strings.Join(selects, " UNION ALL BY NAME "))
}

// table returns SQL that reads the file with types that all of its rows fit. They
// are found out here, once: DuckDB would do it anew whenever it plans a query.
func (e *engine) table(ctx context.Context, f file, scratch string) (string, error) {
	switch f.format {
	case formatCSV:
		return e.csvTable(ctx, f)
	case formatNDJSON:
		return e.ndjsonTable(ctx, f, scratch)
	default:
		return f.parquet(), nil
	}
}

func (f file) parquet() string { return "read_parquet(" + quoteText(f.path) + ")" }

// csvTable reads the file with every column as text: a guessed type would change
// values without a word, for instance cut times to microseconds, or make "f" false.
// What separates the fields is found out; the first line names the columns.
func (e *engine) csvTable(ctx context.Context, f file) (string, error) {
	var prompt string
	sniff := "SELECT Prompt FROM sniff_csv(" + quoteText(f.path) + `, sample_size = -1, header = true, quote = '"', escape = '"', auto_type_candidates = ['VARCHAR'])`
	for row, err := range e.rows(ctx, sniff) {
		if err != nil {
			return "", err
		}
		prompt = strings.Clone(row[0])
	}
	// The prompt is a whole statement, "FROM read_csv(...);".
	return strings.TrimSuffix(strings.TrimPrefix(prompt, "FROM "), ";"), nil
}

// ndjsonTable reads the file itself, or if it has fractional numbers a copy in
// which they are texts, written to the path scratch.
func (e *engine) ndjsonTable(ctx context.Context, f file, scratch string) (string, error) {
	columns, exact, err := e.ndjsonColumns(ctx, f.path)
	if err != nil || exact {
		return ndjson(f.path, ", columns = {"+columns+"}"), err
	}
	if err := f.copyQuoted(scratch); err != nil {
		return "", err
	}
	columns, _, err = e.ndjsonColumns(ctx, scratch)
	return ndjson(scratch, ", columns = {"+columns+"}"), err
}

func ndjson(path, options string) string { return "read_ndjson(" + quoteText(path) + options + ")" }

// ndjsonColumns returns the columns of the file as 'name': 'type', ...; texts stay
// texts. It is not exact if numbers would pass through floating point: columns of fractions are
// DOUBLE, and those that hold numbers in some lines and texts in others are JSON.
func (e *engine) ndjsonColumns(ctx context.Context, path string) (columns string, exact bool, err error) {
	exact = true
	var all []string
	for row, err := range e.rows(ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM "+ndjson(path, ", sample_size = -1")+")") {
		if err != nil {
			return "", false, err
		}
		all = append(all, quoteText(row[0])+": "+quoteText(textsAsText(row[1])))
		exact = exact && !strings.Contains(row[1], "DOUBLE") && !strings.Contains(row[1], "JSON")
	}
	return strings.Join(all, ", "), exact, nil
}

// guessed finds, in the name of a type, the types that DuckDB takes texts of JSON for.
// It goes over the names of fields, which may be the same words: what is quoted, and
// what a type follows.
var guessed = regexp.MustCompile(`"(?:[^"]|"")*"|\b(?:DATE|TIME|TIMESTAMP(?:_N?S|_MS)?(?: WITH TIME ZONE)?|UUID)(?:[],)[]|$)`)

// textsAsText returns the type with VARCHAR for all that are text in JSON: a guessed
// type would change values without a word, for instance cut times to microseconds or
// write ids in small letters.
func textsAsText(typ string) string {
	return guessed.ReplaceAllStringFunc(typ, func(found string) string {
		if found[0] == '"' {
			return found
		}
		return "VARCHAR" + strings.TrimLeft(found, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_ ")
	})
}

// copyQuoted writes the file to path with every fractional number as a text.
func (f file) copyQuoted(path string) (err error) {
	r, err := f.open(new(atomic.Int64))
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return quoteFractions(w, r)
}

// quoteFractions copies JSON from r to w and puts every number with a point or an
// exponent between quotes.
func quoteFractions(w io.Writer, r io.Reader) error {
	in, out := bufio.NewReaderSize(r, 1<<16), bufio.NewWriterSize(w, 1<<16)
	var text, escaped bool // where the next byte stands
	for {
		c, err := in.ReadByte()
		if err == io.EOF {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		if !text && (c == '-' || isDigit(c)) {
			out.WriteString(quotedFraction(in, c))
			continue
		}
		text = text != (c == '"' && !escaped)
		escaped = c == '\\' && !escaped
		out.WriteByte(c) // a failed write is remembered until Flush
	}
}

// quotedFraction reads the rest of the number that begins with c and returns it,
// between quotes if it has a point or an exponent.
func quotedFraction(in *bufio.Reader, c byte) string {
	number := []byte{c}
	for {
		next, err := in.Peek(1)
		if err != nil || !isDigit(next[0]) && !strings.ContainsRune("+-.eE", rune(next[0])) {
			break
		}
		number = append(number, next[0])
		in.Discard(1) // what was peeked at is there
	}
	if bytes.ContainsAny(number, ".eE") {
		return `"` + string(number) + `"`
	}
	return string(number)
}
