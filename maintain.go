package costd

import (
	"context"
	"io"
)

// A Maintainer is a store that can be looked after while it serves: copied to a
// safe place, and checked. A UsageStore need not be one.
//
// Every method may be called from several goroutines. Errors are as those of a
// UsageStore.
type Maintainer interface {
	// Backup writes a copy of everything the store keeps to w, as it was at one
	// instant during the call: what was answered before the call is in it. Reads go
	// on meanwhile, and a slow w does not hold off writes. The copy ends in a sum
	// by which one that was cut short or altered is told from a whole one.
	Backup(ctx context.Context, w io.Writer) error
	// Audit makes everything that the store derives from records anew from them, and
	// yields a finding for each difference, and for each pair of records of one
	// client, resource and metric whose times overlap. An error of yield ends it and
	// is returned.
	Audit(ctx context.Context, yield func(Finding) error) (Audited, error)
	// Months returns which clients used something in which months, ordered by
	// client and month.
	Months(ctx context.Context) ([]ClientMonth, error)
}

// A ClientMonth is a month of one client.
type ClientMonth struct {
	ClientID int64
	Month    Month
}

// Audited counts what an audit looked at.
type Audited struct {
	Records int64 `json:"records"` // as they were sent
	Rollups int64 `json:"rollups"` // rows that the store derived from them
}

// A FindingKind says what a finding is about.
type FindingKind string

// The kinds of findings.
const (
	// FindingRollup: what reports add up differs from what was sent. It is a fault
	// of costd or of the disk.
	FindingRollup FindingKind = "rollup"
	// FindingOverlap: two records say that one resource used the same metric at the
	// same time. It is most often a mistake of a sender.
	FindingOverlap FindingKind = "overlap"
	// FindingPrice: usage has no price, so that reports show no cost for it.
	FindingPrice FindingKind = "price"
)

// A Finding is something about stored data that an operator should look at.
type Finding struct {
	Kind       FindingKind `json:"kind"`
	ClientID   int64       `json:"client_id"`
	Day        Day         `json:"day"` // the first one it is about
	Type       Type        `json:"type,omitempty"`
	RegionID   int64       `json:"region_id,omitempty"`
	Metric     string      `json:"metric,omitempty"`
	ResourceID string      `json:"resource_id,omitempty"`
	Message    string      `json:"message"` // what is wrong, in one sentence
}
