package client

import (
	"encoding/json"
	"fmt"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// A Row is a row of a report. Its Go type is that of its resource: [*Volume],
// [*Instance] and so on, or [*Unknown].
type Row interface {
	// Base returns what rows of all types have; a caller may keep and change it.
	Base() *Common
	// Dimension returns what tells rows of one metric apart: the flavor, volume type,
	// file share type or instance type; "" for types that have none.
	Dimension() string
}

// Common is what rows of all types have. Texts that are null on the wire are "".
type Common struct {
	Type costd.Type `json:"type"`
	// BillingValue is what was used, in Unit.
	BillingValue decimal.Decimal `json:"billing_value"`
	Unit         string          `json:"billing_value_unit"`
	Metric       string          `json:"billing_metric_name"`
	RegionID     int64           `json:"region_id"`

	// FeatureName says what is paid for, and ends in the rule it is priced by. It
	// and the next three are of cost reports only.
	FeatureName string `json:"billing_feature_name"`
	// Cost is in Currency; nil if prices are hidden or Err says why there is none.
	Cost     *decimal.Decimal `json:"cost"`
	Currency string           `json:"currency"`
	Err      string           `json:"err"`

	// ProjectID and the rest are of rows about one resource, not of totals. Egress
	// traffic and external IPs have no LastName and UUID.
	ProjectID int64     `json:"project_id"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	LastName  string    `json:"last_name"`
	UUID      string    `json:"uuid"`

	// Raw is the row as the server wrote it, with what this package does not know.
	Raw json.RawMessage `json:"-"`
}

// Base returns c.
func (c *Common) Base() *Common { return c }

// Dimension returns "": most types have none.
func (c *Common) Dimension() string { return "" }

// Unknown is a row of a type that this package does not know. Its own fields are
// in Raw.
type Unknown struct{ Common }

// Tags are the tags of a resource, by their keys.
type Tags map[string]string

// UnmarshalJSON reads null or a list of objects, each of which has one tag.
func (t *Tags) UnmarshalJSON(text []byte) error {
	var list []map[string]string
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("tags: %w", err)
	}
	*t = nil
	for _, tags := range list {
		for key, value := range tags {
			if *t == nil {
				*t = Tags{}
			}
			(*t)[key] = value
		}
	}
	return nil
}

// Rows are rows of any types, in the order of the report.
type Rows []Row

// UnmarshalJSON reads a list of rows.
func (r *Rows) UnmarshalJSON(text []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	*r = make(Rows, len(list))
	for i, raw := range list {
		row, err := decodeRow(raw)
		if err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
		(*r)[i] = row
	}
	return nil
}

func decodeRow(raw json.RawMessage) (Row, error) {
	var head struct{ Type costd.Type }
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, err
	}
	row := newRow(head.Type)
	if err := json.Unmarshal(raw, row); err != nil {
		return nil, fmt.Errorf("type %s: %w", head.Type, err)
	}
	row.Base().Raw = raw
	return row, nil
}

// newRow returns an empty row of the type.
func newRow(t costd.Type) Row {
	if empty, ok := emptyRows[t]; ok {
		return empty()
	}
	return &Unknown{}
}
