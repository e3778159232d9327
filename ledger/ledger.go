// Package ledger chains the entries of the audit log, and verifies the chain. It is pure:
// it knows no store, clock or network, so that a log can be verified wherever it is read.
//
// The canonical form of an entry is its fields as netstrings ("3:abc,", the length in
// bytes, in this order): "costd audit entry 1", the hash of the entry before in 64
// hexadecimal digits (zeros before the first), the number, the time as RFC 3339 in UTC
// with as many digits of the second as it needs, the actor, the request id, the action,
// the subject and the details. The hash of the entry is the SHA-256 of that.
package ledger

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strconv"
	"time"

	"costd.dev/costd"
)

// The names of the forms; another form needs another name.
const (
	entryForm   = "costd audit entry 1"
	changesForm = "costd catalog changes 1"
)

// Chain returns the hash of an entry that follows one with the given hash. The entry's
// own hash does not count.
func Chain(previous costd.AuditHash, e costd.AuditEntry) costd.AuditHash {
	h := sha256.New()
	for _, field := range []string{
		entryForm, previous.String(), strconv.FormatInt(e.Number, 10), e.Time.UTC().Format(time.RFC3339Nano),
		e.Name, e.RequestID, string(e.Action), e.Subject, e.Details,
	} {
		writeField(h, field)
	}
	return costd.AuditHash(h.Sum(nil))
}

// writeField writes a netstring. A hash takes everything.
func writeField(w io.Writer, text string) { fmt.Fprintf(w, "%d:%s,", len(text), text) }

// Applied are the details of a catalog.apply.
type Applied struct {
	Created int             `json:"created"`
	Changed int             `json:"changed"`
	Removed int             `json:"removed"`
	Sum     costd.AuditHash `json:"sha256"` // of the changes
}

// DetailsOf returns the details of applying the changes.
func DetailsOf(c costd.Changes) (string, error) {
	sum, err := SumOf(c)
	if err != nil {
		return "", err
	}
	created, changed, removed := c.Count()
	text, err := json.Marshal(Applied{created, changed, removed, sum})
	return string(text), err
}

// SumOf returns the SHA-256 of changes: of their name, and for each entry, in the order
// of the lists and their keys, its JSON before and after, "" for none, as netstrings.
func SumOf(c costd.Changes) (sum costd.AuditHash, err error) {
	h := sha256.New()
	writeField(h, changesForm)
	for _, add := range []func() error{
		func() error { return addChanges(h, c.Clients) },
		func() error { return addChanges(h, c.Regions) },
		func() error { return addChanges(h, c.Projects) },
		func() error { return addChanges(h, c.Prices) },
		func() error { return addChanges(h, c.Commitments) },
	} {
		if err := add(); err != nil {
			return sum, err
		}
	}
	return costd.AuditHash(h.Sum(nil)), nil
}

func addChanges[T any](h hash.Hash, changes []costd.Change[T]) error {
	writeField(h, strconv.Itoa(len(changes)))
	for _, c := range changes {
		for _, entry := range []*T{c.Before, c.After} {
			text := ""
			if entry != nil {
				document, err := json.Marshal(entry)
				if err != nil {
					return err
				}
				text = string(document)
			}
			writeField(h, text)
		}
	}
	return nil
}
