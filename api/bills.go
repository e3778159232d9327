package api

import (
	"bufio"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/internal/text"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/report"
)

const (
	csvType = "text/csv"
	// defaultBills and maxBills are how many bills a page has: those of a screen, and as
	// many as are made anew within the time that an answer may take to begin.
	defaultBills = 100
	maxBills     = 1000
	// heldBack is how much of a CSV is held back before it is sent: until then an error
	// can still take its place.
	heldBack = 64 << 10
)

// billParams are the parameters of a list of bills.
var billParams = []string{"month", "limit", "cursor"}

// A billAnswer is a bill as callers see it. Money is null where a row has no cost.
type billAnswer struct {
	ClientID    int64             `json:"client_id"`
	ClientName  string            `json:"client_name"`
	Currency    string            `json:"currency"`
	State       report.MonthState `json:"state"`
	Commit      *decimal.Decimal  `json:"commit"`
	Overcommit  *decimal.Decimal  `json:"overcommit"`
	PAYG        *decimal.Decimal  `json:"payg"`
	Total       *decimal.Decimal  `json:"total"`
	Rows        int               `json:"rows"`
	RowsInError int               `json:"rows_in_error"`
	Err         string            `json:"err,omitempty"`
}

func newBillAnswer(b *report.Bill) billAnswer {
	return billAnswer{
		ClientID: b.Client.ID, ClientName: b.Client.Name, Currency: b.Client.Currency, State: b.State,
		Commit: b.Kinds[costd.Commit], Overcommit: b.Kinds[costd.Overcommit], PAYG: b.Kinds[costd.PAYG], Total: b.Total,
		Rows: b.Rows, RowsInError: b.Errors, Err: b.Err,
	}
}

// bills answers with what each client owes for a month: a page as JSON, or all as CSV.
func (h *Handler) bills(w http.ResponseWriter, r *http.Request) error {
	values, mistakes := (web.Query{Once: billParams}).Parse(r.URL.RawQuery)
	month, more := parseMonth(values, h.Reports.Today())
	mistakes = append(mistakes, more...)
	if accepts(r, jsonType, csvType) == csvType {
		for _, name := range billParams[1:] {
			if values.Has(name) {
				mistakes = append(mistakes, costd.FieldError{Field: name, Message: "is for pages of JSON; CSV has every bill, leave it out"})
			}
		}
		if len(mistakes) > 0 {
			return costd.InvalidFields(mistakes...)
		}
		return h.billsCSV(w, r, month)
	}
	limit, after, more := parsePage(values)
	if mistakes = append(mistakes, more...); len(mistakes) > 0 {
		return costd.InvalidFields(mistakes...)
	}
	return h.billsPage(w, r, month, limit, after)
}

// parseMonth reads the parameter month; without it, it is the month of today.
func parseMonth(values url.Values, today costd.Day) (costd.Month, []costd.FieldError) {
	if !values.Has("month") {
		return costd.MonthOf(today), nil
	}
	month, err := costd.ParseMonth(values.Get("month"))
	if err != nil {
		return 0, []costd.FieldError{{Field: "month", Message: err.Error()}}
	}
	return month, nil
}

// parsePage reads the parameters limit and cursor. A cursor is the id of the last client
// of the page before, so that it stays right when clients come and go.
func parsePage(values url.Values) (limit int, after int64, mistakes []costd.FieldError) {
	limit = defaultBills
	var err error
	if values.Has("limit") {
		if limit, err = strconv.Atoi(values.Get("limit")); err != nil || limit < 1 || limit > maxBills {
			mistakes = append(mistakes, costd.FieldError{Field: "limit", Message: "must be an integer between 1 and " + strconv.Itoa(maxBills)})
		}
	}
	if values.Has("cursor") {
		if after, err = strconv.ParseInt(values.Get("cursor"), 10, 64); err != nil || after < 1 {
			mistakes = append(mistakes, costd.FieldError{Field: "cursor", Message: "is none; use the next_cursor of the page before, or leave it out for the first"})
		}
	}
	return limit, after, mistakes
}

// billsPage answers with the bills of the next clients after one.
func (h *Handler) billsPage(w http.ResponseWriter, r *http.Request, month costd.Month, limit int, after int64) error {
	answer := struct {
		Month      costd.Month  `json:"month"`
		Bills      []billAnswer `json:"bills"`
		NextCursor string       `json:"next_cursor,omitempty"`
	}{Month: month, Bills: []billAnswer{}}
	for bill, err := range h.Reports.Bills(r.Context(), month, after) {
		if err != nil {
			return err
		}
		if len(answer.Bills) == limit { // there is one more
			answer.NextCursor = strconv.FormatInt(answer.Bills[limit-1].ClientID, 10)
			break
		}
		answer.Bills = append(answer.Bills, newBillAnswer(&bill))
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// billColumns are the columns of bills as CSV.
const billColumns = "month,client_id,client_name,currency,state,commit,overcommit,payg,total,rows,rows_in_error,error\r\n"

// billsCSV answers with the bills of all clients, each sent soon after it is made.
func (h *Handler) billsCSV(w http.ResponseWriter, r *http.Request, month costd.Month) error {
	out := h.newLongAnswer(w, r, csvType+"; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="bills-`+month.String()+`.csv"`)
	buffer := bufio.NewWriterSize(out, heldBack)
	buffer.WriteString(billColumns) // a failed write is remembered until Flush
	for bill, err := range h.Reports.Bills(r.Context(), month, 0) {
		if err == nil {
			b := newBillAnswer(&bill)
			_, err = buffer.WriteString(month.String() + "," + b.csv())
		}
		if err != nil {
			return out.end(err)
		}
	}
	return out.end(buffer.Flush())
}

// csv returns the bill as the line of a CSV file, but for its month.
func (b *billAnswer) csv() string {
	return strings.Join([]string{
		strconv.FormatInt(b.ClientID, 10), text.Cell(b.ClientName), b.Currency, string(b.State),
		orNothing(b.Commit), orNothing(b.Overcommit), orNothing(b.PAYG), orNothing(b.Total),
		strconv.Itoa(b.Rows), strconv.Itoa(b.RowsInError), text.Cell(b.Err),
	}, ",") + "\r\n"
}

// orNothing returns a number as text, "" for none.
func orNothing(d *decimal.Decimal) string {
	if d == nil {
		return ""
	}
	return d.String()
}
