package client

import (
	"time"

	"costd.dev/costd"
)

// The fields of these requests are those of the reports, but for the response
// format, which is a choice of methods here, and for fields that are deprecated.
// Empty lists and zero values ask for no restriction, or for the default.

// A MonthlyTotalsRequest selects what a monthly report shows. Its zero value asks
// for everything in the current month.
type MonthlyTotalsRequest struct {
	YearMonth    costd.Month   `json:"year_month,omitzero"`
	Regions      []int64       `json:"regions,omitempty"`
	Types        []costd.Type  `json:"types,omitempty"`
	SchemaFilter *SchemaFilter `json:"schema_filter,omitempty"`
	Tags         *TagFilter    `json:"tags,omitempty"`
	Rounding     *bool         `json:"rounding,omitempty"` // nil: true, costs to five decimals
}

// A CostTotalsRequest selects what a report of costs shows. The period is required.
type CostTotalsRequest struct {
	// TimeFrom and TimeTo count as UTC days, the first included and the last not,
	// unless EnableLastDay says so. They are at most 31 days apart.
	TimeFrom      time.Time     `json:"time_from,omitzero"`
	TimeTo        time.Time     `json:"time_to,omitzero"`
	EnableLastDay bool          `json:"enable_last_day,omitempty"`
	Projects      []int64       `json:"projects,omitempty"`
	Regions       []int64       `json:"regions,omitempty"`
	Types         []costd.Type  `json:"types,omitempty"`
	SchemaFilter  *SchemaFilter `json:"schema_filter,omitempty"`
	Tags          *TagFilter    `json:"tags,omitempty"`
	Rounding      *bool         `json:"rounding,omitempty"` // nil: true, costs to five decimals
}

// A CostResourcesRequest selects what a report of costs by resource shows. The
// period is required.
type CostResourcesRequest struct {
	// TimeFrom and TimeTo count as UTC days, the first included and the last not,
	// unless EnableLastDay says so. They are at most 31 days apart.
	TimeFrom      time.Time     `json:"time_from,omitzero"`
	TimeTo        time.Time     `json:"time_to,omitzero"`
	EnableLastDay bool          `json:"enable_last_day,omitempty"`
	Projects      []int64       `json:"projects,omitempty"`
	Regions       []int64       `json:"regions,omitempty"`
	Types         []costd.Type  `json:"types,omitempty"`
	SchemaFilter  *SchemaFilter `json:"schema_filter,omitempty"`
	Tags          *TagFilter    `json:"tags,omitempty"`
	Rounding      *bool         `json:"rounding,omitempty"` // nil: true, costs to five decimals
	// Limit is the number of rows of a page, 10 by default; sequences over all pages
	// take pages of 1000 by default and begin at Offset. CSV has all rows.
	Limit   int     `json:"limit,omitempty"`
	Offset  int     `json:"offset,omitempty"`
	OrderBy []Order `json:"order_by,omitempty"` // by project by default
}

// A UsageRequest selects what a report of usage shows. The period is required.
type UsageRequest struct {
	// TimeFrom and TimeTo count as UTC days, the first included and the last not,
	// unless EnableLastDay says so.
	TimeFrom      time.Time     `json:"time_from,omitzero"`
	TimeTo        time.Time     `json:"time_to,omitzero"`
	EnableLastDay bool          `json:"enable_last_day,omitempty"`
	Projects      []int64       `json:"projects,omitempty"`
	Regions       []int64       `json:"regions,omitempty"`
	Types         []costd.Type  `json:"types,omitempty"`
	SchemaFilter  *SchemaFilter `json:"schema_filter,omitempty"`
	Tags          *TagFilter    `json:"tags,omitempty"`
	// Limit is the number of resources of a page, 10 by default; sequences over all
	// pages take pages of 1000 by default and begin at Offset.
	Limit   int     `json:"limit,omitempty"`
	Offset  int     `json:"offset,omitempty"`
	OrderBy []Order `json:"order_by,omitempty"` // by project by default
}

// An Order is what rows about resources are ordered by.
type Order string

// The orders of rows about resources.
const (
	OrderBillingValueAsc  Order = "billing_value.asc"
	OrderBillingValueDesc Order = "billing_value.desc"
	OrderFirstSeenAsc     Order = "first_seen.asc"
	OrderFirstSeenDesc    Order = "first_seen.desc"
	OrderLastNameAsc      Order = "last_name.asc"
	OrderLastNameDesc     Order = "last_name.desc"
	OrderLastSeenAsc      Order = "last_seen.asc"
	OrderLastSeenDesc     Order = "last_seen.desc"
	OrderProjectAsc       Order = "project.asc"
	OrderProjectDesc      Order = "project.desc"
	OrderRegionAsc        Order = "region.asc"
	OrderRegionDesc       Order = "region.desc"
	OrderTypeAsc          Order = "type.asc"
	OrderTypeDesc         Order = "type.desc"
)
