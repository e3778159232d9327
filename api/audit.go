package api

import (
	"math"
	"net/http"

	"costd.dev/costd"
)

// How many entries of the audit log an answer has: one takes some 300 bytes.
const (
	defaultAudit = 1000
	maxAudit     = 10_000
)

// An auditAnswer is a page of the audit log.
type auditAnswer struct {
	Entries []costd.AuditEntry `json:"entries"`
	// Next is what cursor has to be for the entries that follow; left out if none do.
	Next int64           `json:"next,omitempty"`
	Head costd.AuditHead `json:"head"`
}

// listAudit answers with entries of the audit log.
func (h *Handler) listAudit(w http.ResponseWriter, r *http.Request) error {
	q, err := auditQuery(r)
	if err != nil {
		return err
	}
	limit := q.Limit
	q.Limit++ // to see whether more follow
	entries, err := h.Catalog.Store.AuditEntries(r.Context(), q)
	if err != nil {
		return err
	}
	answer := auditAnswer{Entries: append([]costd.AuditEntry{}, entries[:min(len(entries), limit)]...)}
	if len(entries) > limit {
		answer.Next = entries[limit-1].Number
	}
	if answer.Head, err = h.Catalog.Store.AuditHead(r.Context()); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// auditQuery reads which entries are asked for.
func auditQuery(r *http.Request) (q costd.AuditQuery, err error) {
	if q.After, err = wholeParam(r, "cursor", math.MinInt64, 0); err != nil {
		return q, err
	}
	limit, err := wholeParam(r, "limit", defaultAudit, maxAudit)
	if err != nil {
		return q, err
	}
	if q.Since, err = timeParam(r, "since"); err != nil {
		return q, err
	}
	if q.Actor, _, err = one(r, "actor"); err != nil {
		return q, err
	}
	action, _, err := one(r, "action")
	q.Limit, q.Action = int(limit), costd.AuditAction(action)
	return q, err
}
