package files

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"slices"

	"costd.dev/costd"
)

// A file of DuckDB begins with one header that never changes and two of the database,
// which checkpoints write by turns. Blocks follow.
const (
	headerSize  = 4096
	headerCount = 3
)

// readIteration returns the number of checkpoints that a database has had, which the
// newer header tells. It returns Unavailable for headers that are damaged, with the
// file, the offset and what to do.
func readIteration(path string) (iteration uint64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, Error(err)
	}
	defer file.Close()
	page := make([]byte, headerSize)
	for i := range headerCount {
		offset := int64(i) * headerSize
		if _, err := io.ReadFull(io.NewSectionReader(file, offset, headerSize), page); err != nil {
			return 0, DamagedDatabase(path, offset)
		}
		if binary.LittleEndian.Uint64(page) != Checksum(page[8:]) {
			return 0, DamagedDatabase(path, offset)
		}
		if i > 0 {
			iteration = max(iteration, binary.LittleEndian.Uint64(page[8:])) // its first number
		}
	}
	return iteration, nil
}

// unfinished reports whether a file is a database that DuckDB had not made whole yet: no
// longer than its headers, each of them whole or, one at least, never written.
func unfinished(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > headerCount*headerSize {
		return false
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	text = append(text, make([]byte, headerCount*headerSize-len(text))...)
	missing := false
	for page := range slices.Chunk(text, headerSize) {
		blank := len(bytes.Trim(page, "\x00")) == 0
		if !blank && binary.LittleEndian.Uint64(page) != Checksum(page[8:]) {
			return false
		}
		missing = missing || blank
	}
	return missing
}

// DamagedDatabase says that a database cannot be used.
func DamagedDatabase(path string, offset int64) error {
	return costd.Errorf(costd.Unavailable, "the database %s is damaged at byte %d, or is no database; restore a backup into another folder "+
		`and send the usage since then again (see "When it does not start" in docs/operations.md)`, path, offset)
}
