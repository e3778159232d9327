package faults

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"costd.dev/costd/internal/spawn"
)

// crashed is a server that was killed with usage in its log, in many transactions.
func crashed(t *testing.T) *sick {
	t.Helper()
	s := newSick(t)
	for range 8 {
		s.ingest(20)
	}
	s.server.Kill()
	if s.logSize() == 0 {
		t.Fatal("the log is empty after a kill")
	}
	return s
}

// change changes the log.
func (s *sick) change(f func([]byte) []byte) {
	s.t.Helper()
	data, err := os.ReadFile(s.log())
	s.must(err)
	s.must(os.WriteFile(s.log(), f(data), 0o600))
}

// frames returns where the frames of a log begin: each has its length in 8 bytes, its
// sum in 8 bytes, and its data. The log begins with 8 bytes of its own.
func frames(log []byte) (offsets []int) {
	for at := 8; at < len(log); at += 16 + int(binary.LittleEndian.Uint64(log[at:])) {
		offsets = append(offsets, at)
	}
	return offsets
}

// TestLogFlipped flips one bit in the length of each of some frames. DuckDB takes that
// for the end of the log, starts, and has too little; costd must not start, and must
// print the file, the place and what to do.
func TestLogFlipped(t *testing.T) {
	s := crashed(t)
	log, err := os.ReadFile(s.log())
	s.must(err)
	offsets := frames(log)
	for n := 0; n < len(offsets); n += max(1, len(offsets)/10) {
		s.change(func(data []byte) []byte { data[offsets[n]+n%3] ^= 0x40; return data })
		s.wantNoStart(s.log(), fmt.Sprintf("damaged at byte %d", offsets[n]), "restore a backup")
		s.change(func([]byte) []byte { return log })
	}
	s.start()
	s.wantHours()
	s.healthy()
}

// TestLogZeroTail appends the zeros that ext4 and XFS leave after a loss of power.
func TestLogZeroTail(t *testing.T) {
	s := crashed(t)
	s.change(func(data []byte) []byte { return append(data, make([]byte, 8192)...) })
	s.start()
	if log := s.server.Log(); !strings.Contains(log, "cut off") || !strings.Contains(log, s.log()) {
		t.Errorf("the server does not say that it cut its log: %s", log)
	}
	s.wantHours()
	s.healthy()
}

// TestLogCutShort takes answered usage off the log, and then does what the refusal and
// docs/operations.md say for those who have no backup.
func TestLogCutShort(t *testing.T) {
	s := crashed(t)
	log, err := os.ReadFile(s.log())
	s.must(err)
	offsets := frames(log)
	s.change(func(data []byte) []byte { return data[:offsets[len(offsets)/2]+20] })
	server, err := spawn.Start(s.costd, s.data, s.flags...)
	if err == nil {
		server.Kill()
		t.Fatal("the server started with too little")
	}
	place := regexp.MustCompile(`damaged at byte (\d+)`).FindStringSubmatch(err.Error())
	if place == nil {
		t.Fatalf("the server does not say where the log ends: %v", err)
	}
	size, err := strconv.Atoi(place[1])
	s.must(err)
	s.must(os.Truncate(s.log(), int64(size)))
	s.must(os.Remove(filepath.Join(s.data, "costd.mark")))
	s.start()
	left, err := s.countHours()
	s.must(err)
	if left >= s.hours || left < 6000 {
		t.Errorf("%d of %d hours are left of a log cut in half", left, s.hours)
	}
	s.hours = left // in order, so that the rest is sent again
	s.healthy()
}

// TestLogRemoved removes the log of a killed server.
func TestLogRemoved(t *testing.T) {
	s := crashed(t)
	log, err := os.ReadFile(s.log())
	s.must(err)
	s.must(os.Remove(s.log()))
	s.wantNoStart(s.log(), "missing or cut short", "byte "+strconv.Itoa(len(log)), "restore a backup")
	s.must(os.WriteFile(s.log(), log, 0o600))
	s.start()
	s.healthy()
}

// TestDatabaseDamaged flips a bit in a header of the database.
func TestDatabaseDamaged(t *testing.T) {
	s := crashed(t)
	path := filepath.Join(s.data, "costd.duckdb")
	data, err := os.ReadFile(path)
	s.must(err)
	damaged := bytes.Clone(data)
	damaged[8192+9] ^= 1
	s.must(os.WriteFile(path, damaged, 0o600))
	s.wantNoStart(path, "damaged at byte 8192", "restore a backup")
	s.must(os.WriteFile(path, data, 0o600))
	s.start()
	s.healthy()
}
