package server

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/internal/web"
)

const (
	// maxReportBody bounds the body of a report's request, as gcore does: lists of
	// 10,000 ids take most of it.
	maxReportBody = 1 << 20
	// maxReportBodies bounds the bodies of all reports under way, waiting or arriving;
	// a client has half of it. Usual bodies have a kilobyte.
	maxReportBodies = 32 << 20
	// reportBodyTime is how long a body may take to arrive: it is small, and its memory
	// is taken while it does.
	reportBodyTime = 20 * time.Second
)

// payer returns for whom a caller takes of what is shared: its client, so that many keys
// of one client have no more than one, or else the key.
func payer(who access.Principal) string {
	if who.ClientID != 0 {
		return "client " + strconv.FormatInt(who.ClientID, 10)
	}
	return who.KeyID
}

// reportBodies count the bytes of bodies that are held in memory.
type reportBodies struct {
	mu   sync.Mutex
	all  int
	paid map[string]int // by payer, of those who hold any
}

// A reportBody counts what it reads.
type reportBody struct {
	io.Reader
	bodies *reportBodies
	payer  string
	held   int
}

// Read implements io.Reader. It returns TooMany if the payer holds too much, and
// Unavailable if all do.
func (b *reportBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.held += n
	if over := b.bodies.add(b.payer, n); over != nil {
		return n, over
	}
	return n, err
}

// release gives back what was read.
func (b *reportBody) release() { _ = b.bodies.add(b.payer, -b.held) }

// add counts n bytes, and says whether they are too many.
func (b *reportBodies) add(payer string, n int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all += n
	if b.paid[payer] += n; b.paid[payer] == 0 {
		delete(b.paid, payer)
	}
	switch {
	case n > 0 && b.paid[payer] > maxReportBodies/2:
		return costd.Errorf(costd.TooMany, "requests of this client hold %d bytes; send fewer at a time", maxReportBodies/2)
	case n > 0 && b.all > maxReportBodies:
		return costd.Errorf(costd.Unavailable, "requests for reports hold %d bytes, as many as the server keeps at a time; try again later", maxReportBodies)
	}
	return nil
}

// readAhead reads the body that describes a report, and returns what gives its memory
// back.
func (b *reportBodies) readAhead(w http.ResponseWriter, r *http.Request, payer string) (release func(), err error) {
	if r.Method != http.MethodPost {
		return func() {}, nil // nobody reads a body then
	}
	if arriving, ok := r.Body.(*body); ok {
		arriving.within(reportBodyTime)
		defer arriving.within(readTimeout) // when it passes, it ends the request
	}
	counted := &reportBody{Reader: r.Body, bodies: b, payer: payer}
	r.Body = io.NopCloser(counted)
	text, err := web.ReadBody(w, r, maxReportBody)
	r.Body = io.NopCloser(bytes.NewReader(text))
	return counted.release, err
}
