package costd

import (
	"cmp"
	"context"
	"iter"
	"math/big"
	"strings"
	"time"

	"costd.dev/costd/decimal"
)

// A Line is what one row of a totals report is about, and what a commitment
// covers: one metric of one type in one region, told apart by the type's
// dimension.
type Line struct {
	Type      Type
	RegionID  int64
	Dimension string // flavor, volume type, ...; "" for types without one
	Metric    string
}

// Compare orders lines by type, region, dimension and metric, byte by byte.
func (l Line) Compare(m Line) int {
	return cmp.Or(
		cmp.Compare(l.Type, m.Type),
		cmp.Compare(l.RegionID, m.RegionID),
		cmp.Compare(l.Dimension, m.Dimension),
		cmp.Compare(l.Metric, m.Metric),
	)
}

// A Query selects usage of one client. Zero values of the lists mean "all".
type Query struct {
	ClientID int64
	Period   Period
	Regions  []int64
	Types    []Type
	Projects []int64
	// Filter and Tags select resources within the lines that the lists select.
	Filter *Filter
	Tags   *TagFilter
}

// SelectsResources reports whether the query selects resources and not only
// whole lines.
func (q Query) SelectsResources() bool { return q.Filter != nil || q.Tags != nil }

// A Filter selects resources of Type whose Field equals one of Values, compared
// as text. FieldUUID compares the resource id; a RowDimension field compares the
// usage's own value; every other field compares the resource's value as last seen
// in the period. Sizes compare as ShownSize. No Values select nothing.
type Filter struct {
	Type   Type
	Field  Field
	Values []string
}

// inBytes is the size unit of an image whose size counts bytes.
const inBytes = "bytes"

// ShownSize returns a size as reports show it and filters compare it: a whole number,
// rounded half to even, "0" for none. The size of an image is shown in bytes, whether its
// record says it in GiB or, with the unit "bytes" in any letter case, in bytes.
func ShownSize(t Type, unit string, size *decimal.Decimal) string {
	if size == nil {
		return "0"
	}
	shown := size.Rational()
	if t == Image && strings.ToLower(unit) != inBytes {
		const bytesPerGiB = 1 << 30
		shown = shown.Mul(decimal.Fraction(bytesPerGiB, 1))
	}
	return shown.ScaledHalfEven(big.NewInt(1)).String()
}

// A TagFilter selects resources by their tags as last seen in the period: those
// that fulfil one condition (All false) or every one (All true).
type TagFilter struct {
	Conditions []TagCondition
	All        bool
}

// A TagCondition is fulfilled by a resource that has a tag with this key and this
// value; an empty one matches any, and at most one is empty. Unless Strict, the
// tag's value only has to contain Value, letter case aside; keys are always equal.
type TagCondition struct {
	Key, Value string
	Strict     bool
}

// LineUsage is the usage of one line in the period of a query.
type LineUsage struct {
	Line Line
	Days []DayUsage // ascending, only days with usage
	// LastSize is, for backups, the sum over the selected resources of the line of
	// the size in the record with the latest end; 0 for other types. It is in the size
	// unit of those records, GiB by default. Records of different size units are added as
	// numbers all the same, as no unit is shown beside the sum.
	LastSize decimal.Decimal
}

// DayUsage is the usage of one UTC day, in the type's unit.
type DayUsage struct {
	Day Day
	// Used is what all resources used, Selected what those used that the query's
	// Filter and Tags select; without either the two are equal.
	Used, Selected decimal.Rational
}

// ResourceUsage is the usage of one resource row: one resource, project, region,
// metric and row dimension, in the period of a query.
type ResourceUsage struct {
	Line       Line // with the RowDimension
	ProjectID  int64
	ResourceID string
	Days       []DayUsage // ascending; Used equals Selected
	// FirstSeen and LastSeen are the smallest start and the largest end inside the
	// period; the other fields are those of the record with the latest end.
	FirstSeen, LastSeen time.Time
	Name                string
	Size                *decimal.Decimal // in Attributes.SizeUnit, GiB if that is ""; nil if not given
	Attributes          Attributes
	Tags                map[string]string
}

// A SortKey orders resource rows.
type SortKey struct {
	By         SortField
	Descending bool
}

