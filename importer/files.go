package importer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"costd.dev/costd"
)

// maxRecordBytes is the size of one line or CSV record at most. A usage record
// has well under a kilobyte; without a limit a file without line breaks, or with
// a quote left open, would be read into memory whole.
const maxRecordBytes = 1 << 20

// A format is how a file holds records.
type format uint8

const (
	formatCSV format = iota + 1
	formatNDJSON
	formatParquet
)

// A file is one file of an input.
type file struct {
	path    string
	format  format
	gzipped bool
	size    int64 // in bytes, as stored
}

// openable returns the file at the path, after making sure that it is there and
// that its name says how to read it.
func openable(path string) (file, error) {
	f := file{path: path}
	name, gzipped := strings.CutSuffix(strings.ToLower(path), ".gz")
	switch extension := filepath.Ext(name); {
	case extension == ".csv":
		f.format = formatCSV
	case extension == ".ndjson" || extension == ".jsonl":
		f.format = formatNDJSON
	case extension == ".parquet" && !gzipped:
		f.format = formatParquet
	default:
		return f, costd.Errorf(costd.Invalid, "%s: cannot tell the format from the name; import reads .csv, .ndjson and .jsonl (each also .gz), and .parquet", path)
	}
	f.gzipped = gzipped
	info, err := os.Stat(path)
	if err != nil {
		return f, costd.Errorf(costd.Invalid, "cannot read %s: %w", path, cause(err))
	}
	if !info.Mode().IsRegular() {
		return f, costd.Errorf(costd.Invalid, "%s is not a file", path)
	}
	f.size = info.Size()
	return f, nil
}

// cause drops the path that the operating system's errors repeat.
func cause(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

// An Input is a source of usage records.
type Input struct {
	files []file
	query string
	read  atomic.Int64
}

// Files returns the records of the files, one file after the other. It fails if
// one of them is missing or of an unknown format.
func Files(paths ...string) (*Input, error) {
	in := new(Input)
	for _, path := range paths {
		f, err := openable(path)
		if err != nil {
			return nil, err
		}
		in.files = append(in.files, f)
	}
	return in, nil
}

// Progress returns how many bytes of how many were read so far. The total is 0 if
// the end cannot be foreseen, as it is with a query.
func (in *Input) Progress() (read, total int64) {
	if in.query != "" {
		return 0, 0
	}
	for _, f := range in.files {
		total += f.size
	}
	return in.read.Load(), total
}

// Rows yields the records in order. The first error ends them.
func (in *Input) Rows(ctx context.Context) iter.Seq2[Row, error] {
	if in.query != "" {
		return in.queryRows(ctx)
	}
	return func(yield func(Row, error) bool) {
		for _, f := range in.files {
			for row, err := range in.fileRows(ctx, f) {
				if err != nil {
					yield(Row{}, costd.Errorf(costd.Invalid, "%s: %w", f.path, cause(err)))
					return
				}
				row.File = f.path
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// fileRows yields the records of one file; they do not name it yet.
func (in *Input) fileRows(ctx context.Context, f file) iter.Seq2[Row, error] {
	switch f.format {
	case formatCSV:
		return in.streamed(f, csvRows)
	case formatNDJSON:
		return in.streamed(f, ndjsonRows)
	default:
		return in.parquetRows(ctx, f)
	}
}

// streamed opens the file for the reader and counts what is read of it.
func (in *Input) streamed(f file, rows func(io.Reader) iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		r, err := f.open(&in.read)
		if err != nil {
			yield(Row{}, err)
			return
		}
		defer r.Close()
		rows(r)(yield)
	}
}

// open returns the contents of the file, unpacked. The bytes read from disk are
// added to read.
func (f file) open(read *atomic.Int64) (io.ReadCloser, error) {
	r, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	counted := &countingReader{ReadCloser: r, read: read}
	if !f.gzipped {
		return counted, nil
	}
	z, err := gzip.NewReader(bufio.NewReaderSize(counted, 1<<16))
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("is not gzip: %w", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{z, r}, nil
}

// A countingReader adds the bytes that pass through it to read.
type countingReader struct {
	io.ReadCloser
	read *atomic.Int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.read.Add(int64(n))
	return n, err
}

// ndjsonRows yields the lines as they are, blank ones left out.
func ndjsonRows(r io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 1<<16), maxRecordBytes)
		var number int64
		for lines.Scan() {
			number++
			line := lines.Bytes()
			if number == 1 {
				line = bytes.TrimPrefix(line, byteOrderMark)
			}
			if line = bytes.TrimSpace(line); len(line) == 0 {
				continue
			}
			if !yield(Row{Number: number, JSON: line}, nil) {
				return
			}
		}
		if errors.Is(lines.Err(), bufio.ErrTooLong) {
			yield(Row{}, fmt.Errorf("line %d is longer than %d bytes; is it NDJSON, one record a line?", number+1, maxRecordBytes))
		} else if lines.Err() != nil {
			yield(Row{}, lines.Err())
		}
	}
}

// byteOrderMark is what some programs put before the first byte of UTF-8.
var byteOrderMark = []byte("\ufeff")

// csvRows yields the records of RFC 4180 text whose first line names the columns.
func csvRows(r io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		limited := &recordLimit{Reader: r, left: maxRecordBytes}
		records := csv.NewReader(limited)
		records.ReuseRecord = true
		records.FieldsPerRecord = -1 // the encoder checks it, record by record
		encode, err := readHeader(records)
		if err != nil {
			yield(Row{}, err)
			return
		}
		var buffer []byte
		for {
			limited.left = maxRecordBytes
			record, err := records.Read()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Row{}, err)
				return
			}
			line, _ := records.FieldPos(0)
			row := encode.row(buffer[:0], record)
			row.Number = int64(line)
			buffer = row.JSON
			if !yield(row, nil) {
				return
			}
		}
	}
}

