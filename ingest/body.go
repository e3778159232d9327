package ingest

import (
	"errors"
	"io"
	"strings"
	"sync"

	"costd.dev/costd"
)

// A budget counts the bytes that all requests under way hold. All together may hold limit;
// one named sender may hold half of that, but always largestRequest.
type budget struct {
	limit          int64
	largestRequest int64 // what one request may hold

	mu    sync.Mutex
	bytes int64
	own   map[string]int64 // by sender, of those who hold any
}

// A holding is what one request holds of a budget.
type holding struct {
	all    *budget
	sender string
	held   int64
}

// take takes bytes, or fails if all requests together, or those of the sender, have too
// much then.
func (s *holding) take(bytes int64) error {
	s.held += bytes
	if !s.all.add(s.sender, bytes) {
		return full("too many requests are under way; send this one again later")
	}
	return nil
}

// release gives back what the request took.
func (s *holding) release() { s.all.add(s.sender, -s.held) }

// add adds bytes and reports whether the bounds hold then. It counts them even if they do
// not: the caller releases them.
func (b *budget) add(sender string, bytes int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytes += bytes
	if sender == "" {
		return b.bytes <= b.limit
	}
	if b.own == nil {
		b.own = map[string]int64{}
	}
	if b.own[sender] += bytes; b.own[sender] == 0 {
		delete(b.own, sender)
	}
	return b.bytes <= b.limit && b.own[sender] <= max(b.limit/2, b.largestRequest)
}

// held returns what all requests take now.
func (b *budget) held() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes
}

// A body is read through to count what it takes of the limit. Memory is taken as
// bytes arrive, not when they are announced: who sends slowly holds little.
type body struct {
	from io.Reader
	holding
}

// Read reads on, or fails if all bodies together are too much.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if over := b.take(int64(n)); over != nil {
		err = over
	}
	return n, err
}

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
