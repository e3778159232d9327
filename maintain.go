package costd

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
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
	// Uses returns what is stored now, added up so that each Use stands there once,
	// ordered by client, project and line.
	Uses(ctx context.Context, horizon time.Time) ([]Use, error)
	// Used returns the lines of all usage of the metrics that was ever stored, each once,
	// with the region 0. It reads no records and costs far less than Uses.
	Used(ctx context.Context, metrics []string) ([]Line, error)
	// UsedBy reports for each commitment whether usage of its client and line was ever
	// stored. It reads no records, as Used.
	UsedBy(ctx context.Context, commitments []Commitment) ([]bool, error)
	// Refers returns for each client, project and region that r names, in this order and
	// then by id, the earliest usage that refers to it, if any is stored. Where none ever
	// was, it reads no records.
	Refers(ctx context.Context, r Removal) ([]Reference, error)
}

// A Reference is usage that refers to an entry of the catalog.
type Reference struct {
	List       string // of the entry: clients, projects or regions
	ID         int64  // of the entry
	ClientID   int64  // of the usage, as the next two
	Day        Day
	ResourceID string
}

// A Use says what one client's project used of a line.
type Use struct {
	ClientID, ProjectID int64
	Line                Line
	First               Day    // of the usage
	ResourceID          string // of a resource that had usage on the first day
	// Beyond is the first day of the records that start after the horizon; nil if none
	// does.
	Beyond *Day
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
	// Those of usage, which are the kinds of warnings that its senders get.
	FindingDimension      = FindingKind(WarningDimension)
	FindingRegion         = FindingKind(WarningRegion)
	FindingProject        = FindingKind(WarningProject)
	FindingForeignProject = FindingKind(WarningForeignProject)
	FindingFuture         = FindingKind(WarningFuture)
	// FindingCommitmentMetric: no usage and no price has the metric of a commitment.
	FindingCommitmentMetric FindingKind = "commitment_metric"
	// FindingCommitmentDimension: there is usage of a commitment's metric, and none of
	// its dimension.
	FindingCommitmentDimension FindingKind = "commitment_dimension"
	// FindingCommitmentPrice: no price has the metric of a commitment that is used, so that
	// usage beyond its pool has no cost.
	FindingCommitmentPrice FindingKind = "commitment_price"
	// FindingCommitmentUnused: no usage of a commitment's line was ever stored, a month and
	// more after its first day.
	FindingCommitmentUnused FindingKind = "commitment_unused"
	// FindingPriceHidden: more specific prices hold on all days of a price.
	FindingPriceHidden FindingKind = "price_hidden"
	// FindingCommitmentPrices: a commitment states its fee in two ways that differ.
	FindingCommitmentPrices FindingKind = "commitment_prices"
)

// FindingKinds lists the kinds in the order in which a check looks for them.
var FindingKinds = []FindingKind{
	FindingRollup, FindingOverlap, FindingPrice,
	FindingDimension, FindingRegion, FindingProject, FindingForeignProject, FindingFuture,
	FindingCommitmentMetric, FindingCommitmentDimension, FindingCommitmentPrices, FindingCommitmentPrice, FindingCommitmentUnused,
	FindingPriceHidden,
}

// ParseFindingKind returns the kind of that name, or an error that lists all.
func ParseFindingKind(name string) (FindingKind, error) {
	names := make([]string, len(FindingKinds))
	for i, kind := range FindingKinds {
		if names[i] = string(kind); names[i] == name {
			return kind, nil
		}
	}
	return "", fmt.Errorf("%.32q is none; use one of %s", name, strings.Join(names, ", "))
}

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
