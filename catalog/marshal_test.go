package catalog_test

import (
	"bytes"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/decimal"
)

// pieces keeps what was written and how much of it came at once.
type pieces struct {
	bytes.Buffer
	largest int
}

func (p *pieces) Write(b []byte) (int, error) {
	p.largest = max(p.largest, len(b))
	return p.Buffer.Write(b)
}

// A large catalog is written as YAML bit by bit, with memory that grows no faster than
// the file, and is one file in which each list stands once.
func TestWriteIsAStream(t *testing.T) {
	entries := costd.Entries{
		Clients: []costd.Client{{ID: 1, Name: "a", Currency: "EUR"}},
		Regions: []costd.Region{{ID: 1, Name: "r"}},
	}
	for i := range 20_000 {
		entries.Prices = append(entries.Prices, costd.Price{Type: costd.Volume, Metric: fmt.Sprint("metric ", i), Currency: "EUR",
			Unit: "H", UnitSize: decimal.FromInt(60), UnitPrice: decimal.FromInt(int64(i)), EffectiveFrom: 20_000})
	}
	var out pieces
	out.Grow(8 << 20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := catalog.Write(&out, entries, catalog.YAML); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	const perEntry = 64 << 10 // bytes allocated in all, freed ones among them
	if used := int(after.TotalAlloc-before.TotalAlloc) / len(entries.Prices); used > perEntry {
		t.Errorf("took %d bytes an entry, more than %d", used, perEntry)
	}
	if out.largest > 256<<10 {
		t.Errorf("wrote %d bytes at once", out.largest)
	}
	file := out.String()
	for _, list := range []string{"clients:\n", "regions:\n", "prices:\n"} {
		if strings.Count(file, list) != 1 {
			t.Errorf("%q stands %d times in the file", list, strings.Count(file, list))
		}
	}
	back, err := catalog.Parse(out.Bytes())
	if err != nil || len(back.Prices) != len(entries.Prices) || !reflect.DeepEqual(back.Clients, entries.Clients) {
		t.Errorf("%v, %d prices", err, len(back.Prices))
	}
}

func TestMarshalNothing(t *testing.T) {
	file, err := catalog.Marshal(costd.Entries{}, catalog.YAML)
	if err != nil || string(file) != "{}\n" {
		t.Errorf("%q, %v", file, err)
	}
}
