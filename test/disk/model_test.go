//go:build linux

package disk

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

// A model is what a loss of power may leave of the files that a server wrote: what was
// synced, and any part of the rest.
type model struct {
	live    map[string]*file // names as the server sees them
	durable map[string]*file // names as of the last sync of the folder
	changes []change         // of names since then, in order
}

// A file is on disk as it was when it was synced last. What was done to it since then
// may have reached the disk, or not.
type file struct {
	durable []byte
	pending []entry
}

// A change gives a name to a file, takes it away, or gives the file of one name another.
type change struct {
	entry
	file *file // of one that was created
}

func newModel() *model { return &model{live: map[string]*file{}, durable: map[string]*file{}} }

// do does to the disk what an entry says.
func (m *model) do(e entry) error {
	switch {
	case e.kind == answered:
		return nil
	case e.kind == created, e.kind == renamed, e.kind == removed:
		m.change(e)
		return nil
	case e.kind == synced && e.path == ".":
		m.durable, m.changes = maps.Clone(m.live), nil
		return nil
	case e.kind != synced && e.kind != written && e.kind != truncated && e.kind != allocated:
		return fmt.Errorf("the server does to %q what the recorder does not know (%d)", e.path, e.kind)
	}
	f := m.live[e.path]
	if f == nil {
		return fmt.Errorf("the server writes %q, and the record does not say where it comes from", e.path)
	}
	f.do(e)
	return nil
}

// do changes a file, or syncs it.
func (f *file) do(e entry) {
	if e.kind != synced {
		f.pending = append(f.pending, e)
	}
	if e.kind == synced || e.kind == written && e.b == 1 {
		f.durable, f.pending = f.content(), nil
	}
}

// content returns what a file has as the server sees it.
func (f *file) content() []byte {
	content := f.durable
	for _, e := range f.pending {
		content = apply(content, e)
	}
	return content
}

// change changes the name of a file, or empties it.
func (m *model) change(e entry) {
	c := change{entry: e}
	switch f := m.live[e.path]; {
	case e.kind == created && f != nil:
		if e.a == 1 {
			f.do(entry{kind: truncated})
		}
		return
	case e.kind == created:
		c.file = &file{}
	case f == nil:
		return // the call failed
	}
	c.do(m.live)
	m.changes = append(m.changes, c)
}

func (c change) do(names map[string]*file) {
	f := names[c.path]
	delete(names, c.path)
	switch {
	case c.kind == created:
		names[c.path] = c.file
	case c.kind == renamed && f != nil:
		names[string(c.data)] = f
	}
}

// apply returns a content after a write or a change of size.
func apply(content []byte, e entry) []byte {
	switch e.kind {
	case truncated:
		return resize(content, int(e.a))
	case allocated:
		return resize(content, max(len(content), int(e.a+e.b)))
	}
	content = resize(content, max(len(content), int(e.a)+len(e.data)))
	copy(content[e.a:], e.data)
	return content
}

// resize returns a content of another size. What is added is zeros.
func resize(content []byte, size int) []byte {
	if size <= len(content) {
		return content[:size:size] // what grows it later must not find the rest
	}
	return append(content, make([]byte, size-len(content))...)
}

// A loss is what becomes of what was not synced.
type loss int

const (
	allLost loss = iota
	allKept
	someKept // each write or change of size by itself: whole, or not at all
	torn     // the same, or its first sectors
	losses
)

func (l loss) String() string {
	return [...]string{"all lost", "all kept", "some kept", "some torn"}[l]
}

// lose returns what a loss of power leaves now. Changes of names reach the disk in their
// order, as the journals of file systems have it, and may be cut off anywhere.
func (m *model) lose(l loss, rng *rand.Rand) map[string][]byte {
	names := maps.Clone(m.durable)
	for _, c := range m.changes[:l.part(len(m.changes), rng)] {
		c.do(names)
	}
	contents := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		contents[name] = names[name].lose(l, rng)
	}
	return contents
}

// part returns how many of n things are kept.
func (l loss) part(n int, rng *rand.Rand) int {
	switch l {
	case allLost:
		return 0
	case allKept:
		return n
	}
	return rng.IntN(n + 1)
}

// lose returns what is left of a file. The size of a file may have reached the disk
// without the data, which then is zeros.
func (f *file) lose(l loss, rng *rand.Rand) []byte {
	content := slices.Clone(f.durable)
	for _, e := range f.pending {
		if l == allKept || l >= someKept && rng.IntN(2) == 0 {
			content = apply(content, l.tear(e, rng))
		}
	}
	if size := len(slices.Clip(f.clone().content())); l >= someKept && size > len(content) && rng.IntN(2) == 0 {
		content = resize(content, size)
	}
	return content
}

// clone returns a copy of a file, whose content may be changed.
func (f *file) clone() *file { return &file{durable: slices.Clone(f.durable), pending: f.pending} }

// sector is the size of what a disk writes whole, in bytes.
const sector = 512

// tear returns the first sectors of a write, if the loss tears.
func (l loss) tear(e entry, rng *rand.Rand) entry {
	if l != torn || e.kind != written || rng.IntN(2) == 0 {
		return e
	}
	first := sector - int(e.a)%sector // up to the end of the first sector
	if sectors := (len(e.data) - first) / sector; sectors >= 0 {
		e.data = e.data[:min(len(e.data), first+rng.IntN(sectors+1)*sector)]
	}
	return e
}
