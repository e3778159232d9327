package usage

import (
	"bufio"
	"container/heap"
	"context"
	"encoding/gob"
	"io"
	"iter"
	"math/big"
	"os"
	"sync"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// foldRows returns what costd.UsageStore.Resources does, from a scan: each aggregate gives a
// run of rows in order, which waits in a file, and the runs are merged while they are read.
// It calls also with each aggregate.
func (e *Engine) foldRows(ctx context.Context, q costd.Query, p costd.Page, also func(*Aggregate) error) (count int, rows iter.Seq2[costd.ResourceUsage, error], err error) {
	s, err := newSpool(e.folder)
	if err != nil {
		return 0, nil, err
	}
	run := costd.Page{OrderBy: p.OrderBy}
	if p.Limit > 0 {
		run.Limit = p.Offset + p.Limit // more of one run are on no page
	}
	err = e.scan(ctx, q, func(a *Aggregate) error {
		n, rows, err := a.Resources(q, run)
		if err != nil {
			return err
		}
		count += n
		for row := range rows {
			if err := s.put(&row); err != nil {
				return err
			}
		}
		if err := s.endRun(); err != nil {
			return err
		}
		return also(a)
	})
	if err != nil {
		s.release()
		return 0, nil, err
	}
	s.stop = context.AfterFunc(ctx, s.release)
	return count, ended(ctx, s.page(p)), nil
}

// A spool keeps runs of resource rows, each in order, in a file until the caller has read
// them, so that a report of any length takes little memory. It is written, then read once.
type spool struct {
	file    *os.File
	buffer  *bufio.Writer
	encoder *gob.Encoder
	ends    []int64     // of the runs, in bytes
	release func()      // removes the file; may be called more than once, also while it is read
	stop    func() bool // keeps the end of a context from releasing it
}

// newSpool makes a spool in the folder. Its file has no name any more where the system
// allows that.
func newSpool(folder string) (*spool, error) {
	file, err := os.CreateTemp(folder, ".costd-*")
	if err != nil {
		return nil, spoolError(err)
	}
	os.Remove(file.Name())
	s := &spool{file: file, buffer: bufio.NewWriter(file)}
	s.encoder = gob.NewEncoder(s.buffer)
	s.release = sync.OnceFunc(func() {
		file.Close()
		os.Remove(file.Name())
	})
	return s, nil
}

// put adds a row to the run. Selected equals Used, and is not kept.
func (s *spool) put(row *costd.ResourceUsage) error {
	for i := range row.Days {
		row.Days[i].Selected = decimal.Rational{}
	}
	return spoolError(s.encoder.Encode(row))
}

// endRun ends a run; the next row begins another one.
func (s *spool) endRun() error {
	if err := s.buffer.Flush(); err != nil {
		return spoolError(err)
	}
	end, err := s.file.Seek(0, io.SeekCurrent)
	s.ends = append(s.ends, end)
	s.encoder = gob.NewEncoder(s.buffer)
	return spoolError(err)
}

// spoolError returns Unavailable for an error of the file.
func spoolError(err error) error {
	if err == nil {
		return nil
	}
	return &costd.Error{Code: costd.Unavailable, Message: "a file in the data folder cannot be read or written; is the disk full?", Err: err}
}

// page returns the rows of a page, in order, of all runs.
func (s *spool) page(p costd.Page) iter.Seq2[costd.ResourceUsage, error] {
	return func(yield func(costd.ResourceUsage, error) bool) {
		defer s.release()
		defer s.stop()
		m := merger{order: p.OrderBy}
		begin := int64(0)
		for _, end := range s.ends {
			m.open(io.NewSectionReader(s.file, begin, end-begin))
			begin = end
		}
		heap.Init(&m)
		for n := 0; len(m.runs) > 0 && (p.Limit == 0 || n < p.Offset+p.Limit); n++ {
			row := m.runs[0].row
			m.next()
			if m.err != nil {
				yield(costd.ResourceUsage{}, m.err)
				return
			}
			if n >= p.Offset && !yield(row, nil) {
				return
			}
		}
		if m.err != nil {
			yield(costd.ResourceUsage{}, m.err)
		}
	}
}

// A merger merges runs: the first of runs has the next row.
type merger struct {
	order []costd.SortKey
	runs  []*run // a heap
	err   error
}

// A run is read row by row.
type run struct {
	decoder *gob.Decoder
	row     costd.ResourceUsage // the next one
	rank    rank                // of the row
}

// open adds a run, unless it has no row.
func (m *merger) open(file io.Reader) {
	r := &run{decoder: gob.NewDecoder(bufio.NewReader(file))}
	if m.read(r) {
		m.runs = append(m.runs, r)
	}
}

// read reads the next row of a run, and reports whether there is one.
func (m *merger) read(r *run) bool {
	r.row = costd.ResourceUsage{}
	if err := r.decoder.Decode(&r.row); err != nil {
		if err != io.EOF && m.err == nil {
			m.err = spoolError(err)
		}
		return false
	}
	for i := range r.row.Days {
		r.row.Days[i].Selected = r.row.Days[i].Used
	}
	r.rank = rankOf(&r.row)
	return true
}

// next goes on to the next row.
func (m *merger) next() {
	if m.read(m.runs[0]) {
		heap.Fix(m, 0)
	} else {
		heap.Pop(m)
	}
}

// rankOf returns the rank of a row that was read.
func rankOf(row *costd.ResourceUsage) rank {
	r := rank{
		key:   &rowKey{line: row.Line, project: row.ProjectID, resource: row.ResourceID},
		name:  row.Name,
		first: row.FirstSeen.UnixNano(), last: row.LastSeen.UnixNano(),
		value: new(big.Int),
	}
	for _, day := range row.Days {
		r.value.Add(r.value, finestUnits(day.Used))
	}
	return r
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (m *merger) Len() int { return len(m.runs) }
func (m *merger) Less(i, j int) bool {
	return m.runs[i].rank.compare(&m.runs[j].rank, m.order) < 0
}
func (m *merger) Swap(i, j int) { m.runs[i], m.runs[j] = m.runs[j], m.runs[i] }
func (m *merger) Push(r any)    { m.runs = append(m.runs, r.(*run)) }
func (m *merger) Pop() any {
	last := m.runs[len(m.runs)-1]
	m.runs = m.runs[:len(m.runs)-1]
	return last
}
