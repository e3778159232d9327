package ingest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"costd"
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

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readAll returns a whole body of at most MaxBody bytes. Bodies are collected in
// buffers that are used again, and copied once their size is known.
func readAll(r io.Reader) (string, error) {
	buffer := buffers.Get().(*bytes.Buffer)
	defer func() {
		if buffer.Cap() <= maxPooled {
			buffer.Reset()
			buffers.Put(buffer)
		}
	}()
	n, err := buffer.ReadFrom(io.LimitReader(r, MaxBody+1))
	if err != nil {
		if e, ok := errors.AsType[*costd.Error](err); ok {
			return "", e
		}
		return "", &costd.Error{Code: costd.Invalid, Message: "the body could not be read to its end; send it again", Err: err}
	}
	if n > MaxBody {
		return "", costd.Errorf(costd.TooLarge, "the body is larger than %d bytes uncompressed; split it", MaxBody)
	}
	return strings.TrimPrefix(buffer.String(), "\uFEFF"), nil
}
