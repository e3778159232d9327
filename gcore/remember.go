package gcore

import (
	"bytes"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"costd.dev/costd"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/report"
)

// Bounds of what is remembered. They are of all answers together: how long one of them
// is does not matter.
const (
	// maxMemory is for a thousand answers of 64 KiB, or a few long ones.
	maxMemory = 64 << 20
	// maxDrafts is for the parts of answers that are being sent, which wait to be
	// remembered as a whole. An answer for which there is no room is sent and forgotten.
	maxDrafts = 32 << 20
	// answerOverhead is what an answer takes beside its texts, about. It bounds their
	// number too.
	answerOverhead    = 1 << 10
	maxRememberedBody = 4 << 10 // of the request
)

// A question is a request as far as its answer depends on it. The key stands for its role
// and projects, which never change. The client is in it too: two tokens given by whoever starts the
// server could have one key id by mistake, and no client must see the answer of another.
// The day is for what "now" means.
type question struct {
	keyID      string
	clientID   int64
	path, body string
	today      costd.Day
}

// A remembered answer can be sent again while its basis holds.
type remembered struct {
	basis       report.Basis
	contentType string
	disposition string // of a CSV file
	pieces      [][]byte
	size        int // of all pieces, bytes
}

// A memory holds answers by their questions, the least recently used going first.
type memory struct {
	mu      sync.Mutex
	answers *simplelru.LRU[question, *remembered] // guarded by mu
	size    int                                   // of all answers, bytes; guarded by mu
	drafts  atomic.Int64                          // bytes in all drafts
}

func newMemory() *memory {
	m := &memory{}
	answers, err := simplelru.NewLRU(maxMemory/answerOverhead, func(q question, r *remembered) { m.size -= cost(q, r) })
	if err != nil {
		panic(err) // only of a size that is not positive
	}
	m.answers = answers
	return m
}

// cost returns about how much memory an answer and its question take, in bytes.
func cost(q question, r *remembered) int {
	return answerOverhead + len(q.keyID) + len(q.body) + r.size
}

func (m *memory) get(q question) (*remembered, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.answers.Get(q)
}

// add remembers an answer, and forgets as many others as it takes the room of.
func (m *memory) add(q question, r *remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers.Remove(q)
	m.answers.Add(q, r)
	m.size += cost(q, r)
	for m.size > maxMemory {
		m.answers.RemoveOldest()
	}
}

// A draft keeps the parts of an answer as they are sent. It is used by one goroutine.
type draft struct {
	memory  *memory
	pieces  [][]byte
	size    int
	dropped bool // there was no room for it
}

// keep adds a copy of a part.
func (d *draft) keep(part []byte) {
	if d.dropped {
		return
	}
	if d.memory.drafts.Add(int64(len(part))) > maxDrafts {
		d.memory.drafts.Add(-int64(len(part)))
		d.release()
		return
	}
	d.pieces, d.size = append(d.pieces, bytes.Clone(part)), d.size+len(part)
}

// release gives the room of the draft back. It may be called more than once.
func (d *draft) release() {
	d.memory.drafts.Add(-int64(d.size))
	d.pieces, d.size, d.dropped = nil, 0, true
}

// remember makes an endpoint that sends an earlier answer to the same question
// again, unless usage of the client in the report's period, or what the catalog has for
// it, have changed since. Reports take no parameters beside the body.
func remember(next endpoint) endpoint {
	return func(h *Handler, c *call) (err error) {
		if err := parseParams(c.URL.RawQuery).err(); err != nil {
			return err
		}
		if c.body, err = web.ReadBody(c.answer.w, c.Request, maxBody); err != nil {
			return err
		}
		if len(c.body) > maxRememberedBody {
			return next(h, c)
		}
		q := question{c.principal.KeyID, c.principal.ClientID, c.URL.Path, string(c.body), h.Reports.Today()}
		if known, ok := h.memory.get(q); ok {
			holds, err := h.Reports.Holds(c.Context(), known.basis)
			if err != nil {
				return err
			}
			if holds {
				return c.answer.repeat(known)
			}
		}
		return h.answerAnew(next, c, q)
	}
}

// answerAnew lets the endpoint answer, and remembers the answer.
func (h *Handler) answerAnew(next endpoint, c *call, q question) error {
	d := &draft{memory: h.memory}
	defer d.release()
	c.answer.draft = d
	if err := next(h, c); err != nil {
		return err
	}
	c.answer.draft = nil // what is left is kept here
	if !c.answer.begun { // short answers need no room of drafts, so that long ones never crowd them out
		h.memory.add(q, c.answer.remembered(c.basis, bytes.Clone(c.answer.b)))
	} else if d.keep(c.answer.b); !d.dropped {
		h.memory.add(q, c.answer.remembered(c.basis, d.pieces...))
	}
	return nil
}

// remembered returns what is needed to send the answer again.
func (a *answer) remembered(basis report.Basis, pieces ...[]byte) *remembered {
	header := a.w.Header()
	r := &remembered{
		basis: basis, contentType: header.Get("Content-Type"), disposition: header.Get("Content-Disposition"), pieces: pieces,
	}
	for _, piece := range pieces {
		r.size += len(piece)
	}
	return r
}

// repeat sends a remembered answer. It returns an error if the caller is gone.
func (a *answer) repeat(known *remembered) error {
	a.contentType(known.contentType)
	if known.disposition != "" {
		a.w.Header().Set("Content-Disposition", known.disposition)
	}
	a.w.Header().Set("Content-Length", strconv.Itoa(known.size))
	a.begun = true
	for _, piece := range known.pieces {
		if _, err := a.w.Write(piece); err != nil {
			return err
		}
	}
	return nil
}
