package faults

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"costd.dev/costd"
)

// trickleBytes are read every trickleInterval: slowly enough that a large answer takes most
// of a minute, and fast enough that the connection is not cut off.
const (
	trickleBytes    = 50 << 10
	trickleInterval = 250 * time.Millisecond
)

// TestTricklingReaders lets two clients take every turn for reports, and read their answers
// very slowly. Another client's reports come meanwhile, and the slow ones go on.
func TestTricklingReaders(t *testing.T) {
	s, first := harmed(t, "--reports", "4", "--reports-per-key", "2")
	s.must(s.sendFleetOf(sickClient+2, 0))
	second := *first
	second.crowd = s.newKey(costd.RoleAdministrator, sickClient+2)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var ended atomic.Int32
	for _, x := range []*target{first, first, &second, &second} {
		conn := x.open("POST", "/cloud/v1/usage_report", yearBody)
		if conn == nil {
			t.Fatal("the server takes no connection")
		}
		defer conn.Close()
		if _, err := io.ReadFull(conn, make([]byte, len("HTTP/1.1 200"))); err != nil { // it has a turn
			t.Fatal(err)
		}
		go func() {
			trickle(ctx, conn)
			ended.Add(1)
		}()
	}
	s.must(s.report(0))
	if n := ended.Load(); n > 0 {
		t.Errorf("%d of the slow answers had ended by then, and held no turn", n)
	}
	s.wantBackup()
	leave()
	s.healthy()
}

// trickle reads slowly until there is no more, or ctx ends.
func trickle(ctx context.Context, conn net.Conn) {
	for b := make([]byte, trickleBytes); ctx.Err() == nil; pause(ctx, trickleInterval) {
		if _, err := io.ReadFull(conn, b); err != nil {
			return
		}
	}
}
