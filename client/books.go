package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

const billsPath = "/api/v1/bills"

// A BillsRequest selects bills. Its zero value asks for those of the current month.
type BillsRequest struct {
	Month  costd.Month // 0: the current one
	Limit  int         // bills of a page; 0: 100, and 1000 for sequences over all pages
	Cursor string      // the NextCursor of the page before; "": the first page
}

// A Bill is what one client owes for a month. A sum is nil if a row that belongs to it has
// no cost.
type Bill struct {
	ClientID    int64            `json:"client_id"`
	ClientName  string           `json:"client_name"`
	Currency    string           `json:"currency"`
	State       string           `json:"state"` // "open": it may still change
	Commit      *decimal.Decimal `json:"commit"`
	Overcommit  *decimal.Decimal `json:"overcommit"`
	PAYG        *decimal.Decimal `json:"payg"`
	Total       *decimal.Decimal `json:"total"`
	Rows        int              `json:"rows"`          // of the monthly report
	RowsInError int              `json:"rows_in_error"` // of Rows, those without a cost
	Err         string           `json:"err,omitempty"` // why the first of those has none
}

// A BillsPage is a page of bills, ordered by client.
type BillsPage struct {
	Month      costd.Month `json:"month"`
	Bills      []Bill      `json:"bills"`
	NextCursor string      `json:"next_cursor"` // "" for the last page
}

// Bills returns a page of what each client owes for a month. Only operators may ask for
// it.
func (c *Client) Bills(ctx context.Context, request BillsRequest) (*BillsPage, error) {
	query := monthQuery(request.Month)
	if request.Limit != 0 {
		query.Set("limit", strconv.Itoa(request.Limit))
	}
	if request.Cursor != "" {
		query.Set("cursor", request.Cursor)
	}
	page, err := decode[BillsPage](c.do(ctx, call{method: "GET", path: billsPath + "?" + query.Encode(), accept: "application/json"}))
	if err != nil {
		return nil, err
	}
	return &page, nil
}

// AllBills yields the bills of all pages. An error ends the sequence.
func (c *Client) AllBills(ctx context.Context, request BillsRequest) iter.Seq2[Bill, error] {
	fillLimit(&request.Limit)
	return func(yield func(Bill, error) bool) {
		for more := true; more; more = request.Cursor != "" {
			page, err := c.Bills(ctx, request)
			if err != nil {
				yield(Bill{}, err)
				return
			}
			for _, bill := range page.Bills {
				if !yield(bill, nil) {
					return
				}
			}
			request.Cursor = page.NextCursor
		}
	}
}

// BillsCSV returns the bills of all clients as a table.
func (c *Client) BillsCSV(ctx context.Context, month costd.Month) (*CSV, error) {
	return c.file(ctx, call{method: "GET", path: billsPath + "?" + monthQuery(month).Encode(), accept: "text/csv"})
}

// monthQuery returns the parameters that ask for a month; 0 is the current one.
func monthQuery(month costd.Month) url.Values {
	query := url.Values{}
	if month != 0 {
		query.Set("month", month.String())
	}
	return query
}

// An ExplainRequest names one line of a monthly report.
type ExplainRequest struct {
	Month      costd.Month // 0: the current one
	Type       costd.Type
	Metric     string
	RegionID   int64
	Dimension  string // the flavor, volume type, ...; "" if there is only one such line
	ResourceID string // "": all resources
}

// An Exact is an exact number: a fraction in lowest terms, and the same as a decimal, a
// quantity with 9 places at most and money with 18.
type Exact struct {
	Exact   string          `json:"exact"`
	Decimal decimal.Decimal `json:"decimal"`
}

