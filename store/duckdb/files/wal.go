package files

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// DuckDB's write-ahead log is logHeader and then frames: the length of the data in 8
// bytes and its checksum in 8 bytes, the lowest first, and the data, which begins with
// frameStart. DuckDB takes a frame with a wrong length for the end of the log and says
// nothing, so that we have to look at every frame before it opens the log.
var (
	logHeader  = []byte{0x64, 0, 98, 0x65, 0, 2, 0xff, 0xff} // field 100: version entry; field 101: version 2
	frameStart = []byte{0x64, 0}                             // field 100: the kind of the entry
	// transactionEnd is the data of the frame that makes what was before it count.
	transactionEnd = []byte{0x64, 0, 100, 0xff, 0xff}
	// checkpointStart begins the frame that a checkpoint writes before it changes the
	// header of the database.
	checkpointStart = []byte{0x64, 0, 99}
)

const framePrefix = 16

// A logState is what a look at a log finds.
type logState struct {
	size  int64 // of the file; 0 if there is none
	whole int64 // the bytes from its beginning that are whole frames
	ended int64 // the bytes from its beginning up to the end of a transaction
	moved bool  // it has the frame that says that it was moved into the database
	// follows says that a whole frame follows what is broken.
	follows bool
}

// broken reports whether the log has more than whole frames.
func (s logState) broken() bool { return s.whole < s.size }

// inspectLog looks at every frame of a log.
func inspectLog(path string) (s logState, err error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, Error(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return s, Error(err)
	}
	log := &logReader{file: file, size: info.Size()}
	s.size = log.size
	if s.whole, err = log.walk(); err == nil && s.broken() {
		s.follows, err = log.frameAfter(s.whole)
	}
	s.ended, s.moved = log.ended, log.moved
	if err != nil {
		return s, Error(err)
	}
	return s, nil
}

// A logReader reads a log frame by frame.
type logReader struct {
	file *os.File
	size int64
	data []byte // of the last frame
	// ended is where the last frame ends that ends a transaction.
	ended int64
	moved bool // there was a frame of a checkpoint
}

// walk returns where the first frame is that is not whole, or the end.
func (l *logReader) walk() (offset int64, err error) {
	header := make([]byte, len(logHeader))
	if _, err := l.file.ReadAt(header, 0); err != nil && err != io.EOF {
		return 0, err
	}
	if !bytes.Equal(header, logHeader) {
		return 0, nil
	}
	for offset = int64(len(logHeader)); offset < l.size; {
		length, err := l.frame(offset)
		if err != nil || length == 0 {
			return offset, err
		}
		offset += length
		if bytes.Equal(l.data, transactionEnd) {
			l.ended = offset
		}
		l.moved = l.moved || bytes.HasPrefix(l.data, checkpointStart)
	}
	return offset, nil
}

// frame returns the length of the frame at the offset, 0 if no whole one is there.
func (l *logReader) frame(offset int64) (length int64, err error) {
	var prefix [framePrefix + 2]byte
	if offset+int64(len(prefix)) > l.size {
		return 0, nil
	}
	if _, err := l.file.ReadAt(prefix[:], offset); err != nil {
		return 0, err
	}
	size := binary.LittleEndian.Uint64(prefix[:])
	if size > uint64(l.size-offset-framePrefix) || !bytes.HasPrefix(prefix[framePrefix:], frameStart) {
		return 0, nil
	}
	if uint64(cap(l.data)) < size {
		l.data = make([]byte, size)
	}
	l.data = l.data[:size]
	if _, err := l.file.ReadAt(l.data, offset+framePrefix); err != nil {
		return 0, err
	}
	if binary.LittleEndian.Uint64(prefix[8:]) != Checksum(l.data) {
		return 0, nil
	}
	return framePrefix + int64(size), nil
}

// frameAfter reports whether a whole frame begins anywhere behind the offset.
func (l *logReader) frameAfter(offset int64) (found bool, err error) {
	const window = 1 << 20
	buffer := make([]byte, window)
	for begin := offset + 1 + framePrefix; begin < l.size; begin += window - 1 { // one byte less: a start may lie across
		n, err := l.file.ReadAt(buffer, begin)
		if err != nil && err != io.EOF {
			return false, err
		}
		for at := 0; ; at++ {
			next := bytes.Index(buffer[at:n], frameStart)
			if next < 0 {
				break
			}
			at += next
			if length, err := l.frame(begin + int64(at) - framePrefix); err != nil || length > 0 {
				return length > 0, err
			}
		}
	}
	return false, nil
}

// cutLog takes off what is behind so many bytes of a log, and is on disk when it returns.
func cutLog(path string, size int64) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return Error(err)
	}
	err = errors.Join(file.Truncate(size), file.Sync(), file.Close())
	if err != nil {
		return Error(err)
	}
	return nil
}
