package costd

import (
	"context"
	"time"

	"costd.dev/costd/decimal"
)

// A Client is a customer: who pays, in which currency.
type Client struct {
	ID       int64  `json:"id" yaml:"id"`
	Name     string `json:"name" yaml:"name"`
	Currency string `json:"currency" yaml:"currency"` // ISO 4217
	// ShowPrices false hides every cost from the client's own reports.
	ShowPrices bool `json:"show_prices" yaml:"show_prices"`
}

// A Region is a place where resources run.
type Region struct {
	ID   int64  `json:"id" yaml:"id"`
	Name string `json:"name" yaml:"name"`
	// Country is the two capital letters of ISO 3166 for where it is; "" if not said.
	Country string `json:"country,omitempty" yaml:"country,omitempty"`
}

// A Project groups resources of one client.
type Project struct {
	ID       int64  `json:"id" yaml:"id"`
	ClientID int64  `json:"client_id" yaml:"client_id"`
	Name     string `json:"name" yaml:"name"`
}

// A Price says what UnitSize metered units of a metric cost from EffectiveFrom
// on, until a later price of the same key takes its place. Its key is Type,
// Metric, RegionID, Currency, ClientID and EffectiveFrom.
type Price struct {
	Type     Type   `json:"type" yaml:"type"`
	Metric   string `json:"metric" yaml:"metric"`
	RegionID int64  `json:"region_id,omitempty" yaml:"region_id,omitempty"` // 0: every region
	ClientID int64  `json:"client_id,omitempty" yaml:"client_id,omitempty"` // 0: every client
	Currency string `json:"currency" yaml:"currency"`
	// Feature names what is paid for; {region} stands for the region's name and
	// {dimension} for the line's flavor, volume type, ... If it is "", the metric does.
	Feature string `json:"feature,omitempty" yaml:"feature,omitempty"`
	// Unit names what UnitPrice buys, such as "H"; it is UnitSize metered units.
	Unit          string          `json:"unit" yaml:"unit"`
	UnitSize      decimal.Decimal `json:"unit_size" yaml:"unit_size"` // > 0
	UnitPrice     decimal.Decimal `json:"unit_price" yaml:"unit_price"`
	EffectiveFrom Day             `json:"effective_from" yaml:"effective_from"`
}

// A Commitment reserves Count x UnitSizeMonth units a month on one line, for a
// fixed fee, from ActiveFrom to ActiveTo (half open). ID is its key. Its money is in the
// currency of the client and not negative; UnitSize, UnitSizeMonth and Count are above 0.
type Commitment struct {
	ID       string `json:"id" yaml:"id"`
	ClientID int64  `json:"client_id" yaml:"client_id"`
	Type     Type   `json:"type" yaml:"type"`
	Metric   string `json:"metric" yaml:"metric"`
	RegionID int64  `json:"region_id" yaml:"region_id"`
	// Dimension is the flavor, volume type, ... of the line, for types that have one.
	Dimension string `json:"dimension,omitempty" yaml:"dimension,omitempty"`
	Count     int64  `json:"count" yaml:"count"`
	// Unit names a unit ("H"); it is UnitSize metered units, and a month of one
	// reserved piece has UnitSizeMonth of them.
	Unit          string          `json:"unit" yaml:"unit"`
	UnitSize      decimal.Decimal `json:"unit_size" yaml:"unit_size"`
	UnitSizeMonth decimal.Decimal `json:"unit_size_month" yaml:"unit_size_month"`
	// UnitPrice is the price of one unit. It may be 0, which beside PricePerMonth says
	// that no price of a unit is stated.
	UnitPrice decimal.Decimal `json:"unit_price" yaml:"unit_price"`
	// PricePerMonth, if stated, is the whole fee of a full month, for all Count
	// pieces; it takes the place of Count x UnitSizeMonth x UnitPrice.
	PricePerMonth *decimal.Decimal `json:"price_per_month,omitempty" yaml:"price_per_month,omitempty"`
	// OvercommitUnitPrice, if stated, is the price of a unit above the pool; 0 counts as
	// stated.
	OvercommitUnitPrice *decimal.Decimal `json:"overcommit_unit_price,omitempty" yaml:"overcommit_unit_price,omitempty"`
	Feature             string           `json:"feature,omitempty" yaml:"feature,omitempty"` // as that of a Price; if "", the price's
	ActiveFrom          Day              `json:"active_from" yaml:"active_from"`
	ActiveTo            *Day             `json:"active_to,omitempty" yaml:"active_to,omitempty"` // nil: open-ended
	HardwareInfo        *HardwareInfo    `json:"hardware_info,omitempty" yaml:"hardware_info,omitempty"`
}

// HardwareInfo describes reserved hardware in words.
type HardwareInfo struct {
	CPU  string `json:"cpu,omitempty" yaml:"cpu,omitempty"`
	RAM  string `json:"ram,omitempty" yaml:"ram,omitempty"`
	Disk string `json:"disk,omitempty" yaml:"disk,omitempty"`
}

// Line returns the line the commitment belongs to.
func (c *Commitment) Line() Line {
	return Line{Type: c.Type, RegionID: c.RegionID, Dimension: c.Dimension, Metric: c.Metric}
}

