//go:build linux

package disk

import (
	"encoding/binary"
	"errors"
)

// What an entry of the record says: see testdata/recorder.c. answered is written by the
// test.
const (
	written = iota + 1
	truncated
	synced
	created
	renamed
	removed
	allocated
	answered = 50
)

// An entry is what the server was about to do to a file, or an answer that it gave.
type entry struct {
	kind uint32
	path string // in the folder, which itself is "."
	a, b uint64
	data []byte
}

const entryHeader = 32

var errCutShort = errors.New("the record ends inside an entry")

// parseRecord returns the entries of a record.
func parseRecord(record []byte) (entries []entry, err error) {
	for len(record) > 0 {
		if len(record) < entryHeader {
			return nil, errCutShort
		}
		number := binary.LittleEndian.Uint64
		e := entry{kind: binary.LittleEndian.Uint32(record), a: number(record[8:]), b: number(record[16:])}
		path, data := int(binary.LittleEndian.Uint32(record[4:])), int(number(record[24:]))
		if record = record[entryHeader:]; len(record) < path+data {
			return nil, errCutShort
		}
		e.path, e.data = string(record[:path]), record[path:path+data]
		entries, record = append(entries, e), record[path+data:]
	}
	return entries, nil
}

// bytes returns an entry as it stands in the record.
func (e entry) bytes() []byte {
	b := binary.LittleEndian.AppendUint32(nil, e.kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(e.path)))
	for _, n := range []uint64{e.a, e.b, uint64(len(e.data))} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return append(append(b, e.path...), e.data...)
}
