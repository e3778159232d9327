package files

import "encoding/binary"

// Checksum returns the sum that DuckDB keeps of a frame of its log, or of a header of
// its file, without the sum itself.
func Checksum(data []byte) uint64 {
	sum := uint64(5381)
	for ; len(data) >= 8; data = data[8:] {
		sum ^= binary.LittleEndian.Uint64(data) * 0xbf58476d1ce4e5b9
	}
	if len(data) > 0 {
		sum ^= checksumRest(data)
	}
	return sum
}

// checksumRest returns the sum of fewer than 8 bytes: MurmurHash64A of them.
func checksumRest(data []byte) uint64 {
	const factor, seed, shift = 0xc6a4a7935bd1e995, 0xe17a1465, 47
	var word [8]byte
	copy(word[:], data)
	h := seed ^ uint64(len(data))*factor
	h ^= binary.LittleEndian.Uint64(word[:])
	h *= factor
	h ^= h >> shift
	h *= factor
	return h ^ h>>shift
}
