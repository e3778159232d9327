package faults

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"sync"
	"time"

	"costd.dev/costd/catalog"
)

// wasteClient is the client whose usage only harm sends, and nobody compares.
const wasteClient = 1003

// floodBodies are batches of usage: four sets of records, each with two quantities, so
// that a batch that follows the other one replaces all of its records.
var floodBodies = sync.OnceValue(func() (bodies [][]byte) {
	const perBody = 5000
	for quantity := range 2 {
		for set := range 4 {
			var b bytes.Buffer
			for i := range perBody {
				start := firstHour.Add(time.Duration(i%100) * time.Hour)
				fmt.Fprintf(&b, `{"client_id": %d, "project_id": 503, "region_id": 76, "type": "instance", "metric": "instance_min", "flavor": "f-%d", "resource_id": "waste-%d-%d", "start": %q, "end": %q, "quantity": %d}`+"\n",
					wasteClient, i%5, set, i/100, start.Format(time.RFC3339), start.Add(time.Hour).Format(time.RFC3339), 1+quantity)
			}
			bodies = append(bodies, b.Bytes())
		}
	}
	return bodies
})

// months are zipped requests of records that last a month each: few of them, and as
// many as a request may have, whose days are too many.
var months = sync.OnceValue(func() [][]byte { return [][]byte{zipped(monthLong(1000)), zipped(monthLong(100_000))} })

// monthLong returns n records of 31 days each.
func monthLong(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"client_id": %d, "project_id": 503, "region_id": 76, "type": "instance", "metric": "instance_min", "flavor": "f-1", "resource_id": "month-%d", "start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"}`+"\n", wasteClient, i)
	}
	return b.String()
}

// bombs are zipped catalogs of some kilobytes that become millions of worthless
// entries: one in YAML, one in JSON.
var bombs = sync.OnceValue(func() [][]byte {
	const entry = "- 0\n"
	block := "commitments:\n" + strings.Repeat(entry, catalog.MaxFileSize/len(entry)-10)
	flow := `{"commitments":[0` + strings.Repeat(",0", catalog.MaxFileSize/len(",0")-20) + "]}"
	return [][]byte{zipped(block), zipped(flow)}
})

// zipped returns the text as gzip makes it smallest.
func zipped(text string) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic(err) // the level exists
	}
	// A buffer takes everything.
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.Bytes()
}
