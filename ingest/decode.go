package ingest

import (
	"errors"
	"io"
	"strings"

	"costd"
)

// A Format is a way to write usage records in a body.
type Format string

// The formats.
const (
	NDJSON Format = "ndjson" // a JSON object on each line; empty lines are skipped
	JSON   Format = "json"   // one array of JSON objects
)

// An Item is one record of a body, in its place: either a Usage, or an Invalid
// error that names what cannot be read, with the Usage as far as it was read.
type Item struct {
	costd.Usage
	Err error
}

// Decode reads a whole body. Its own error, which leaves no record at all, is
// Invalid for a body that breaks off or is not an array, and TooLarge for one over
// MaxBody or with more than costd.MaxBatch records.
func Decode(r io.Reader, format Format) (_ []Item, err error) {
	defer costd.Wrap(&err, "ingest.Decode")
	body, err := readAll(r)
	if err != nil {
		return nil, err
	}
	if format == JSON {
		return decodeArray(body)
	}
	return decodeLines(body)
}

func readAll(r io.Reader) (string, error) {
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(r, MaxBody+1))
	if err != nil {
		if e, ok := errors.AsType[*costd.Error](err); ok {
			return "", e
		}
		return "", &costd.Error{Code: costd.Invalid, Message: "the body could not be read to its end; send it again", Err: err}
	}
	if n > MaxBody {
		return "", costd.Errorf(costd.TooLarge, "the body is larger than %d bytes uncompressed; split it", MaxBody)
	}
	return strings.TrimPrefix(b.String(), "\uFEFF"), nil
}

func decodeLines(body string) ([]Item, error) {
	var records []string
	for line := range strings.SplitSeq(body, "\n") {
		if strings.Trim(line, " \t\r") != "" {
			records = append(records, line)
		}
		if len(records) > costd.MaxBatch {
			return nil, tooManyRecords()
		}
	}
	return decodeRecords(records), nil
}

// decodeArray finds the records first, so that a broken array is refused whole.
func decodeArray(body string) ([]Item, error) {
	s := &scanner{s: body}
	if s.peek() != '[' {
		return nil, costd.Errorf(costd.Invalid, "the body must be a JSON array of records; send one record a line as application/x-ndjson")
	}
	var records []string
	err := s.array(func() error {
		if len(records) == costd.MaxBatch {
			return tooManyRecords()
		}
		s.peek()
		start := s.i
		err := s.skip(0)
		records = append(records, body[start:s.i])
		return err
	})
	if err == nil {
		err = s.end()
	}
	if _, ok := errors.AsType[*syntaxError](err); ok {
		return nil, costd.Errorf(costd.Invalid, "the body is not a JSON array: %w", err)
	}
	if err != nil {
		return nil, err
	}
	return decodeRecords(records), nil
}

func tooManyRecords() error {
	return costd.Errorf(costd.TooLarge, "the body has more than %d records; split it", costd.MaxBatch)
}

func decodeRecords(records []string) []Item {
	items := make([]Item, len(records))
	for i, record := range records {
		items[i].Err = decodeRecord(record, &items[i].Usage)
	}
	return items
}

func decodeRecord(record string, u *costd.Usage) error {
	if len(record) > MaxRecord {
		return costd.Errorf(costd.Invalid, "the record is longer than %d bytes; shorten it", MaxRecord)
	}
	s := &scanner{s: record}
	if s.peek() != '{' {
		return costd.Errorf(costd.Invalid, "the record must be a JSON object")
	}
	var m mistakes
	err := readObject(s, usageFields, u, "", &m)
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return costd.Errorf(costd.Invalid, "the record is not valid JSON: %w", err)
	}
	return m.err()
}