func readHeader(records *csv.Reader) (*encoder, error) {
	header, err := records.Read()
	if err == io.EOF {
		return nil, errors.New("is empty; the first line must name the columns")
	}
	if err != nil {
		return nil, err
	}
	header[0] = strings.TrimPrefix(header[0], string(byteOrderMark))
	if err := recognize(header); err != nil {
		return nil, err
	}
	return newEncoder(header)
}

// recognize says what a first line is that is no header of ours, where that can be told.
func recognize(header []string) error {
	first := header[0]
	switch {
	case strings.HasPrefix(first, "\xff\xfe"), strings.HasPrefix(first, "\xfe\xff"), strings.Contains(first, "\x00"):
		return errors.New("is UTF-16; save it as UTF-8, in a spreadsheet as \"CSV UTF-8\"")
	case len(header) == 1 && strings.ContainsAny(first, ";\t|"):
		separator := first[strings.IndexAny(first, ";\t|")]
		return fmt.Errorf("has its fields separated by %q; separate them by commas, or read it by --query with SELECT * FROM input, which finds the separator", separator)
	case !slices.ContainsFunc(header, isColumn) && strings.ContainsAny(strings.Join(header, ""), "0123456789"):
		return fmt.Errorf("has no header: the first line is %.64q; put a line before it that names the columns", strings.Join(header, ","))
	}
	return nil
}

// isColumn reports whether usage has the column.
func isColumn(name string) bool {
	name = shortName(name)
	_, top := usageColumns[name]
	return top || slices.Contains(attributeColumns, name) || strings.HasPrefix(name, tagColumn)
}

// A recordLimit fails when more is read than is left. Its user refills it for
// every record.
type recordLimit struct {
	io.Reader
	left int
}

func (r *recordLimit) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, fmt.Errorf("a record is longer than %d bytes; is a quote left open?", maxRecordBytes)
	}
	n, err := r.Reader.Read(p)
	r.left -= n
	return n, err
}
