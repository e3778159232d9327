package api

import (
	"context"
	"encoding/json"
	"net/http"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/decimal"
	"costd.dev/costd/report"
)

// A planAnswer says what applying a catalog file would do.
type planAnswer struct {
	costd.Applied
	Changes costd.Changes `json:"changes"`
	Effect  effectAnswer  `json:"effect"`
}

// An effectAnswer says what that would change for clients.
type effectAnswer struct {
	Months []monthEffect `json:"months"`
	Looked int           `json:"looked_at"`
	Left   int           `json:"left_out,omitempty"`
}

type monthEffect struct {
	ClientID   int64            `json:"client_id"`
	Month      costd.Month      `json:"month"`
	Before     owedAnswer       `json:"before"`
	After      owedAnswer       `json:"after"`
	Difference *decimal.Decimal `json:"difference"`
}

// An owedAnswer is a total. It is null where rows have no cost, or there is no client.
type owedAnswer struct {
	Total    *decimal.Decimal `json:"total"`
	Currency *string          `json:"currency"`
	Errors   int              `json:"rows_in_error"`
}

// answerPlan answers what applying the file would do, and does nothing. Err is what went
// wrong before.
func (h *Handler) answerPlan(w http.ResponseWriter, r *http.Request, f *catalog.File, err error) error {
	if err != nil {
		return err
	}
	if h.Store == nil {
		return errNoMonths
	}
	out := h.newLongAnswer(w, r, jsonType)
	plan, err := h.Catalog.Plan(r.Context(), f)
	if err != nil {
		return err
	}
	effects, err := h.Reports.Effects(r.Context(), h.Store, plan.Before, plan.Changes)
	if err != nil {
		return err
	}
	answer := planAnswer{Applied: plan.Applied, Changes: plan.Changes}
	if answer.Effect, err = newEffectAnswer(effects); err != nil {
		return err
	}
	return out.end(json.NewEncoder(out).Encode(answer))
}

var errNoMonths = costd.Errorf(costd.Unavailable, "the store of this server cannot tell which months have usage; there are no plans and diffs")

func newEffectAnswer(e report.Effects) (a effectAnswer, err error) {
	a = effectAnswer{Months: make([]monthEffect, len(e.Months)), Looked: e.Looked, Left: e.Left}
	for i, m := range e.Months {
		month := monthEffect{ClientID: m.ClientID, Month: m.Month}
		if month.Before, err = newOwedAnswer(m.Before); err != nil {
			return a, err
		}
		if month.After, err = newOwedAnswer(m.After); err != nil {
			return a, err
		}
		if month.Difference, err = rounded(m.Difference(), report.CostPlaces); err != nil {
			return a, err
		}
		a.Months[i] = month
	}
	return a, nil
}

func newOwedAnswer(o report.Owed) (a owedAnswer, err error) {
	a.Errors = o.Errors
	if o.Currency != "" {
		a.Currency = &o.Currency
	}
	a.Total, err = rounded(o.Total, report.CostPlaces)
	return a, err
}

// rounded returns a number as answers have it, nil for none.
func rounded(q *decimal.Rational, places int) (*decimal.Decimal, error) {
	if q == nil {
		return nil, nil
	}
	d, err := q.RoundHalfEven(places)
	if err != nil {
		return nil, &costd.Error{Code: costd.Overflow, Op: "api.rounded", Err: err, Message: "a total needs more than 38 digits; correct the prices"}
	}
	return &d, nil
}

// A diffRow is a row of a monthly report that differs.
type diffRow struct {
	ClientID   int64            `json:"client_id"`
	Type       costd.Type       `json:"type"`
	RegionID   int64            `json:"region_id"`
	Dimension  string           `json:"dimension,omitempty"`
	Metric     string           `json:"metric"`
	Kind       string           `json:"kind"`
	Before     *diffSide        `json:"before"`
	After      *diffSide        `json:"after"`
	Difference *decimal.Decimal `json:"difference"`
}

type diffSide struct {
	Quantity *decimal.Decimal `json:"quantity"`
	Cost     *decimal.Decimal `json:"cost"`
	Currency string           `json:"currency,omitempty"`
	Err      string           `json:"err,omitempty"`
}

type diffAnswer struct {
	Month       costd.Month `json:"month"`
	Rows        []diffRow   `json:"rows"`
	MoreRows    int         `json:"more_rows,omitempty"`
	MoreClients int         `json:"more_clients,omitempty"`
}

