package files

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
)

// MarkFile keeps, apart from the log, how far the log reaches: a log that was cut short
// looks like one that was never longer.
const MarkFile = "costd.mark"

// The mark stands in two slots by turns, so that a write that is torn leaves the other.
// A slot is markMagic, four numbers of 8 bytes, and the sum of all that in 4 bytes.
const (
	markMagic = "costd mark 1\n\n\n\n"
	slotSize  = 512 // a sector: disks write it whole
	slotCount = 2
)

// sumTable is of the sum of a log. Processors have an instruction for it, so that the
// bytes of a commit are added faster than they can be read.
var sumTable = crc32.MakeTable(crc32.Castagnoli)

// A mark says that a database that was checkpointed so many times has a log of at least
// so many bytes, all of it answered for.
type mark struct {
	number    uint64 // of marks so far; 0 is none
	iteration uint64
	length    int64
	sum       uint32 // of all these bytes, by sumTable
}

// A Marker writes the mark of a store. But for Foreign, one goroutine may use it at a time.
type Marker struct {
	folder string
	file   *os.File
	log    *os.File // nil until a commit needs it
	last   mark
	// tried is the number of the last mark that was written or may have been. It is for
	// all goroutines.
	tried atomic.Uint64
	// damaged says that the file was cut short or a slot of it is spoilt, so that it may have
	// had a later mark than the last one that can be read.
	damaged bool
}

func (m *Marker) database() string { return filepath.Join(m.folder, Database) }
func (m *Marker) logName() string  { return m.database() + LogSuffix }

