package client

import (
	"context"
	"encoding/json"

	"costd"
)

// A ResponseFormat is how a report is written.
type ResponseFormat string

// The formats.
const (
	FormatJSON      ResponseFormat = "json" // the default
	FormatCSVTotals ResponseFormat = "csv_totals"
)

// MonthlyTotalsRequest selects what a monthly report shows. Its zero value asks
// for everything in the current month.
type MonthlyTotalsRequest struct {
	YearMonth      string         `json:"year_month,omitempty"` // "2026-10"
	Regions        []int64        `json:"regions,omitempty"`
	Types          []costd.Type   `json:"types,omitempty"`
	SchemaFilter   *SchemaFilter  `json:"schema_filter,omitempty"`
	Tags           *TagFilter     `json:"tags,omitempty"`
	ResponseFormat ResponseFormat `json:"response_format,omitempty"`
	Rounding       *bool          `json:"rounding,omitempty"` // nil: true, costs to five decimals
}

// A SchemaFilter selects the resources of a type whose field has one of the values.
type SchemaFilter struct {
	Type   costd.Type  `json:"type"`
	Field  costd.Field `json:"field"`
	Values []string    `json:"values"`
}

// A TagFilter selects resources by their tags.
type TagFilter struct {
	Conditions    []TagCondition `json:"conditions"`
	ConditionType string         `json:"condition_type,omitempty"` // "OR", the default, or "AND"
}

// A TagCondition is about one tag; an empty key or value matches any.
type TagCondition struct {
	Key    string `json:"key,omitempty"`
	Value  string `json:"value,omitempty"`
	Strict *bool  `json:"strict,omitempty"` // nil: true, the value has to be equal
}

// MonthlyTotals returns a client's costs of a month, commitments included, as the
// server writes them: JSON, or CSV if the request says so.
func (c *Client) MonthlyTotals(ctx context.Context, request MonthlyTotalsRequest) ([]byte, error) {
	return c.report(ctx, "/cloud/v1/reservation_cost_report/totals", request)
}

func (c *Client) report(ctx context.Context, path string, request any) ([]byte, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	return c.do(ctx, call{method: "POST", path: path, body: body, contentType: "application/json"})
}
