//go:build linux

package disk

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestModel loses power after a write that was synced and one that was not, and before
// the name of a second file was.
func TestModel(t *testing.T) {
	m := newModel()
	old, rest := bytes.Repeat([]byte{'a'}, 1000), bytes.Repeat([]byte{'b'}, 2000)
	for _, e := range []entry{
		{kind: created, path: "x"}, {kind: synced, path: "."}, {kind: written, path: "x", data: old}, {kind: synced, path: "x"},
		{kind: written, path: "x", a: 1000, data: rest}, {kind: created, path: "y"}, {kind: written, path: "y", data: old, b: 1},
	} {
		if err := m.do(e); err != nil {
			t.Fatal(err)
		}
	}
	sizes, seconds := map[int]bool{}, map[bool]bool{}
	for n := range 200 {
		files := m.lose(loss(n%int(losses)), rand.New(rand.NewPCG(1, uint64(n))))
		x, y := files["x"], files["y"]
		if !bytes.HasPrefix(x, old) || len(x) > 3000 {
			t.Fatalf("what was synced is lost: %d bytes of 1000", len(x))
		}
		if written := bytes.TrimRight(x[1000:], "\x00"); !bytes.HasPrefix(rest, written) || len(written) > 0 && len(written) < 2000 && (1000+len(written))%sector != 0 {
			t.Fatalf("of a write of 2000 bytes %d are left", len(written))
		}
		sizes[len(x)], seconds[y != nil] = true, true
	}
	if !sizes[1000] || !sizes[3000] || len(sizes) < 4 || len(seconds) != 2 {
		t.Errorf("files of the sizes %v, a second file %v: some losses never come", sizes, seconds)
	}
}