// ActiveDays returns the days of p on which the commitment is active.
func (c *Commitment) ActiveDays(p Period) Period {
	active := Period{From: c.ActiveFrom, To: p.To}
	if c.ActiveTo != nil {
		active.To = *c.ActiveTo
	}
	return p.Intersect(active)
}

// Entries are the contents of a catalog: everything but usage and keys. A
// catalog file holds entries, and so does a change to the catalog.
type Entries struct {
	Clients     []Client     `json:"clients,omitempty" yaml:"clients,omitempty"`
	Regions     []Region     `json:"regions,omitempty" yaml:"regions,omitempty"`
	Projects    []Project    `json:"projects,omitempty" yaml:"projects,omitempty"`
	Prices      []Price      `json:"prices,omitempty" yaml:"prices,omitempty"`
	Commitments []Commitment `json:"commitments,omitempty" yaml:"commitments,omitempty"`
}

// Applied says what applying entries to a catalog did.
type Applied struct {
	Version     int64  `json:"version"` // of the catalog, afterwards
	Clients     Counts `json:"clients"`
	Regions     Counts `json:"regions"`
	Projects    Counts `json:"projects"`
	Prices      Counts `json:"prices"`
	Commitments Counts `json:"commitments"`
	// Warnings say what was taken and is most likely a mistake, in the order of the
	// entries: the first thousand. MoreWarnings counts those beyond.
	Warnings     []EntryWarning `json:"warnings,omitempty"`
	MoreWarnings int            `json:"more_warnings,omitempty"`
}

// An EntryWarning is about one entry of a catalog file.
type EntryWarning struct {
	Kind    FindingKind `json:"kind"`    // as `costd check` says it of the whole catalog
	Entry   string      `json:"entry"`   // the entry and its field, such as "commitments[0] (acme-h100).metric"
	Message string      `json:"message"` // what is wrong and what to do about it
}

// Counts are the numbers of entries of one kind.
type Counts struct {
	Created   int `json:"created"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Removed   int `json:"removed,omitempty"`
}

// Total returns the numbers of entries of all kinds.
func (a Applied) Total() Counts {
	var total Counts
	for _, c := range []Counts{a.Clients, a.Regions, a.Projects, a.Prices, a.Commitments} {
		total.Created += c.Created
		total.Changed += c.Changed
		total.Unchanged += c.Unchanged
		total.Removed += c.Removed
	}
	return total
}

// A Role says what a key may do.
type Role string

// The roles.
const (
	RoleOperator      Role = "operator"      // everything
	RoleIngest        Role = "ingest"        // send usage of any client
	RoleAdministrator Role = "administrator" // read all reports of its client
	RoleProject       Role = "project"       // read cost and usage of its projects
)

// A Key lets its bearer act in a role. Only a hash of its secret is kept.
type Key struct {
	ID       string    // public; the part of the token before the separator
	Role     Role      //
	ClientID int64     // 0 for operator and ingest
	Projects []int64   // for RoleProject, at least one
	Hash     [32]byte  // SHA-256 of the secret
	Created  time.Time // UTC
	Name     string    // what it is for, in the operator's words; may be empty
	Expires  time.Time // UTC; from then on it is not accepted; zero: never
	LastUsed time.Time // UTC; as last marked; zero: never
}

// A Catalog keeps what operators decide: clients, regions, projects, prices,
// commitments and keys. It does not judge them; package catalog validates
// entries before it applies them.
//
// Every method may be called from several goroutines. What a method that changes
// something has returned without an error is durable and seen by every later
// call. Errors are *Error: Unavailable when the store is closed, busy or full,
// NotFound where said, Internal otherwise.
type Catalog interface {
	// Entries returns all entries, each list ordered by its key, and the version
	// of the catalog, which grows with every change and never repeats. The lists
	// may be shared: callers must not change them.
	Entries(ctx context.Context) (Entries, int64, error)
	// Version returns the version of the catalog alone, cheaply: readers ask for it
	// before every answer to see whether what they made of the entries still holds.
	Version(ctx context.Context) (int64, error)
	// Apply adds the entries of change, replacing those with the same key, and removes
	// those that gone names, which change does not have, all or nothing, and returns the
	// new version. It fails with Unavailable, changing nothing, if the catalog is no longer
	// at version base. The history has who did it from the context (WithActor).
	Apply(ctx context.Context, base int64, change Entries, gone ...Removal) (int64, error)
	History
	AuditLog
	// CreateKey adds a key. Its ID must be new.
	CreateKey(ctx context.Context, key Key) error
	// Key returns the key with the given ID, or NotFound.
	Key(ctx context.Context, id string) (Key, error)
	// Keys returns all keys, ordered by ID.
	Keys(ctx context.Context) ([]Key, error)
	// MarkUsed sets LastUsed of the keys with the given IDs, unless it is later already.
	// IDs that no key has, or no more, are passed over. The catalog keeps its version.
	MarkUsed(ctx context.Context, used map[string]time.Time) error
	// DeleteKey removes a key, or returns NotFound. Before that it calls allowed with
	// the keys that would remain, ordered by ID; an error of it is returned, and the
	// key stays. No other change of keys comes between, so that what allowed saw still
	// holds when the key is gone. A nil allowed allows it.
	DeleteKey(ctx context.Context, id string, allowed func(rest []Key) error) error
}
