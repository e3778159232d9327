package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"

	"costd.dev/costd"
)

// An AuditRequest selects entries of the audit log; zero values select all.
type AuditRequest struct {
	Since  time.Time // only entries of this time or later
	Actor  string
	Action costd.AuditAction
}

func (r AuditRequest) query() url.Values {
	q := url.Values{}
	if !r.Since.IsZero() {
		q.Set("since", r.Since.UTC().Format(time.RFC3339Nano))
	}
	if r.Actor != "" {
		q.Set("actor", r.Actor)
	}
	if r.Action != "" {
		q.Set("action", string(r.Action))
	}
	return q
}

type auditPage struct {
	Entries []costd.AuditEntry
	Next    int64
	Head    costd.AuditHead
}

func (c *Client) auditPage(ctx context.Context, q url.Values) (auditPage, error) {
	return decode[auditPage](c.do(ctx, call{method: "GET", path: "/api/v1/audit?" + q.Encode()}))
}

// Audit returns entries of the audit log, ordered by number. It asks for the next page
// when it has yielded one.
func (c *Client) Audit(ctx context.Context, r AuditRequest) iter.Seq2[costd.AuditEntry, error] {
	return func(yield func(costd.AuditEntry, error) bool) {
		for q := r.query(); ; {
			page, err := c.auditPage(ctx, q)
			if err != nil {
				yield(costd.AuditEntry{}, err)
				return
			}
			for _, e := range page.Entries {
				if !yield(e, nil) {
					return
				}
			}
			if page.Next == 0 {
				return
			}
			q.Set("cursor", strconv.FormatInt(page.Next, 10))
		}
	}
}

// AuditHead returns the last entry of the audit log as the server knows it apart from the
// entries.
func (c *Client) AuditHead(ctx context.Context) (costd.AuditHead, error) {
	page, err := c.auditPage(ctx, url.Values{"limit": {"1"}})
	return page.Head, err
}