// An Explanation is one line of a client's monthly report taken apart. Quantities are in
// the unit of the line, money is in Currency.
type Explanation struct {
	Month          costd.Month `json:"month"`
	ClientID       int64       `json:"client_id"`
	Currency       string      `json:"currency"`
	State          string      `json:"state"`
	CatalogVersion int64       `json:"catalog_version"`
	Line           struct {
		Type      costd.Type `json:"type"`
		RegionID  int64      `json:"region_id"`
		Dimension string     `json:"dimension"`
		Metric    string     `json:"metric"`
		Unit      string     `json:"unit"`
	} `json:"line"`
	ResourceID  string                `json:"resource_id"`
	Rows        []ExplainedRow        `json:"rows"`        // of the report
	Commitments []ExplainedCommitment `json:"commitments"` // in the order in which they are drawn on
	Prices      []costd.Price         `json:"prices"`      // those of the price book that are used
	Days        []ExplainedDay        `json:"days"`        // those with usage, in order
}

// An ExplainedRow is a row of the report: the sum of its steps.
type ExplainedRow struct {
	Kind     string `json:"kind"` // Commit, Overcommit or PAYG
	Feature  string `json:"feature"`
	Quantity Exact  `json:"quantity"`
	Cost     *Exact `json:"cost"` // nil if Err says why there is none
	Shown    struct {
		BillingValue decimal.Decimal  `json:"billing_value"`
		Cost         *decimal.Decimal `json:"cost"`
	} `json:"shown"` // as the report shows them, rounded
	Err string `json:"err"`
}

// An ExplainedCommitment is what one commitment gives in the month.
type ExplainedCommitment struct {
	Commitment costd.Commitment `json:"commitment"`
	From       costd.Day        `json:"from"` // of the month, on which it is active; To is not
	To         costd.Day        `json:"to"`
	ActiveDays int              `json:"active_days"`
	MonthDays  int              `json:"month_days"`
	MonthFee   Exact            `json:"month_fee"` // of a full month, as is MonthPool
	MonthPool  Exact            `json:"month_pool"`
	Fee        Exact            `json:"fee"` // of the active days, as is Pool
	Pool       Exact            `json:"pool"`
	Drawn      Exact            `json:"drawn"`   // by all resources
	Covered    Exact            `json:"covered"` // of Drawn, what the resource used; all without one
	Cost       Exact            `json:"cost"`    // the whole Fee, or the resource's share of it
}

// An ExplainedDay is what happens on a day of UTC.
type ExplainedDay struct {
	Day      costd.Day `json:"day"`
	Used     Exact     `json:"used"`     // by all resources
	Selected Exact     `json:"selected"` // by the resource; all without one
	Draws    []struct {
		CommitmentID string `json:"commitment_id"`
		Taken        Exact  `json:"taken"`   // by all resources
		Covered      Exact  `json:"covered"` // of Taken, the resource's part
		Left         Exact  `json:"left"`    // in the pool after the day
	} `json:"draws"` // one for each commitment
	LineBeyond Exact `json:"line_beyond"` // of Used, what no commitment covers
	Beyond     Exact `json:"beyond"`      // of Selected, what no commitment covers
	Price      *struct {
		CommitmentID string `json:"commitment_id"` // "": Number says which of Prices, from 0
		Number       int    `json:"number"`
		Rate         Exact  `json:"rate"` // of one unit of the line
	} `json:"price"` // of Beyond; nil if there is none, or nothing is beyond
	Cost *Exact `json:"cost"` // Beyond x Rate
}

// Explain returns one line of a monthly report taken apart, up to the exact numbers. The
// key is an administrator's, or an operator's of a Client made WithClientID.
func (c *Client) Explain(ctx context.Context, request ExplainRequest) (*Explanation, error) {
	answer, err := decode[Explanation](c.ExplainJSON(ctx, request))
	if err != nil {
		return nil, err
	}
	return &answer, nil
}

// ExplainJSON returns the same as the server writes it.
func (c *Client) ExplainJSON(ctx context.Context, request ExplainRequest) ([]byte, error) {
	query := monthQuery(request.Month)
	query.Set("type", string(request.Type))
	query.Set("metric", request.Metric)
	query.Set("region_id", strconv.FormatInt(request.RegionID, 10))
	if request.Dimension != "" {
		query.Set("dimension", request.Dimension)
	}
	if request.ResourceID != "" {
		query.Set("resource_id", request.ResourceID)
	}
	return c.do(ctx, call{method: "GET", path: "/api/v1/explain?" + query.Encode(), accept: "application/json"})
}
