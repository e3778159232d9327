package catalog

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"

	"costd.dev/costd"
)

// pieceEntries is how many entries a piece of a split file has: with the longest texts
// allowed an entry takes some 3 KiB, so that a piece is always below MaxFileSize.
const pieceEntries = 4000

// Split returns a catalog file as files that Read takes: itself if it is not too large,
// else several to be applied one after the other, each of which refers only to what is
// in itself and those before. A file that is split is checked as a whole before: an
// Invalid error names every mistake that can be found without the catalog.
func Split(data []byte) (_ [][]byte, err error) {
	defer costd.Wrap(&err, "catalog.Split")
	if checkSize(data) == nil {
		return [][]byte{data}, nil
	}
	f, err := read(data, math.MaxInt)
	if err != nil {
		return nil, err
	}
	var files [][]byte
	for _, piece := range pieces(f.Entries) {
		var b bytes.Buffer
		if err := Write(&b, piece, JSON); err != nil {
			return nil, err
		}
		files = append(files, b.Bytes())
	}
	if f.Remove.Len() > 0 {
		file, err := RemovalFile(f.Remove)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// RemovalFile returns a catalog file that sets nothing and removes what r names.
func RemovalFile(r costd.Removal) ([]byte, error) {
	return json.Marshal(map[string]costd.Removal{remove: r})
}

// ReadLarge is Read for a file of any size.
func ReadLarge(data []byte) (_ *File, err error) {
	defer costd.Wrap(&err, "catalog.ReadLarge")
	return read(data, math.MaxInt)
}

// pieces returns entries in pieces, in the order in which they refer to each other.
func pieces(e costd.Entries) (list []costd.Entries) {
	for chunk := range slices.Chunk(e.Clients, pieceEntries) {
		list = append(list, costd.Entries{Clients: chunk})
	}
	for chunk := range slices.Chunk(e.Regions, pieceEntries) {
		list = append(list, costd.Entries{Regions: chunk})
	}
	for chunk := range slices.Chunk(e.Projects, pieceEntries) {
		list = append(list, costd.Entries{Projects: chunk})
	}
	for chunk := range slices.Chunk(e.Prices, pieceEntries) {
		list = append(list, costd.Entries{Prices: chunk})
	}
	for chunk := range slices.Chunk(e.Commitments, pieceEntries) {
		list = append(list, costd.Entries{Commitments: chunk})
	}
	return list
}