// diff answers with the rows of a month that differ between two catalogs.
func (h *Handler) diff(w http.ResponseWriter, r *http.Request) error {
	request, err := h.diffRequest(w, r)
	if err != nil {
		return err
	}
	if h.Store == nil {
		return errNoMonths
	}
	out := h.newLongAnswer(w, r, jsonType)
	d, err := h.Reports.Diff(r.Context(), h.Store, request)
	if err != nil {
		return err
	}
	answer := diffAnswer{Month: request.Month, Rows: make([]diffRow, len(d.Rows)), MoreRows: d.MoreRows, MoreClients: d.MoreClients}
	for i, row := range d.Rows {
		if answer.Rows[i], err = newDiffRow(row); err != nil {
			return err
		}
	}
	return out.end(json.NewEncoder(out).Encode(answer))
}

func newDiffRow(r report.DiffRow) (row diffRow, err error) {
	charge := r.After
	if charge == nil {
		charge = r.Before
	}
	l := charge.Line
	row = diffRow{ClientID: r.ClientID, Type: l.Type, RegionID: l.RegionID, Dimension: l.Dimension, Metric: l.Metric, Kind: charge.Kind.String()}
	if row.Before, err = newDiffSide(r.Before); err != nil {
		return row, err
	}
	if row.After, err = newDiffSide(r.After); err != nil {
		return row, err
	}
	row.Difference, err = rounded(r.Difference(), report.CostPlaces)
	return row, err
}

func newDiffSide(c *costd.Charge) (_ *diffSide, err error) {
	if c == nil {
		return nil, nil
	}
	s := &diffSide{Currency: c.Currency, Err: c.Err}
	if s.Quantity, err = rounded(&c.Quantity, quantityPlaces); err != nil {
		return nil, err
	}
	s.Cost, err = rounded(c.Cost, report.CostPlaces)
	return s, err
}

// A diffSource says which catalog a side of a diff is made by.
type diffSource struct {
	Version *int64          `json:"version"`
	Change  json.RawMessage `json:"change"`
}

// diffRequest reads what a diff is asked for.
func (h *Handler) diffRequest(w http.ResponseWriter, r *http.Request) (q report.DiffRequest, err error) {
	var wanted struct {
		Month     *string     `json:"month"`
		ClientIDs []int64     `json:"client_ids"`
		From      *diffSource `json:"from"`
		To        *diffSource `json:"to"`
	}
	if err := decodeJSON(w, r, catalog.MaxFileSize, &wanted, "month", "client_ids", "from", "to"); err != nil {
		return q, err
	}
	switch {
	case wanted.Month == nil:
		return q, costd.InvalidField("month", "is required, such as 2026-10")
	case wanted.To == nil || (wanted.To.Version == nil) == (wanted.To.Change == nil):
		return q, costd.InvalidField("to", "must have either version or change")
	case wanted.From != nil && (wanted.From.Version == nil || wanted.From.Change != nil):
		return q, costd.InvalidField("from", "must have version; leave from out for the current one")
	case len(wanted.ClientIDs) > report.MaxDiffClients:
		return q, costd.InvalidField("client_ids", "are %d; at most %d are looked at, so ask in parts", len(wanted.ClientIDs), report.MaxDiffClients)
	}
	if q.Month, err = costd.ParseMonth(*wanted.Month); err != nil {
		return q, costd.InvalidField("month", "%v", err)
	}
	q.ClientIDs = wanted.ClientIDs
	if q.From, err = h.entriesFrom(r.Context(), wanted.From, costd.Entries{}); err == nil {
		q.To, err = h.entriesFrom(r.Context(), wanted.To, q.From)
	}
	return q, err
}

// entriesFrom returns the entries of a version, of a change of base, or without a source
// those of now.
func (h *Handler) entriesFrom(ctx context.Context, s *diffSource, base costd.Entries) (costd.Entries, error) {
	switch {
	case s == nil:
		entries, _, err := h.Catalog.Entries(ctx)
		return entries, err
	case s.Version != nil:
		return h.Catalog.At(ctx, *s.Version)
	}
	f, err := catalog.Read(s.Change)
	if err != nil {
		return base, err
	}
	return catalog.After(base, f)
}
