package client

import (
	"context"
	"encoding/json"
	"iter"
)

// Where the reports are.
const (
	monthlyTotalsPath = "/cloud/v1/reservation_cost_report/totals"
	costTotalsPath    = "/cloud/v1/cost_report/totals"
	costResourcesPath = "/cloud/v1/cost_report/resources"
	usageReportPath   = "/cloud/v1/usage_report"
)

// A CostReport is a report of costs, or a page of one.
type CostReport struct {
	// Count is the number of rows, over all pages.
	Count       int         `json:"count"`
	Results     Rows        `json:"results"`
	PriceStatus PriceStatus `json:"price_status"`
}

// A PriceStatus says whether the rows of a cost report have costs.
type PriceStatus string

// The price statuses.
const (
	PricesShown  PriceStatus = "show"
	PricesHidden PriceStatus = "hide"  // from this client: there are no costs
	PricesFailed PriceStatus = "error" // some rows have no cost; their Err says why
)

// A UsageReport is a report of usage: a page of resources, and totals.
type UsageReport struct {
	// Count is the number of resources, over all pages.
	Count     int  `json:"count"`
	Resources Rows `json:"resources"`
	Totals    Rows `json:"totals"` // of everything, whatever the page
}

// MonthlyTotals returns a client's costs of a month: what commitments cover at
// their fee, what goes beyond them, and the rest as it goes. Only a client's
// administrators may ask for it.
func (c *Client) MonthlyTotals(ctx context.Context, request MonthlyTotalsRequest) (*CostReport, error) {
	return report[CostReport](ctx, c, monthlyTotalsPath, request)
}

// MonthlyTotalsCSV returns the same as a table with commit and overcommit side by
// side.
func (c *Client) MonthlyTotalsCSV(ctx context.Context, request MonthlyTotalsRequest) (*CSV, error) {
	return c.csv(ctx, monthlyTotalsPath, struct {
		MonthlyTotalsRequest
		responseFormat
	}{request, csvTotals})
}

// CostTotals returns what a period costs at pay-as-you-go prices, as if there were
// no commitments.
func (c *Client) CostTotals(ctx context.Context, request CostTotalsRequest) (*CostReport, error) {
	return report[CostReport](ctx, c, costTotalsPath, request)
}

// CostTotalsCSV returns the same as a table.
func (c *Client) CostTotalsCSV(ctx context.Context, request CostTotalsRequest) (*CSV, error) {
	return c.csv(ctx, costTotalsPath, struct {
		CostTotalsRequest
		responseFormat
	}{request, csvTotals})
}

// CostResources returns a page of what each resource costs at pay-as-you-go prices.
func (c *Client) CostResources(ctx context.Context, request CostResourcesRequest) (*CostReport, error) {
	return report[CostReport](ctx, c, costResourcesPath, request)
}

// CostResourcesCSV returns all rows of the same as a table.
func (c *Client) CostResourcesCSV(ctx context.Context, request CostResourcesRequest) (*CSV, error) {
	return c.csv(ctx, costResourcesPath, struct {
		CostResourcesRequest
		responseFormat
	}{request, csvRecords})
}

// CostResourcePages yields page after page. An error ends the sequence.
func (c *Client) CostResourcePages(ctx context.Context, request CostResourcesRequest) iter.Seq2[*CostReport, error] {
	fillLimit(&request.Limit)
	return pages(request.Offset, (*CostReport).window, func(offset int) (*CostReport, error) {
		page := request
		page.Offset = offset
		return c.CostResources(ctx, page)
	})
}

// AllCostResources yields the rows of all pages. An error ends the sequence.
func (c *Client) AllCostResources(ctx context.Context, request CostResourcesRequest) iter.Seq2[Row, error] {
	return rowsOf(c.CostResourcePages(ctx, request), (*CostReport).window)
}

// UsageReport returns what was used, without money: a page of resources, and
// totals.
func (c *Client) UsageReport(ctx context.Context, request UsageRequest) (*UsageReport, error) {
	return report[UsageReport](ctx, c, usageReportPath, request)
}

// UsageReportPages yields page after page. An error ends the sequence.
func (c *Client) UsageReportPages(ctx context.Context, request UsageRequest) iter.Seq2[*UsageReport, error] {
	fillLimit(&request.Limit)
	return pages(request.Offset, (*UsageReport).window, func(offset int) (*UsageReport, error) {
		page := request
		page.Offset = offset
		return c.UsageReport(ctx, page)
	})
}

// AllUsageResources yields the resources of all pages. An error ends the sequence.
func (c *Client) AllUsageResources(ctx context.Context, request UsageRequest) iter.Seq2[Row, error] {
	return rowsOf(c.UsageReportPages(ctx, request), (*UsageReport).window)
}

func report[T any](ctx context.Context, c *Client, path string, request any) (*T, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	answer, err := decode[T](c.do(ctx, call{method: "POST", path: path, body: body, contentType: "application/json", accept: "application/json"}))
	if err != nil {
		return nil, err
	}
	return &answer, nil
}
