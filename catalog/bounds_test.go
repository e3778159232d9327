package catalog_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
)

// A small body that decompresses to millions of worthless entries costs little memory,
// in whatever form it says them, and is refused with what to do.
func TestParseBoundsItsMemory(t *testing.T) {
	const half = catalog.MaxFileSize / 2
	for name, file := range map[string]string{
		"JSON, as large as it may be":  `{"commitments":[0` + strings.Repeat(",0", half-20) + `]}`,
		"YAML in one line":             `commitments: [0` + strings.Repeat(",0", half-20) + `]`,
		"YAML in lines":                "commitments:\n" + strings.Repeat("- 0\n", half/2-10),
		"YAML of lists in lists":       "commitments:\n" + strings.Repeat("- - - - - - - - - - - - - - - 0\n", half/16-10),
		"fields that nobody knows":     `{"clients":[{"id":1` + strings.Repeat(`,"":1`, half/4) + `}]}`,
		"more entries than a list may": `{"commitments":[0` + strings.Repeat(",0", catalog.MaxEntries) + `]}`,
		"every entry a mistake":        `{"commitments":[0` + strings.Repeat(",0", catalog.MaxEntries-1) + `]}`,
		"every entry with a mistake":   `{"regions":[{"id":1}` + strings.Repeat(`,{"id":1}`, catalog.MaxEntries-1) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			const most = 400 << 20 // bytes allocated in all, freed ones among them
			if len(file) > catalog.MaxFileSize {
				t.Fatalf("%d bytes are refused by their size alone", len(file))
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := catalog.Parse([]byte(file))
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > most {
				t.Errorf("took %d MiB, more than %d", used>>20, most>>20)
			}
			e, ok := errors.AsType[*costd.Error](err)
			if !ok || e.Code != costd.TooLarge && e.Code != costd.Invalid || len(e.Fields) > 1001 {
				t.Errorf("%.200v, want that it is too large or at most a thousand mistakes", err)
			}
		})
	}
}

// The largest sensible file is none of those.
func TestParseTakesAFullFile(t *testing.T) {
	price := `{"type":"volume","metric":"volume_gbm_ssd_hiiops","region_id":76,"client_id":1001,"currency":"EUR","feature":"Volume {region}","unit":"GB-month",` +
		`"unit_size":43200,"unit_price":"0.0912","effective_from":"2026-01-01"}`
	commitments := strings.Repeat(","+price, catalog.MaxFileSize/(len(price)+1)-2)
	_, err := catalog.Parse([]byte(`{"prices":[` + price + commitments + `]}`))
	if costd.ErrorCode(err) == costd.TooLarge || !strings.Contains(err.Error(), "has the key of prices[0]") {
		t.Errorf("%.200v, want that each price has the key of the first", err)
	}
}
