package ingest

import (
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"costd.dev/costd"
)

// bodies counts the bytes of all bodies under way, and bounds them.
type bodies struct {
	limit int64
	bytes atomic.Int64
}

// A body is read through to count what it takes of the limit. Memory is taken as
// bytes arrive, not when they are announced: who sends slowly holds little.
type body struct {
	from io.Reader
	all  *bodies
	held int64
}

// Read reads on, or fails if all bodies together are too much.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.held += int64(n)
	if b.all.bytes.Add(int64(n)) > b.all.limit {
		err = full("too many requests are under way; send this one again later")
	}
	return n, err
}

// release gives back what the body took.
func (b *body) release() { b.all.bytes.Add(-b.held) }

// A chunk holds a part of a body while its size is not known. Chunks are used
// again; a body is copied out of them once, so it never takes twice what it has.
type chunk struct {
	bytes [chunkSize]byte
	n     int // how many of them are filled
}

const chunkSize = 64 << 10

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// fill reads until the chunk is full, or an error.
func (c *chunk) fill(r io.Reader) (err error) {
	for c.n = 0; c.n < chunkSize && err == nil; {
		var n int
		n, err = r.Read(c.bytes[c.n:])
		c.n += n
	}
	return err
}

// readAll returns a whole body of at most MaxBody bytes.
func readAll(r io.Reader) (string, error) {
	var filled []*chunk
	defer func() {
		for _, c := range filled {
			chunks.Put(c)
		}
	}()
	size := 0
	for err := error(nil); err != io.EOF; {
		c := chunks.Get().(*chunk)
		filled = append(filled, c)
		err = c.fill(r)
		size += c.n
		if size > MaxBody {
			return "", costd.Errorf(costd.TooLarge, "the body is larger than %d bytes uncompressed; split it", MaxBody)
		}
		if err != nil && err != io.EOF {
			return "", brokenOff(err)
		}
	}
	var text strings.Builder
	text.Grow(size)
	for _, c := range filled {
		text.Write(c.bytes[:c.n])
	}
	return strings.TrimPrefix(text.String(), "\uFEFF"), nil
}

// brokenOff returns the reason why a body has no end, as the caller may see it.
func brokenOff(err error) error {
	if e, ok := errors.AsType[*costd.Error](err); ok {
		return e
	}
	return &costd.Error{Code: costd.Invalid, Message: "the body could not be read to its end; send it again", Err: err}
}
