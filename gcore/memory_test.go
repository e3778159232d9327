package gcore

import (
	"bytes"
	"fmt"
	"testing"
)

// Answers of any length are remembered within one bound of all their bytes: the latest
// stay, the oldest go.
func TestMemoryIsBoundedByBytes(t *testing.T) {
	m := newMemory()
	long := make([]byte, 1<<20)
	ask := func(i int) question { return question{keyID: fmt.Sprint(i)} }
	const answers = 100
	for i := range answers {
		m.add(ask(i), &remembered{pieces: [][]byte{long}, size: len(long)})
	}
	kept := 0
	for i := range answers {
		if _, ok := m.get(ask(i)); ok {
			kept++
		} else if kept > 0 {
			t.Errorf("answer %d is forgotten, an older one is not", i)
		}
	}
	if want := maxMemory>>20 - 1; kept != want {
		t.Errorf("%d answers of 1 MiB are remembered, want %d in %d bytes", kept, want, maxMemory)
	}
	for i := range 2 * maxMemory / answerOverhead {
		m.add(ask(i), &remembered{})
	}
	if n := m.answers.Len(); n > maxMemory/answerOverhead {
		t.Errorf("%d empty answers are remembered", n)
	}
	for range 100 { // the same question again takes no more room
		m.add(ask(7), &remembered{pieces: [][]byte{long}, size: len(long)})
	}
	if m.size > maxMemory || m.answers.Len() < 1000 {
		t.Errorf("%d bytes in %d answers", m.size, m.answers.Len())
	}
}

// What is being sent is kept within a bound too, and its room given back.
func TestDraftsAreBounded(t *testing.T) {
	m := newMemory()
	part := make([]byte, maxBuffered)
	first, second := &draft{memory: m}, &draft{memory: m}
	for range maxDrafts/maxBuffered - 1 {
		first.keep(part)
	}
	if second.keep([]byte("short")); second.dropped || !bytes.Equal(second.pieces[0], []byte("short")) {
		t.Error("a short part found no room")
	}
	if second.keep(part); !second.dropped || first.dropped {
		t.Errorf("dropped: %v and %v, want only the second", first.dropped, second.dropped)
	}
	first.keep(part)
	if first.dropped {
		t.Error("the room of the second was not given back")
	}
	first.release()
	first.release()
	if n := m.drafts.Load(); n != 0 {
		t.Errorf("%d bytes are still taken", n)
	}
}
