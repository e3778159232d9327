package client

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// A Plan says what applying a catalog file would do.
type Plan struct {
	costd.Applied // its version is that of the catalog as it is
	Changes       costd.Changes
	Effect        Effect
}

// An Effect says what that would change for clients.
type Effect struct {
	Months []MonthEffect // that change
	Looked int           `json:"looked_at"` // months of clients that were looked at
	Left   int           `json:"left_out"`  // those, earlier than the others, that were too many
}

// A MonthEffect says how what a client owes for a month would change.
type MonthEffect struct {
	ClientID      int64 `json:"client_id"`
	Month         costd.Month
	Before, After Owed
	Difference    *decimal.Decimal // nil if a total is missing, or the currencies differ
}

// Owed is what a client owes for a month.
type Owed struct {
	Total    *decimal.Decimal // nil if rows have no cost, or the catalog lacks the client
	Currency string           // "" if the catalog lacks the client
	Errors   int              `json:"rows_in_error"`
}

// PlanCatalog returns what ApplyCatalog, or with prune ReplaceCatalog, would do, and
// changes nothing.
func (c *Client) PlanCatalog(ctx context.Context, file []byte, prune bool) (Plan, error) {
	query := url.Values{"dry_run": {"true"}, "prune": {strconv.FormatBool(prune)}}
	return decode[Plan](c.do(ctx, call{method: "PUT", path: "/api/v1/catalog?" + query.Encode(), body: file, contentType: "application/yaml"}))
}

// A DiffRequest asks how the monthly reports of a month differ between two catalogs.
type DiffRequest struct {
	Month     costd.Month `json:"month"`
	ClientIDs []int64     `json:"client_ids,omitempty"` // none: all whose reports may differ
	From      *DiffSource `json:"from,omitempty"`       // a version; nil: the catalog as it is
	To        DiffSource  `json:"to"`
}

// A DiffSource is a version of the catalog, or a change of the one that a diff is from.
type DiffSource struct {
	Version *int64          `json:"version,omitempty"`
	Change  json.RawMessage `json:"change,omitempty"` // a catalog file in JSON
}

// A Diff lists the rows that differ.
type Diff struct {
	Month       costd.Month
	Rows        []DiffRow
	MoreRows    int `json:"more_rows"`    // that were too many
	MoreClients int `json:"more_clients"` // that were too many to look at
}

// A DiffRow is a row of a monthly report; Before is nil if only the second catalog makes
// it, After if only the first does.
type DiffRow struct {
	ClientID      int64 `json:"client_id"`
	Type          costd.Type
	RegionID      int64 `json:"region_id"`
	Dimension     string
	Metric        string
	Kind          string // Commit, Overcommit or PAYG
	Before, After *DiffSide
	Difference    *decimal.Decimal // of the costs; nil if one is missing
}

// A DiffSide is what a row says by one catalog.
type DiffSide struct {
	Quantity decimal.Decimal
	Cost     *decimal.Decimal // nil if Err says why there is none
	Currency string
	Err      string
}

// Diff returns the rows of monthly reports that differ between two catalogs.
func (c *Client) Diff(ctx context.Context, r DiffRequest) (Diff, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return Diff{}, err
	}
	return decode[Diff](c.do(ctx, call{method: "POST", path: "/api/v1/diff", body: body, contentType: "application/json"}))
}
