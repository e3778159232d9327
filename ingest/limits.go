package ingest

import (
	"time"

	"costd"
	"costd/decimal"
)

// Limits on what is taken in. Sizes are in bytes, after decompression.
const (
	// MaxBody bounds the memory that a request may take, however well it is
	// compressed: costd.MaxBatch records of a generous 600 bytes.
	MaxBody = 64 << 20
	// MaxRecord bounds one record: every field at its limit, each character
	// written as an escape, is not longer.
	MaxRecord = 1 << 20

	// Names and ids are as long as clouds make them, and then some.
	maxID        = 256
	maxMetric    = 256
	maxText      = 256
	maxName      = 512
	maxTags      = 64
	maxTagKey    = 512  // the 128 characters that reports can ask for, at four bytes
	maxTagValue  = 1024 // the 256 characters likewise
	maxNesting   = 32   // of JSON that is only skipped
	maxUnknown   = 64   // of an unknown field's name that is repeated
	maxIntDigits = 20   // the rules in docs/semantics.md, section 2
	maxDecimals  = 9

	// maxSpan is the longest record (docs/semantics.md, section 2): no longer than
	// any month, and few enough parts.
	maxSpan = 31 * 24 * time.Hour
)

// largestGiB is a pebibyte: a larger size of something measured in bytes has been
// given in bytes. Taken for GiB it would be charged a billionfold.
var largestGiB = decimal.FromInt(1 << 20)

// Usage lies in the years that nanoseconds since 1970 reach in 64 bits.
var (
	earliest = costd.NewDay(1970, 1, 1).Time()
	latest   = costd.NewDay(2262, 1, 1).Time()
)
