package ledger_test

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/ledger"
)

// TestChain writes the canonical form out by hand, as anybody can without this package.
func TestChain(t *testing.T) {
	e := costd.AuditEntry{
		Number: 2, Time: time.Date(2026, 11, 1, 2, 0, 0, 500_000_000, time.FixedZone("", 3600)), Actor: costd.Actor{Name: "key", RequestID: "request"},
		Action: costd.AuditKeyCreate, Subject: "ä", Details: `{"role":"ingest"}`,
	}
	const form = "19:costd audit entry 1,64:0100000000000000000000000000000000000000000000000000000000000000,1:2,22:2026-11-01T01:00:00.5Z," +
		`3:key,7:request,10:key.create,2:ä,17:{"role":"ingest"},`
	if got, want := ledger.Chain(costd.AuditHash{1}, e), costd.AuditHash(sha256.Sum256([]byte(form))); got != want {
		t.Errorf("the hash is %v, want %v", got, want)
	}
}

// TestSumOf writes the form of changes out by hand.
func TestSumOf(t *testing.T) {
	changes := costd.Changes{Regions: []costd.Change[costd.Region]{
		{After: &costd.Region{ID: 1, Name: "a"}}, {Before: &costd.Region{ID: 2, Name: "b"}, After: &costd.Region{ID: 2, Name: "c"}}, {Before: &costd.Region{ID: 3, Name: "d"}},
	}}
	const form = `23:costd catalog changes 1,1:0,1:3,0:,19:{"id":1,"name":"a"},19:{"id":2,"name":"b"},19:{"id":2,"name":"c"},19:{"id":3,"name":"d"},0:,1:0,1:0,1:0,`
	if got, err := ledger.SumOf(changes); err != nil || got != costd.AuditHash(sha256.Sum256([]byte(form))) {
		t.Errorf("the sum is %v, %v", got, err)
	}
}

// A book is a log, and what it knows of its last entry.
type book struct {
	entries []costd.AuditEntry
	head    costd.AuditHead
}

func (b *book) add(e costd.AuditEntry) {
	e.Number = b.head.Number + 1
	e.Hash = ledger.Chain(b.head.Hash, e)
	b.entries = append(b.entries, e)
	b.head = costd.AuditHead{Number: e.Number, Hash: e.Hash}
}

func newBook(n int) *book {
	b := &book{}
	for i := range n {
		b.add(costd.AuditEntry{
			Time: time.Unix(int64(i), 0), Actor: costd.Actor{Name: fmt.Sprint("key-", i%3), RequestID: fmt.Sprint(i)},
			Action: costd.AuditKeyDelete, Subject: fmt.Sprint("s", i),
		})
	}
	return b
}