// OpenMark opens the mark of a folder, and makes one if there is none.
func OpenMark(folder string) (*Marker, error) {
	file, err := os.OpenFile(filepath.Join(folder, MarkFile), os.O_RDWR|os.O_CREATE|syncedWrites, fileMode)
	if err != nil {
		return nil, Error(err)
	}
	last, damaged, err := readMark(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	m := &Marker{folder: folder, file: file, last: last, damaged: damaged}
	m.tried.Store(m.last.number)
	return m, nil
}

// readMark returns the newest mark of a file, or none, and whether the file is damaged. A
// file that was cut short inside a slot still has the mark of that slot if the slot's sum
// holds. Opening and Foreign must read the same: a mark that only Foreign finds stops the
// server. The first mark that is ever set makes the file as long as it stays, and disks
// write a slot whole, so that a power loss leaves neither a shorter file nor a spoilt slot.
func readMark(file *os.File) (newest mark, damaged bool, err error) {
	slots := make([]byte, slotCount*slotSize)
	size, err := file.ReadAt(slots, 0)
	if err != nil && err != io.EOF {
		return mark{}, false, Error(err)
	}
	damaged = size > 0 && size < len(slots)
	for slot := range slices.Chunk(slots, slotSize) {
		found := parseMark(slot)
		if found.number > newest.number {
			newest = found
		}
		damaged = damaged || found.number == 0 && !bytes.Equal(slot, make([]byte, slotSize))
	}
	return newest, damaged || size > 0 && newest.number == 0, nil
}

// Close closes the mark; a nil Marker has nothing to close.
func (m *Marker) Close() error {
	if m == nil {
		return nil
	}
	return errors.Join(m.closeLog(), m.file.Close())
}

// closeLog forgets the log that is open: another one will follow.
func (m *Marker) closeLog() (err error) {
	if m.log != nil {
		err = m.log.Close()
	}
	m.log = nil
	return err
}

// parseMark returns what a slot says, or no mark.
func parseMark(slot []byte) mark {
	end := len(markMagic) + 32
	if string(slot[:len(markMagic)]) != markMagic || binary.LittleEndian.Uint32(slot[end:]) != crc32.ChecksumIEEE(slot[:end]) {
		return mark{}
	}
	number := func(i int) uint64 { return binary.LittleEndian.Uint64(slot[len(markMagic)+8*i:]) }
	return mark{number: number(0), iteration: number(1), length: int64(number(2)), sum: uint32(number(3))}
}

// Foreign returns Unavailable if the file has a later mark than this process wrote: another
// one has opened the database since, as it can where folders cannot be locked, and what
// this one knows is old. All goroutines may call it.
func (m *Marker) Foreign() error {
	newest, _, err := readMark(m.file)
	if err == nil && newest.number > m.tried.Load() {
		return errForeign
	}
	return err
}

var errForeign = unavailable(nil, "another costd has opened the data folder since this one did, and nothing is written or read; "+
	"stop this server and the other one, and start one on the folder as it is")

// set puts a mark in the place of the last but one. It is on disk when it returns.
func (m *Marker) set(next mark) error {
	next.number = m.last.number + 1
	m.tried.Store(next.number)
	slot := []byte(markMagic)
	for _, n := range []uint64{next.number, next.iteration, uint64(next.length), uint64(next.sum)} {
		slot = binary.LittleEndian.AppendUint64(slot, n)
	}
	slot = binary.LittleEndian.AppendUint32(slot, crc32.ChecksumIEEE(slot))
	page := make([]byte, slotSize)
	copy(page, slot)
	if _, err := m.file.WriteAt(page, int64(next.number%slotCount)*slotSize); err != nil {
		return Error(err)
	}
	m.last = next
	return nil
}

// Committed marks the log as it is after a commit. Only then the commit is answered.
func (m *Marker) Committed() error {
	info, err := os.Stat(m.logName())
	if errors.Is(err, os.ErrNotExist) && m.last.length == 0 {
		return nil // nothing was ever written to it
	}
	if errors.Is(err, os.ErrNotExist) || err == nil && info.Size() < m.last.length {
		return errLogGone
	}
	if err != nil {
		return Error(err)
	}
	if info.Size() == m.last.length {
		return nil
	}
	if err := m.openLog(info); err != nil {
		return err
	}
	return m.extend(info.Size())
}

var errLogGone = unavailable(nil, "the write-ahead log was moved, replaced or cut short while it is in use; stop the server")

// openLog opens the log, which is the file of this info, unless it is open.
func (m *Marker) openLog(info os.FileInfo) (err error) {
	if m.log == nil {
		if m.log, err = os.Open(m.logName()); err != nil {
			return Error(err)
		}
	}
	opened, err := m.log.Stat()
	if err != nil {
		return Error(err)
	}
	if !os.SameFile(info, opened) {
		return errLogGone
	}
	if m.last.length > 0 {
		return nil
	}
	// The log is new: its name must be on disk too.
	if err := errors.Join(m.log.Chmod(fileMode), Sync(m.folder)); err != nil {
		return Error(err)
	}
	return nil
}

// extend marks the log, which has grown to this length.
func (m *Marker) extend(length int64) error {
	sum, err := sumOf(m.log, m.last.sum, m.last.length, length)
	if err != nil {
		return err
	}
	return m.set(mark{iteration: m.last.iteration, length: length, sum: sum})
}

// Opened marks the log as DuckDB goes on with it: it takes off what no transaction ended.
// The mark must not be on disk before the names of the files that it tells of.
func (m *Marker) Opened() error {
	if err := Sync(m.folder); err != nil {
		return err
	}
	iteration, err := readIteration(m.database())
	if err != nil {
		return err
	}
	log, err := inspectLog(m.logName())
	if err != nil {
		return err
	}
	sum, err := sumOfFile(m.logName(), log.ended)
	if err != nil {
		return err
	}
	return errors.Join(m.closeLog(), m.set(mark{iteration: iteration, length: log.ended, sum: sum}))
}

// Checkpointed notes that another log begins. A checkpoint that failed may have got that
// far too: the header of the database tells. The removal of the old log must be on disk
// first: else a loss of power brings that log back, and its usage could count twice.
func (m *Marker) Checkpointed() error {
	iteration, err := readIteration(m.database())
	if err != nil || iteration == m.last.iteration {
		return err
	}
	if err := errors.Join(m.closeLog(), Sync(m.folder)); err != nil {
		return err
	}
	return m.set(mark{iteration: iteration})
}

// sumOfFile returns the sum of a file's first so many bytes.
func sumOfFile(path string, length int64) (uint32, error) {
	if length == 0 {
		return 0, nil // there may be no file
	}
	file, err := os.Open(path)
	if err != nil {
		return 0, Error(err)
	}
	defer file.Close()
	return sumOf(file, 0, 0, length)
}

// sumOf returns the sum of a file's bytes up to end, given the one up to begin.
func sumOf(file *os.File, sum uint32, begin, end int64) (uint32, error) {
	buffer := make([]byte, min(end-begin, 64<<10)) // a commit is mostly smaller
	for begin < end {
		part := buffer[:min(end-begin, int64(len(buffer)))]
		if _, err := file.ReadAt(part, begin); err != nil {
			return 0, Error(err)
		}
		sum = crc32.Update(sum, sumTable, part)
		begin += int64(len(part))
	}
	return sum, nil
}

// Size returns the size of a file, 0 if there is none.
func Size(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, Error(err)
	}
	return info.Size(), nil
}
