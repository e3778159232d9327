package server

import (
	"container/list"
	"crypto/rand"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// defaultConnections bounds the connections that are open, if the process has
	// descriptors for so many: each takes some 20 KiB.
	defaultConnections = 4096
	// keptDescriptors are left for the database, its temporary files and backups.
	keptDescriptors = 256
	// minConnections are allowed however few descriptors there are.
	minConnections = 16
)

// refusalTime is how long a connection that is refused may take to be told.
const refusalTime = 100 * time.Millisecond

// fullInterval is how often the log says that connections are at their bound.
const fullInterval = time.Minute

// mostConnections returns the bound on open connections of a process with so many
// descriptors. A wish of 0 is none.
func mostConnections(wish, descriptors int) int {
	room := max(descriptors-keptDescriptors, minConnections)
	if wish == 0 {
		wish = defaultConnections
	}
	return min(wish, room)
}

// connections bounds those that are open. Beyond the bound a new one takes the place of
// the one that has been without a request longest, and is refused if all have one.
type connections struct {
	most   int
	logger *slog.Logger

	mu    sync.Mutex
	open  map[net.Conn]*list.Element // of idle; nil while a request is under way
	idle  *list.List                 // of net.Conn without a request, the longest so first
	full  fullness
	clock func() time.Time
}

// fullness counts what the bound did since the log said so.
type fullness struct {
	said            time.Time
	closed, refused int
}

func newConnections(most int, logger *slog.Logger, clock func() time.Time) *connections {
	return &connections{most: most, logger: logger, clock: clock, open: map[net.Conn]*list.Element{}, idle: list.New()}
}

// admit counts a new connection, and reports whether there is room for it.
func (c *connections) admit(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) >= c.most && !c.makeRoom() {
		return false
	}
	c.open[conn] = c.idle.PushBack(conn)
	return true
}

// makeRoom closes the connection that has been without a request longest, and reports
// whether there was one. The caller holds mu.
func (c *connections) makeRoom() bool {
	longest := c.idle.Front()
	if longest == nil {
		c.full.refused++
		c.sayFull()
		return false
	}
	conn := c.idle.Remove(longest).(net.Conn)
	delete(c.open, conn)
	_ = conn.Close() // net/http notices; nobody waits for an answer
	c.full.closed++
	c.sayFull()
	return true
}

// sayFull tells the log what the bound did, once in a while.
func (c *connections) sayFull() {
	now := c.clock()
	if now.Sub(c.full.said) < fullInterval {
		return
	}
	c.logger.Warn("as many connections are open as may be; those without a request are closed, then new ones refused",
		"most", c.most, "closed", c.full.closed, "refused", c.full.refused)
	c.full = fullness{said: now}
}

// changed notes whether a connection has a request; net/http calls it.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	place, counted := c.open[conn]
	if !counted {
		return
	}
	if place != nil {
		c.idle.Remove(place)
	}
	switch state {
	case http.StateNew, http.StateIdle:
		c.open[conn] = c.idle.PushBack(conn)
	case http.StateActive:
		c.open[conn] = nil
	default:
		delete(c.open, conn)
	}
}

// A boundListener accepts no more connections than there may be.
type boundListener struct {
	net.Listener
	all *connections
}

// Accept implements net.Listener.
func (l boundListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil || l.all.admit(conn) {
			return conn, err
		}
		refuseConnection(conn)
	}
}

// refuseConnection answers a connection before it asks, and closes it. It does not wait for
// the one at the other end.
func refuseConnection(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(refusalTime))
	_, _ = conn.Write(jsonRefusal(http.StatusServiceUnavailable, "as many connections are open as the server takes; try again later", rand.Text(), "Retry-After: 1\r\n"))
	_ = conn.Close()
}
