package bench

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/ingest"
)

var small = Fleet{Records: 20_000, Months: 2, Commitments: 50, Seed: 1}

func mustPlan(t *testing.T, f Fleet) *plan {
	t.Helper()
	p, err := newPlan(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// all returns everything a stream writes.
func all(s *stream) (lines []byte, records int64) {
	for {
		var n int
		if lines, n = s.batch(lines, 777); n == 0 {
			return lines, records
		}
		records += int64(n)
	}
}

func TestFleetIsValid(t *testing.T) {
	p := mustPlan(t, small)
	lines, n := all(p.loaded(asNDJSON))
	if n != p.Records || n < small.Records*8/10 || n > small.Records*12/10 {
		t.Fatalf("%d records, the plan says %d, wanted were about %d", n, p.Records, small.Records)
	}
	fresh, more := all(p.fresh(asNDJSON))
	if want := int64(p.Clients * p.resources * freshHours); more != want {
		t.Fatalf("%d fresh records, want %d", more, want)
	}
	items, err := ingest.Decode(bytes.NewReader(append(lines, fresh...)), ingest.NDJSON)
	if err != nil {
		t.Fatal(err)
	}
	known, types, month := map[string]bool{}, map[costd.Type]bool{}, int64(0)
	for i := range items {
		u := &items[i].Usage
		if _, err := ingest.NewRecord(*u); items[i].Err != nil || err != nil {
			t.Fatalf("record %d, %+v: %v %v", i, u, items[i].Err, err)
		}
		key := fmt.Sprint(u.ClientID, u.ResourceID, u.Metric, u.Start)
		if known[key] || u.ID != "" {
			t.Fatalf("a second record of %s, or one with the id %q", key, u.ID)
		}
		known[key] = true
		types[u.Type] = true
		if u.ClientID == firstClient && int64(i) < n && costd.MonthOf(costd.DayOf(u.Start)) == lastMonth {
			month++
		}
	}
	if month != p.monthRecords() {
		t.Errorf("the measured month has %d records, the plan says %d", month, p.monthRecords())
	}
	if len(types) < 5 {
		t.Errorf("the few resources are of the types %v only", types)
	}
}

func TestFleetIsReproducible(t *testing.T) {
	p := mustPlan(t, small)
	once, _ := all(p.loaded(asNDJSON))
	again, _ := all(mustPlan(t, small).loaded(asNDJSON))
	if !bytes.Equal(once, again) {
		t.Fatal("the same seed made another fleet")
	}
	half := p.hours / 2
	first, _ := all(p.newStream(asNDJSON, 0, half))
	second, _ := all(p.newStream(asNDJSON, half, p.hours))
	if !bytes.Equal(once, append(first, second...)) {
		t.Fatal("two halves differ from the whole")
	}
	corrected, _ := all(mustPlan(t, small).corrected())
	if bytes.Equal(once, corrected) || !bytes.Equal(once, bytes.ReplaceAll(corrected, []byte("-renamed"), nil)) {
		t.Fatal("corrections differ in more, or less, than the names")
	}
	other := small
	other.Seed++
	if different, _ := all(mustPlan(t, other).loaded(asNDJSON)); bytes.Equal(once, different) {
		t.Fatal("another seed made the same fleet")
	}
}

// TestFormsAgree reads the same fleet from CSV and from NDJSON.
func TestFormsAgree(t *testing.T) {
	p := mustPlan(t, Fleet{Records: 3000, Months: 1, Seed: 7})
	lines, n := all(p.newStream(asNDJSON, 0, 100))
	items, err := ingest.Decode(bytes.NewReader(lines), ingest.NDJSON)
	if err != nil {
		t.Fatal(err)
	}
	table, _ := all(p.newStream(asCSV, 0, 100))
	rows, err := csv.NewReader(strings.NewReader(columns + string(table))).ReadAll()
	if err != nil || int64(len(rows)) != n+1 {
		t.Fatalf("%d rows, %v; want a header and %d", len(rows), err, n)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	for i, row := range rows[1:] {
		u := items[i].Usage
		quantity := ""
		if u.Quantity != nil {
			quantity = u.Quantity.String()
		}
		for name, want := range map[string]string{
			"client_id": fmt.Sprint(u.ClientID), "type": string(u.Type), "resource_id": u.ResourceID, "metric": u.Metric, "name": u.Name,
			"flavor": u.Flavor, "volume_type": u.Attributes.VolumeType, "port_id": u.Attributes.PortID, "quantity": quantity,
			"start": u.Start.Format("2006-01-02T15:04:05Z"), "end": u.End.Format("2006-01-02T15:04:05Z"),
		} {
			if got := row[at[name]]; got != want {
				t.Fatalf("row %d: %s is %q, want %q", i, name, got, want)
			}
		}
		if (row[at["tags"]] != "") != (len(u.Tags) > 0) {
			t.Fatalf("row %d: tags %q, want %v", i, row[at["tags"]], u.Tags)
		}
	}
}

func TestPlans(t *testing.T) {
	for _, tt := range []struct {
		fleet              Fleet
		clients, resources int
	}{
		{Fleet{Records: 43_000_000, Months: 2}, 100, 300},
		{Fleet{Records: 1_000_000, Months: 1}, 5, 300},
		{Fleet{Records: 100_000_000, Months: 12}, 38, 300},
		{Fleet{Records: 1_000_000, Months: 1, Clients: 10}, 10, 138},
		{Fleet{Records: 1, Months: 1}, 2, 1},
	} {
		p := mustPlan(t, tt.fleet)
		if p.Clients != tt.clients || p.resources != tt.resources {
			t.Errorf("%+v: %d clients with %d resources, want %d with %d", tt.fleet, p.Clients, p.resources, tt.clients, tt.resources)
		}
	}
	for _, f := range []Fleet{{}, {Records: 1}, {Records: 1, Months: 1, Clients: -1}, {Records: 1, Months: 121}, {Records: 1, Months: 1, Commitments: 101}} {
		if p, err := newPlan(f); err == nil {
			t.Errorf("%+v is accepted as %+v", f, p)
		}
	}
}

func TestCatalogIsValid(t *testing.T) {
	p := mustPlan(t, small)
	entries := p.entries()
	if err := catalog.Check(costd.Entries{}, entries); err != nil {
		t.Fatal(err)
	}
	lines, _ := all(p.newStream(asNDJSON, 0, 24))
	items, err := ingest.Decode(bytes.NewReader(lines), ingest.NDJSON)
	if err != nil {
		t.Fatal(err)
	}
	priced := map[string]bool{}
	for _, price := range entries.Prices {
		priced[price.Metric] = true
	}
	for i := range items {
		if !priced[items[i].Usage.Metric] {
			t.Fatalf("%s has no price", items[i].Usage.Metric)
		}
	}
	if len(entries.Commitments) == 0 {
		t.Error("no commitments")
	}
}

// BenchmarkStream says how much of a measurement is the making of records.
func BenchmarkStream(b *testing.B) {
	p, err := newPlan(Fleet{Records: 43_000_000, Months: 2})
	if err != nil {
		b.Fatal(err)
	}
	s := p.loaded(asNDJSON)
	var dst []byte
	records, size := 0, 0
	for b.Loop() {
		var n int
		dst, n = s.batch(dst[:0], 5000)
		records, size = records+n, size+len(dst)
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(size)/float64(records), "bytes/record")
}
