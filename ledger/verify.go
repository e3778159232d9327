package ledger

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"

	"costd.dev/costd"
)

// A FaultKind says what is wrong with an entry.
type FaultKind string

// The kinds of faults.
const (
	Altered  FaultKind = "altered"  // it is not what was written
	Missing  FaultKind = "missing"  // it was written and is not there
	Inserted FaultKind = "inserted" // it is there and was not written
)

// A Fault is an entry of the log, or a version of the catalog, that is not as it was
// written.
type Fault struct {
	Kind    FaultKind
	Number  int64  // of the entry; 0 for a version
	Version int64  // of the catalog; 0 for an entry
	Message string // what was found
}

// A Verdict is what a verification found.
type Verdict struct {
	Entries, Versions int64 // how many were verified
	Faults            []Fault
	Last              costd.AuditHead // the last entry that was read
}

// A Log is what is to be verified.
type Log struct {
	Entries  iter.Seq2[costd.AuditEntry, error] // all, ordered by number
	Versions iter.Seq2[costd.Version, error]    // all of the catalog that are known, ordered
	// Head returns the log's own head. It is asked before and after the entries are read,
	// as others may be added meanwhile.
	Head  func() (costd.AuditHead, error)
	Noted []costd.AuditHead // heads that were kept elsewhere
}

// Verify holds the entries of a log against each other and against the heads, and the
// versions of the catalog against the entries of their changes. It returns an error only
// if reading fails.
//
// Whoever can write the whole log can make another one that is right by itself. Only a
// head that was kept elsewhere tells that.
func Verify(log Log) (Verdict, error) {
	before, err := log.Head()
	if err != nil {
		return Verdict{}, err
	}
	heads := append(slices.Clone(log.Noted), before)
	v := &verifier{sums: map[int64]string{}, seen: map[int64]costd.AuditHash{}, known: true}
	for _, head := range heads {
		v.seen[head.Number] = costd.AuditHash{}
	}
	if err := each(log.Entries, v.entry); err != nil {
		return v.Verdict, err
	}
	v.settle()
	for _, head := range heads {
		v.head(head)
	}
	after, err := log.Head()
	if err != nil {
		return v.Verdict, err
	}
	v.beyond(after)
	err = each(log.Versions, v.version)
	v.unversioned()
	return v.Verdict, err
}

// each calls f with all that is read.
func each[T any](all iter.Seq2[T, error], f func(T)) error {
	for item, err := range all {
		if err != nil {
			return err
		}
		f(item)
	}
	return nil
}

type verifier struct {
	Verdict
	same     []costd.AuditEntry // the entries with the number that was read last
	previous costd.AuditHash    // of the entry before those
	known    bool               // whether it is
	sums     map[int64]string   // of versions, as entries say: their details
	first    int64              // the first version that an entry is about
	seen     map[int64]costd.AuditHash
}

func (v *verifier) fault(kind FaultKind, number int64, format string, args ...any) {
	v.Faults = append(v.Faults, Fault{Kind: kind, Number: number, Message: fmt.Sprintf(format, args...)})
}

// entry takes the next entry. Several with one number are judged together.
func (v *verifier) entry(e costd.AuditEntry) {
	v.Entries++
	if len(v.same) > 0 && v.same[0].Number != e.Number {
		v.settle()
	}
	v.same = append(v.same, e)
}

// settle judges the entries of one number.
func (v *verifier) settle() {
	if len(v.same) == 0 {
		return
	}
	number := v.same[0].Number
	if next := v.Last.Number + 1; number > next {
		v.missing(next, number-1)
		v.known = false
	}
	right := v.rightOne()
	if right < 0 {
		v.fault(Altered, number, "entry %d is not what was written, or the hash of the one before it is not", number)
		right = 0
	}
	for i := range v.same {
		if i != right {
			v.fault(Inserted, number, "there are several entries %d; one by %s, %s, was inserted", number, v.same[i].Name, v.same[i].Action)
		}
	}
	v.take(v.same[right])
}

// rightOne returns which of the entries of one number follows from the one before, -1 if
// none does. After a gap that cannot be told, and the first counts as right.
func (v *verifier) rightOne() int {
	if !v.known {
		return 0
	}
	for i, e := range v.same {
		if Chain(v.previous, e) == e.Hash {
			return i
		}
	}
	return -1
}

// take makes an entry the one before.
func (v *verifier) take(e costd.AuditEntry) {
	v.same, v.previous, v.known = v.same[:0], e.Hash, true
	v.Last = costd.AuditHead{Number: e.Number, Hash: e.Hash}
	if _, wanted := v.seen[e.Number]; wanted {
		v.seen[e.Number] = e.Hash
	}
	if e.Action == costd.AuditCatalogApply {
		v.note(e)
	}
}

// note remembers what the entry says of a version.
func (v *verifier) note(e costd.AuditEntry) {
	version, err := strconv.ParseInt(e.Subject, 10, 64)
	if err != nil {
		v.fault(Altered, e.Number, "entry %d is about version %.32q of the catalog, which is no number", e.Number, e.Subject)
		return
	}
	if v.first == 0 {
		v.first = version
	}
	v.sums[version] = e.Details
}

func (v *verifier) missing(from, to int64) {
	if from == to {
		v.fault(Missing, from, "entry %d is missing", from)
	} else if from < to {
		v.fault(Missing, from, "entries %d to %d are missing", from, to)
	}
}

// head compares the log with what is known of one of its entries.
func (v *verifier) head(h costd.AuditHead) {
	switch {
	case h.Number > v.Last.Number:
		v.missing(v.Last.Number+1, h.Number)
	case h.Number > 0 && v.seen[h.Number] != h.Hash:
		v.fault(Altered, h.Number, "entry %d has another hash than was noted; it, or one before, is not what was written", h.Number)
	}
}

// beyond reports entries after the last one that the log knows.
func (v *verifier) beyond(h costd.AuditHead) {
	if v.Last.Number > h.Number {
		v.fault(Inserted, h.Number+1, "what follows entry %d, the last that was written, up to %d was inserted", h.Number, v.Last.Number)
	}
}

// version compares a version of the catalog with the entry about it.
func (v *verifier) version(version costd.Version) {
	if version.Number < v.first || v.first == 0 {
		return // from before the log
	}
	v.Versions++
	details, known := v.sums[version.Number]
	delete(v.sums, version.Number)
	var said Applied
	sum, err := SumOf(version.Changes)
	switch {
	case !known:
		v.ofVersion(Inserted, version.Number, "version %d of the catalog has no entry", version.Number)
	case err != nil || json.Unmarshal([]byte(details), &said) != nil || said.Sum != sum:
		v.ofVersion(Altered, version.Number, "what version %d of the catalog changed is not what was written", version.Number)
	}
}

func (v *verifier) ofVersion(kind FaultKind, version int64, format string, args ...any) {
	v.Faults = append(v.Faults, Fault{Kind: kind, Version: version, Message: fmt.Sprintf(format, args...)})
}

// unversioned reports entries about versions that are not there.
func (v *verifier) unversioned() {
	for _, version := range slices.Sorted(maps.Keys(v.sums)) {
		v.ofVersion(Missing, version, "version %d of the catalog is missing from its history", version)
	}
}
