package duckdb

import (
	"bufio"
	"encoding/gob"
	"io"
	"os"
	"sync"
)

// A spool keeps the days of resource rows in a file of the store's folder until the
// caller has read them, so that a report of any length takes little memory and leaves no
// transaction open. It is written, then read once.
type spool struct {
	file    *os.File
	buffer  *bufio.Writer
	encoder *gob.Encoder
	decoder *gob.Decoder // set by rewind
	release func()       // may be called more than once, also while the spool is read
}

// newSpool makes a spool in the folder. Its file has no name any more where the system
// allows that; else the next start removes what a crash leaves.
func newSpool(folder string) (*spool, error) {
	file, err := os.CreateTemp(folder, copyPattern)
	if err != nil {
		return nil, fileError(err)
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

// put adds the days of rows.
func (s *spool) put(rows [][]dayUnits) error {
	for _, days := range rows {
		if err := s.encoder.Encode(days); err != nil {
			return fileError(err)
		}
	}
	return nil
}

// rewind ends the writing and begins the reading.
func (s *spool) rewind() error {
	if err := s.buffer.Flush(); err != nil {
		return fileError(err)
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fileError(err)
	}
	s.decoder = gob.NewDecoder(bufio.NewReader(s.file))
	return nil
}

// next returns the days of the next row.
func (s *spool) next() (days []dayUnits, err error) {
	if err := s.decoder.Decode(&days); err != nil {
		return nil, fileError(err)
	}
	return days, nil
}
