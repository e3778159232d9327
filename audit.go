package costd

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"
)

// An AuditAction says what an entry of the audit log is about.
type AuditAction string

// The actions.
const (
	AuditCatalogApply AuditAction = "catalog.apply" // the subject is the version that it made
	AuditKeyCreate    AuditAction = "key.create"    // the subject is the id of the key
	AuditKeyDelete    AuditAction = "key.delete"    // likewise
	AuditBackup       AuditAction = "backup"        // a copy of everything was asked for; the subject is its name
)

// An AuditHash is a SHA-256.
type AuditHash [32]byte

// String returns the hash as 64 hexadecimal digits.
func (h AuditHash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements encoding.TextMarshaler.
func (h AuditHash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *AuditHash) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(h) {
		return fmt.Errorf("%.80q is not a hash; it has 64 hexadecimal digits", text)
	}
	copy(h[:], b)
	return nil
}

// An AuditEntry says that somebody changed something. Entries are chained: the hash of
// each is over the entry and the hash of the one before (package ledger).
type AuditEntry struct {
	Number int64     `json:"number"` // from 1, without a gap
	Time   time.Time `json:"time"`   // UTC
	Actor
	Action  AuditAction `json:"action"`
	Subject string      `json:"subject"`
	Details string      `json:"details,omitempty"` // a JSON object, or ""
	Hash    AuditHash   `json:"hash"`
}

// An AuditHead is the number and the hash of an entry, such as the last one. Whoever keeps
// it elsewhere can tell later whether the log up to there is still the same.
type AuditHead struct {
	Number int64     `json:"number"` // 0: there is no entry
	Hash   AuditHash `json:"hash"`
}

// An AuditQuery selects entries of the audit log; zero values select all.
type AuditQuery struct {
	After  int64     // only entries with larger numbers
	Since  time.Time // only entries of this time or later
	Actor  string
	Action AuditAction
	Limit  int // of entries, above 0
}

// An AuditLog keeps what people and keys changed. Catalog writes the entries of its own
// changes in the same transaction, by whom the context says (WithActor).
//
// Errors are as those of a Catalog.
type AuditLog interface {
	// AuditEntries returns the entries that the query selects, ordered by number.
	AuditEntries(ctx context.Context, q AuditQuery) ([]AuditEntry, error)
	// AuditHead returns the last entry as the log knows it apart from the entries.
	AuditHead(ctx context.Context) (AuditHead, error)
	// Record adds an entry about something that changes nothing in the store.
	Record(ctx context.Context, action AuditAction, subject, details string) error
}
