package ingest

import (
	"errors"
	"io"
	"strings"

	"costd.dev/costd"
)

// A Format is a way to write usage records in a body.
type Format string

// The formats.
const (
	NDJSON      Format = "ndjson"      // a JSON object on each line; empty lines are skipped
	JSON        Format = "json"        // one array of JSON objects
	CloudEvent  Format = "cloudevent"  // one CloudEvent in JSON, a record in its data
	CloudEvents Format = "cloudevents" // an array of them
)

// A grammar is how a format is read: cut a body into the texts of its records,
// then read each of them.
type grammar struct {
	cut  func(body string) ([]string, error)
	read func(d *decoder, text string, u *costd.Usage) error
}

var grammars = map[Format]grammar{
	NDJSON:      {cutLines, (*decoder).record},
	JSON:        {cutArray, (*decoder).record},
	CloudEvent:  {cutObject, (*decoder).event},
	CloudEvents: {cutArray, (*decoder).event},
}

func grammarOf(format Format) (grammar, error) {
	g, ok := grammars[format]
	if !ok {
		return g, costd.Errorf(costd.Invalid, "the format %.32q is not known", format)
	}
	return g, nil
}

// An Item is one record of a body, in its place: either a Usage, or an Invalid
// error that names what cannot be read, with the Usage as far as it was read.
type Item struct {
	costd.Usage
	Err error
}

// Decode reads a whole body. Its own error, which leaves no record at all, is
// Invalid for a body that breaks off or is not what the format says, and TooLarge
// for one over MaxBody or with more than costd.MaxBatch records.
func Decode(r io.Reader, format Format) (_ []Item, err error) {
	defer costd.Wrap(&err, "ingest.Decode")
	g, err := grammarOf(format)
	if err != nil {
		return nil, err
	}
	body, err := readAll(r)
	if err != nil {
		return nil, err
	}
	texts, err := g.cut(body)
	if err != nil {
		return nil, err
	}
	var d decoder
	items := make([]Item, len(texts))
	for i, text := range texts {
		items[i].Err = g.read(&d, text, &items[i].Usage)
	}
	return items, nil
}

func cutLines(body string) ([]string, error) {
	texts := make([]string, 0, min(strings.Count(body, "\n")+1, costd.MaxBatch))
	for line := range strings.SplitSeq(body, "\n") {
		if strings.Trim(line, " \t\r") == "" {
			continue
		}
		if len(texts) == costd.MaxBatch {
			return nil, tooManyRecords()
		}
		texts = append(texts, line)
	}
	return texts, nil
}

// cutArray finds all records before any is read, so that a broken array is refused
// whole.
func cutArray(body string) ([]string, error) {
	s := &scanner{s: body}
	if s.peek() != '[' {
		return nil, costd.Errorf(costd.Invalid, "the body must be a JSON array of records; send one record a line as application/x-ndjson")
	}
	var texts []string
	err := s.array(func() error {
		if len(texts) == costd.MaxBatch {
			return tooManyRecords()
		}
		s.peek()
		start := s.i
		err := s.skip(0)
		texts = append(texts, body[start:s.i])
		return err
	})
	return texts, endOf(s, err, "array")
}

// cutObject takes the body for one record.
func cutObject(body string) ([]string, error) {
	s := &scanner{s: body}
	if s.peek() != '{' {
		return nil, costd.Errorf(costd.Invalid, "the body must be one JSON object; send several events as application/cloudevents-batch+json")
	}
	return []string{body}, endOf(s, s.skip(0), "object")
}

// endOf returns err, or what is wrong after the value of the given kind that s has
// read, in words for the caller.
func endOf(s *scanner, err error, kind string) error {
	if err == nil {
		err = s.end()
	}
	if _, ok := errors.AsType[*syntaxError](err); ok {
		return costd.Errorf(costd.Invalid, "the body is not a JSON %s: %w", kind, err)
	}
	return err
}

func tooManyRecords() error {
	return costd.Errorf(costd.TooLarge, "more than %d records at once; split them", costd.MaxBatch)
}

// A decoder reads records, one after the other.
type decoder struct {
	s scanner
	m mistakes
}

// record reads a record.
func (d *decoder) record(text string, u *costd.Usage) error {
	return d.read(text, func() error { return readObject(&d.s, usageFields, u, "", &d.m) })
}

// read reads a text that must be one object, by the given function.
func (d *decoder) read(text string, object func() error) error {
	if len(text) > MaxRecord {
		return costd.Errorf(costd.Invalid, "the record is longer than %d bytes; shorten it", MaxRecord)
	}
	d.s, d.m = scanner{s: text}, nil
	if d.s.peek() != '{' {
		return costd.Errorf(costd.Invalid, "the record must be a JSON object")
	}
	err := object()
	if err == nil {
		err = d.s.end()
	}
	if err != nil {
		return costd.Errorf(costd.Invalid, "the record is not valid JSON: %w", err)
	}
	return d.m.err()
}
