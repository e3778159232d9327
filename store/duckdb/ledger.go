package duckdb

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/ledger"
)

// record adds an entry to the audit log, in the transaction of what it is about.
func (s *catalogState) record(ctx context.Context, tx *sql.Tx, action costd.AuditAction, subject, details string) error {
	e := costd.AuditEntry{
		Number: s.audit.Number + 1, Time: time.Now().UTC(), Actor: costd.ActorOf(ctx),
		Action: action, Subject: subject, Details: details,
	}
	e.Hash = ledger.Chain(s.audit.Hash, e)
	s.audit = costd.AuditHead{Number: e.Number, Hash: e.Hash}
	hash := bytes.Clone(e.Hash[:]) // cgo takes no memory that has pointers beside it
	if _, err := tx.ExecContext(ctx, "INSERT INTO audit_entry VALUES ($number, $time, $actor, $request, $action, $subject, $details, $hash)",
		sql.Named("number", e.Number), sql.Named("time", e.Time.UnixNano()), sql.Named("actor", e.Name), sql.Named("request", e.RequestID),
		sql.Named("action", string(e.Action)), sql.Named("subject", e.Subject), sql.Named("details", e.Details), sql.Named("hash", hash)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE audit_head SET number = $number, hash = $hash", sql.Named("number", e.Number), sql.Named("hash", hash))
	return err
}

// recordVersion adds the entry about a version of the catalog.
func (s *catalogState) recordVersion(ctx context.Context, tx *sql.Tx, changes costd.Changes) error {
	details, err := ledger.DetailsOf(changes)
	if err != nil {
		return err
	}
	return s.record(ctx, tx, costd.AuditCatalogApply, strconv.FormatInt(s.version, 10), details)
}

// keyDetails are the details of an entry about a key that is made: all but its secret.
type keyDetails struct {
	Role     costd.Role `json:"role"`
	ClientID int64      `json:"client_id,omitempty"`
	Projects []int64    `json:"projects,omitempty"`
	Name     string     `json:"name,omitempty"`
	Expires  time.Time  `json:"expires,omitzero"`
}

// recordKey adds the entry about a key that is made.
func (s *catalogState) recordKey(ctx context.Context, tx *sql.Tx, key costd.Key) error {
	details, err := json.Marshal(keyDetails{key.Role, key.ClientID, key.Projects, key.Name, key.Expires})
	if err != nil {
		return err
	}
	return s.record(ctx, tx, costd.AuditKeyCreate, key.ID, string(details))
}

// Record implements costd.Catalog.
func (db *DB) Record(ctx context.Context, action costd.AuditAction, subject, details string) (err error) {
	defer costd.Wrap(&err, "duckdb.Record")
	return db.changeCatalog(ctx, func(tx *sql.Tx, state *catalogState) error {
		return state.record(ctx, tx, action, subject, details)
	})
}

// sayRecorded logs the head of the audit log when it has moved: the log of the server is
// kept elsewhere, and so tells if somebody writes the whole audit log anew.
func (db *DB) sayRecorded(ctx context.Context, before, after *catalogState) {
	if before != nil && before.audit != after.audit {
		db.options.Logger.InfoContext(ctx, "audit", "number", after.audit.Number, "hash", after.audit.Hash.String())
	}
}

// loadHead reads the head of the audit log.
func (s *catalogState) loadHead(ctx context.Context, tx *sql.Tx) (err error) {
	s.audit, err = readHead(ctx, tx)
	return err
}

func readHead(ctx context.Context, tx *sql.Tx) (h costd.AuditHead, err error) {
	var hash []byte
	err = tx.QueryRowContext(ctx, "SELECT number, hash FROM audit_head").Scan(&h.Number, &hash)
	copy(h.Hash[:], hash)
	return h, err
}

// AuditHead implements costd.Catalog. It asks the database, in which somebody else may
// have written.
func (db *DB) AuditHead(ctx context.Context) (head costd.AuditHead, err error) {
	defer costd.Wrap(&err, "duckdb.AuditHead")
	err = db.read(ctx, func(now *snapshot) error {
		head, err = readHead(now.ctx, now.tx)
		return err
	})
	return head, err
}

// AuditEntries implements costd.Catalog.
func (db *DB) AuditEntries(ctx context.Context, q costd.AuditQuery) (entries []costd.AuditEntry, err error) {
	defer costd.Wrap(&err, "duckdb.AuditEntries")
	const query = `
		SELECT number, time, actor, request_id, action, subject, details, hash FROM audit_entry
		WHERE number > $after AND time >= $since AND $actor IN ('', actor) AND $action IN ('', action)
		ORDER BY number, hash LIMIT $limit`
	err = db.read(ctx, func(now *snapshot) error {
		entries, err = readAll(now, query, scanAudit, sql.Named("after", q.After), sql.Named("since", sinceOf(q.Since)),
			sql.Named("actor", q.Actor), sql.Named("action", string(q.Action)), sql.Named("limit", q.Limit))
		return err
	})
	return entries, err
}

// sinceOf returns a time as the log has it; all entries are since a zero time, and none
// since one that it cannot have.
func sinceOf(at time.Time) int64 {
	switch {
	case at.IsZero() || at.Year() < 1970:
		return math.MinInt64
	case at.Year() > 2200:
		return math.MaxInt64
	}
	return at.UnixNano()
}

func scanAudit(rows *sql.Rows) (e costd.AuditEntry, err error) {
	var at int64
	var hash []byte
	err = rows.Scan(&e.Number, &at, &e.Name, &e.RequestID, &e.Action, &e.Subject, &e.Details, &hash)
	e.Time = time.Unix(0, at).UTC()
	copy(e.Hash[:], hash)
	return e, err
}
