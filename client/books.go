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