// A SortField is what resource rows can be ordered by, as the contract spells it.
type SortField string

// The sort fields.
const (
	SortBillingValue SortField = "billing_value"
	SortFirstSeen    SortField = "first_seen"
	SortLastName     SortField = "last_name"
	SortLastSeen     SortField = "last_seen"
	SortProject      SortField = "project"
	SortRegion       SortField = "region"
	SortType         SortField = "type"
)

// A Page is a window on ordered rows. Ties are broken by resource id, metric,
// project, region, type and row dimension, so that the order is total and pages
// neither overlap nor miss a row.
type Page struct {
	OrderBy []SortKey
	Offset  int
	Limit   int // 0: to the end
}

// A UsageStore keeps usage records and adds them up. It never sees a price.
//
// Every method may be called from several goroutines. Errors are *Error: Overflow if the
// sum of a day of one line or row reaches 10^38 sixtieths of the unit (a sum is never
// wrong); Unavailable if the store is closed, busy or full; TooLarge for a batch over
// MaxBatch; Invalid for a record that package ingest would not make, or for a query by an
// unknown field; Internal otherwise. A cancelled context ends a call early, with its error
// as the cause.
type UsageStore interface {
	// Write applies the records in their order, all or nothing, and returns what
	// became of each. A record replaces the one known by the same identity (Usage),
	// and is unchanged if that one has the same content. When Write has returned
	// without an error, the records are durable and every later read sees them. The
	// texts of records may be parts of one large text, the body they came in: a store
	// that keeps one in memory keeps a copy of it.
	Write(ctx context.Context, records []Record) ([]Outcome, error)
	// Lines returns the usage of every line that the query selects, ordered by
	// Line.Compare. Lines without usage in the period are left out; so are lines of
	// which no resource is selected.
	Lines(ctx context.Context, q Query) ([]LineUsage, error)
	// Resources returns the number of resource rows the query selects, and yields
	// the rows of the page in order. An error ends the sequence. All rows are of the
	// state of the store when Resources was called, and a slow reader of them holds
	// nobody up. The sequence may be read once. The caller has to read it, as far as it
	// wants, or to end the context: until then the store may keep a file for it.
	Resources(ctx context.Context, q Query, p Page) (int, iter.Seq2[ResourceUsage, error], error)
	// LinesAndResources returns what Lines and Resources return, both of one state of
	// the store: no write is in one of them and not in the other.
	LinesAndResources(ctx context.Context, q Query, p Page) ([]LineUsage, int, iter.Seq2[ResourceUsage, error], error)
	// Revision returns a number that grows whenever usage of the client in the
	// period may have changed, and costs next to nothing. It grows before the Write
	// that changes it returns, so that what was read after asking for a revision
	// still holds while the revision stays. It has no meaning beyond the life of the
	// store's process.
	Revision(ctx context.Context, clientID int64, p Period) (int64, error)
	// Check returns nil if the store can be read and written.
	Check(ctx context.Context) error
}

// MaxBatch is the number of records one Write takes at most. It bounds the memory
// of a write; senders split larger inputs.
const MaxBatch = 100_000

// A Kind says under which pricing rule a charge falls.
type Kind uint8

// The kinds, in the order in which reports show them.
const (
	Commit     Kind = iota // usage covered by a commitment, at its fee
	Overcommit             // usage above it
	PAYG                   // pay-as-you-go: usage of a line without a commitment
)

// String returns the suffix that feature names end in.
func (k Kind) String() string { return [...]string{"Commit", "Overcommit", "PAYG"}[k] }

// A Charge is one row of a cost report: what a line (or one resource) used under
// one pricing rule, and what that costs.
type Charge struct {
	Line     Line
	Kind     Kind
	Quantity decimal.Rational // in the type's unit
	// Reserved is the pool of the month in the type's unit, the same for the Commit and
	// the Overcommit of a line; zero for PAYG. It is the whole line's, whatever resources
	// are selected.
	Reserved decimal.Rational
	// Feature names what is paid for, without the kind; "" if nothing names it.
	Feature string
	// Cost is in Currency; nil if Err says why there is none.
	Cost     *decimal.Rational
	Currency string
	Err      string
	LastSize decimal.Decimal // of the LineUsage
}
