package ingest

import (
	"time"

	"costd.dev/costd"
)

// Limits on what is taken in. Sizes are in bytes, after decompression.
const (
	// MaxBody bounds the memory that a request may take, however well it is
	// compressed: costd.MaxBatch records of a generous 600 bytes.
	MaxBody = 64 << 20
	// MaxRecord bounds one record: every field at its limit, each character
	// written as an escape, is not longer.
	MaxRecord = 1 << 20

	// MaxParts bounds the parts by day that the records of a request become: 128
	// bytes each, whereas the text of a record of 31 days is not longer than that of
	// an hour. Ten days a record at costd.MaxBatch, and any month-long ones at 31,250.
	MaxParts = 1_000_000

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

	// maxSpan is the longest record (docs/semantics.md, section 2).
	maxSpan = costd.MaxRecordDays * 24 * time.Hour
)

// Limits bound what a Service holds in memory at once, whoever sends it. A zero
// means the default. What goes over a limit is refused with Unavailable, at once or, for
// the queue, after Patience.
type Limits struct {
	// QueueRecords and QueueBytes bound the records that wait to be written, beside
	// the batch being written: 100,000 and 128 MiB. A lone request always gets in.
	QueueRecords int
	QueueBytes   int64
	// Patience is how long a request waits for room in the queue or for its turn to be
	// decoded: 10 seconds.
	Patience time.Duration
	// BodyBytes bounds the bodies of all requests under way, as they are after
	// decompression: 128 MiB, and never less than MaxBody.
	BodyBytes int64
	// Decoders bounds the bodies that are decoded at the same time, for each may
	// become costd.MaxBatch records: twice as many as there are processors. A sender has
	// half of them, rounded up; others wait for their turn.
	Decoders int
}

const (
	defaultQueueRecords = costd.MaxBatch
	defaultQueueBytes   = 128 << 20
	defaultBodyBytes    = 2 * MaxBody
	defaultPatience     = 10 * time.Second

	// decodedBytes bounds the records of all requests together, from their decoding
	// until they are written, their texts aside. One request, which has requestBytes at
	// most, fits if all others together leave that much.
	decodedBytes = 256 << 20
	requestBytes = costd.MaxBatch*recordBytes + (MaxParts+costd.MaxBatch)*partBytes

	// maxBatchBytes bounds the records that one write to the store merges.
	maxBatchBytes = 128 << 20

	// What things take in memory beside the texts in them, rounded up.
	recordBytes = 512
	partBytes   = 128
	tagBytes    = 64
)

// Usage lies in the years that nanoseconds since 1970 reach in 64 bits.
var (
	earliest = costd.NewDay(1970, 1, 1).Time()
	latest   = costd.NewDay(2262, 1, 1).Time()
)