func all[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range list {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// faults returns what a verification finds, as "altered 3".
func (b *book) faults(t *rapid.T, noted ...costd.AuditHead) (found []string) {
	v, err := ledger.Verify(ledger.Log{
		Entries: all(b.entries), Versions: all[costd.Version](nil), Head: func() (costd.AuditHead, error) { return b.head, nil }, Noted: noted,
	})
	if err != nil || v.Entries != int64(len(b.entries)) {
		t.Fatalf("%d entries, %v", v.Entries, err)
	}
	for _, f := range v.Faults {
		found = append(found, fmt.Sprint(f.Kind, " ", f.Number))
	}
	return found
}

// TestVerify alters, deletes and inserts one entry of random logs, and wants it found.
func TestVerify(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 30).Draw(t, "entries")
		b := newBook(n)
		whole := b.head
		if found := b.faults(t, b.head); len(found) > 0 {
			t.Fatalf("a log as it was written: %q", found)
		}
		i := rapid.IntRange(0, n-1).Draw(t, "entry")
		number := i + 1
		var want []string
		switch rapid.SampledFrom([]string{"alter", "hash", "delete", "cut", "insert", "append", "rewrite"}).Draw(t, "harm") {
		case "alter":
			alter(t, &b.entries[i])
			want = []string{fmt.Sprint("altered ", number)}
		case "hash":
			b.entries[i].Hash[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
			want = []string{fmt.Sprint("altered ", number), fmt.Sprint("altered ", min(number+1, n))}
		case "delete":
			b.entries = slices.Delete(b.entries, i, i+1)
			want = []string{fmt.Sprint("missing ", number)}
		case "cut":
			b.entries = b.entries[:i]
			want = []string{fmt.Sprint("missing ", number)}
		case "insert": // a second one of the number
			more := b.entries[i]
			alter(t, &more)
			b.entries = slices.Insert(b.entries, i+rapid.IntRange(0, 1).Draw(t, "behind"), more)
			want = []string{fmt.Sprint("inserted ", number)}
		case "append": // one that follows well
			b.add(costd.AuditEntry{Action: costd.AuditKeyCreate})
			b.head = whole
			want = []string{fmt.Sprint("inserted ", n+1)}
		case "rewrite": // all from here on, and the head: only what was kept elsewhere tells
			b.entries, b.head = b.entries[:i], costd.AuditHead{}
			if i > 0 {
				b.head = costd.AuditHead{Number: int64(i), Hash: b.entries[i-1].Hash}
			}
			for range n - i {
				b.add(costd.AuditEntry{Action: costd.AuditKeyCreate, Subject: "other"})
			}
			if found := b.faults(t); len(found) > 0 {
				t.Fatalf("a log that is right by itself: %q", found)
			}
			want = []string{fmt.Sprint("altered ", n)}
		}
		if found := b.faults(t, whole); !slices.Equal(slices.Compact(found), slices.Compact(want)) {
			t.Fatalf("found %q, want %q", found, want)
		}
	})
}

// alter changes one field.
func alter(t *rapid.T, e *costd.AuditEntry) {
	switch rapid.IntRange(0, 5).Draw(t, "field") {
	case 0:
		e.Time = e.Time.Add(1)
	case 1:
		e.Name += "x"
	case 2:
		e.RequestID = ""
	case 3:
		e.Action = costd.AuditBackup
	case 4:
		e.Subject += "\x00"
	case 5:
		e.Details = "{}"
	}
}

// TestVerifyVersions holds the history of the catalog against the log.
func TestVerifyVersions(t *testing.T) {
	b := newBook(1)
	versions := []costd.Version{{Number: 4}} // from before the log
	for i := range 3 {
		v := costd.Version{Number: int64(5 + i), Changes: costd.Changes{Regions: []costd.Change[costd.Region]{{After: &costd.Region{ID: int64(i), Name: "r"}}}}}
		details, err := ledger.DetailsOf(v.Changes)
		if err != nil {
			t.Fatal(err)
		}
		b.add(costd.AuditEntry{Action: costd.AuditCatalogApply, Subject: fmt.Sprint(v.Number), Details: details})
		versions = append(versions, v)
	}
	want := func(versions []costd.Version, faults ...string) {
		t.Helper()
		v, err := ledger.Verify(ledger.Log{Entries: all(b.entries), Versions: all(versions), Head: func() (costd.AuditHead, error) { return b.head, nil }})
		var found []string
		for _, f := range v.Faults {
			found = append(found, fmt.Sprint(f.Kind, " ", f.Version))
		}
		if err != nil || !slices.Equal(found, faults) {
			t.Errorf("found %q, %v; want %q", found, err, faults)
		}
	}
	want(versions)
	want(slices.Delete(slices.Clone(versions), 2, 3), "missing 6")
	want(append(slices.Clone(versions), costd.Version{Number: 9}), "inserted 9")
	altered := slices.Clone(versions)
	altered[2].Changes.Regions = []costd.Change[costd.Region]{{After: &costd.Region{ID: 1, Name: "s"}}}
	want(altered, "altered 6")
}
