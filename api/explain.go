package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/decimal"
	"costd.dev/costd/internal/text"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/rating"
	"costd.dev/costd/report"
)

const (
	// quantityPlaces and moneyPlaces are the decimal places of the numbers of steps: those
	// of a report whose costs are not rounded.
	quantityPlaces = 9
	moneyPlaces    = 18
	// maxName bounds a metric, a dimension and an id, in bytes: more than any of usage has.
	maxName = 1024
)

// explainParams are the parameters of an explanation.
var explainParams = []string{"month", "type", "metric", "region_id", "dimension", "resource_id"}

// An exact is an exact number, as a fraction in lowest terms and rounded for reading.
type exact struct {
	Exact   string `json:"exact"`
	Decimal string `json:"decimal"`
}

// An explainer turns numbers into what callers see. It keeps the first error: a number of
// more digits than can be written.
type explainer struct{ err error }

func (e *explainer) number(q decimal.Rational, places int) exact {
	d, err := q.RoundHalfEven(places)
	if err != nil && e.err == nil {
		e.err = &costd.Error{Code: costd.Overflow, Op: "api.explain", Err: err, Message: "a number of the explanation needs more than 38 digits"}
	}
	return exact{q.String(), d.String()}
}

func (e *explainer) quantity(q decimal.Rational) exact { return e.number(q, quantityPlaces) }

// money returns an amount, nil for none.
func (e *explainer) money(q *decimal.Rational) *exact {
	if q == nil {
		return nil
	}
	amount := e.number(*q, moneyPlaces)
	return &amount
}

// shown returns a number as the monthly report shows it.
func (e *explainer) shown(q decimal.Rational, places int) string { return e.number(q, places).Decimal }

// The parts of an explanation as callers see them.
type (
	explainAnswer struct {
		Month          costd.Month       `json:"month"`
		ClientID       int64             `json:"client_id"`
		Currency       string            `json:"currency"`
		State          report.MonthState `json:"state"`
		CatalogVersion int64             `json:"catalog_version"`
		Line           lineAnswer        `json:"line"`
		ResourceID     string            `json:"resource_id,omitempty"`
		Rows           []rowAnswer       `json:"rows"`
		Commitments    []poolAnswer      `json:"commitments"`
		Prices         []costd.Price     `json:"prices"`
		Days           []dayAnswer       `json:"days"`
		Rounding       roundingAnswer    `json:"rounding"`
	}
	lineAnswer struct {
		Type      costd.Type `json:"type"`
		RegionID  int64      `json:"region_id"`
		Dimension string     `json:"dimension,omitempty"`
		Metric    string     `json:"metric"`
		Unit      string     `json:"unit"`
	}
	rowAnswer struct {
		Kind     string `json:"kind"`
		Feature  string `json:"feature"`
		Quantity exact  `json:"quantity"`
		Cost     *exact `json:"cost"`
		Shown    shown  `json:"shown"`
		Err      string `json:"err,omitempty"`
	}
	shown struct {
		BillingValue string  `json:"billing_value"`
		Cost         *string `json:"cost"`
	}
	poolAnswer struct {
		Commitment costd.Commitment `json:"commitment"`
		From       costd.Day        `json:"from"`
		To         costd.Day        `json:"to"`
		ActiveDays int              `json:"active_days"`
		MonthDays  int              `json:"month_days"`
		MonthFee   *exact           `json:"month_fee"`
		MonthPool  exact            `json:"month_pool"`
		Fee        *exact           `json:"fee"`
		Pool       exact            `json:"pool"`
		Drawn      exact            `json:"drawn"`
		Covered    exact            `json:"covered"`
		Cost       *exact           `json:"cost"`
	}
	dayAnswer struct {
		Day        costd.Day    `json:"day"`
		Used       exact        `json:"used"`
		Selected   exact        `json:"selected"`
		Draws      []drawAnswer `json:"draws"`
		LineBeyond exact        `json:"line_beyond"`
		Beyond     exact        `json:"beyond"`
		Price      *priceAnswer `json:"price"`
		Cost       *exact       `json:"cost"`
	}
	drawAnswer struct {
		CommitmentID string `json:"commitment_id"`
		Taken        exact  `json:"taken"`
		Covered      exact  `json:"covered"`
		Left         exact  `json:"left"`
	}
	priceAnswer struct {
		CommitmentID string `json:"commitment_id,omitempty"`
		Number       *int   `json:"number,omitempty"`
		Rate         *exact `json:"rate"`
	}
	roundingAnswer struct {
		Mode         string `json:"mode"`
		BillingValue int    `json:"billing_value_places"`
		Cost         int    `json:"cost_places"`
	}
)

// explain answers with one line of the monthly report taken apart.
func (h *Handler) explain(w http.ResponseWriter, r *http.Request) error {
	values, mistakes := (web.Query{Once: explainParams}).Parse(r.URL.RawQuery)
	request, more := parseExplain(values, h.Reports.Today())
	who := principalOf(r.Context())
	if who.ClientID == 0 {
		more = append(more, costd.FieldError{Field: access.ClientHeader, Message: "is needed with an operator's key; send the id of the client in this header"})
	}
	if mistakes = append(mistakes, more...); len(mistakes) > 0 {
		return costd.InvalidFields(mistakes...)
	}
	request.ClientID, request.Reveal = who.ClientID, who.Acting
	explanation, err := h.Reports.Explain(r.Context(), request)
	if err != nil {
		return err
	}
	var e explainer
	answer := e.answer(&explanation)
	if e.err != nil {
		return e.err
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// parseExplain reads the parameters of an explanation.
func parseExplain(values url.Values, today costd.Day) (r report.ExplainRequest, mistakes []costd.FieldError) {
	r.Month, mistakes = parseMonth(values, today)
	fail := func(field, message string) {
		mistakes = append(mistakes, costd.FieldError{Field: field, Message: message})
	}
	r.Type, r.Metric, r.ResourceID = costd.Type(values.Get("type")), values.Get("metric"), values.Get("resource_id")
	info, known := r.Type.Info()
	if !known {
		fail("type", "must be one of the 25 types, such as instance")
	}
	var err error
	if r.RegionID, err = strconv.ParseInt(values.Get("region_id"), 10, 64); err != nil {
		fail("region_id", "must be the id of a region, such as 76")
	}
	if dimension := values.Get("dimension"); values.Has("dimension") {
		r.Dimension = &dimension
		if known && info.Dimension == "" && dimension != "" {
			fail("dimension", "is not for the type "+string(r.Type)+", which has none; leave it out")
		}
	}
	return r, append(mistakes, checkNames(values)...)
}

// checkNames judges the parameters that are names of the caller's choice.
func checkNames(values url.Values) (mistakes []costd.FieldError) {
	for _, name := range []string{"metric", "dimension", "resource_id"} {
		message := ""
		empty := values.Get(name) == "" && (name == "metric" || name == "resource_id" && values.Has(name))
		if err := text.Check(values.Get(name), maxName); err != nil {
			message = err.Error()
		} else if empty {
			message = "must not be empty"
		}
		if message != "" {
			mistakes = append(mistakes, costd.FieldError{Field: name, Message: message})
		}
	}
	return mistakes
}

// answer returns the explanation as callers see it.
func (e *explainer) answer(x *report.Explanation) explainAnswer {
	info, _ := x.Line.Type.Info()
	a := explainAnswer{
		Month: x.Month, ClientID: x.Client.ID, Currency: x.Client.Currency, State: x.State, CatalogVersion: x.Catalog,
		Line:       lineAnswer{x.Line.Type, x.Line.RegionID, x.Line.Dimension, x.Line.Metric, info.Unit},
		ResourceID: x.ResourceID, Rows: []rowAnswer{}, Commitments: []poolAnswer{}, Days: []dayAnswer{},
		Prices:   append([]costd.Price{}, x.Prices...),
		Rounding: roundingAnswer{"half even", quantityPlaces, report.CostPlaces},
	}
	for i := range x.Charges {
		a.Rows = append(a.Rows, e.row(&x.Charges[i]))
	}
	for i := range x.Pools {
		a.Commitments = append(a.Commitments, e.pool(&x.Pools[i], x.Month))
	}
	for i := range x.Days {
		a.Days = append(a.Days, e.day(&x.Days[i], x))
	}
	return a
}

func (e *explainer) row(c *costd.Charge) rowAnswer {
	a := rowAnswer{Kind: c.Kind.String(), Feature: c.Feature, Quantity: e.quantity(c.Quantity), Cost: e.money(c.Cost), Err: c.Err}
	a.Shown.BillingValue = e.shown(c.Quantity, quantityPlaces)
	if c.Cost != nil {
		cost := e.shown(*c.Cost, report.CostPlaces)
		a.Shown.Cost = &cost
	}
	return a
}

func (e *explainer) pool(p *rating.PoolStep, month costd.Month) poolAnswer {
	return poolAnswer{
		Commitment: p.Commitment, From: p.Active.From, To: p.Active.To, ActiveDays: p.Active.Days(), MonthDays: month.Period().Days(),
		MonthFee: e.money(&p.MonthFee), MonthPool: e.quantity(p.MonthSize), Fee: e.money(&p.Fee), Pool: e.quantity(p.Size),
		Drawn: e.quantity(p.Drawn), Covered: e.quantity(p.Covered), Cost: e.money(&p.Cost),
	}
}

func (e *explainer) day(d *rating.DayStep, x *report.Explanation) dayAnswer {
	a := dayAnswer{
		Day: d.Day, Used: e.quantity(d.Used), Selected: e.quantity(d.Selected), Draws: []drawAnswer{},
		LineBeyond: e.quantity(d.LineBeyond), Beyond: e.quantity(d.Beyond), Cost: e.money(d.Cost),
	}
	for i, draw := range d.Draws {
		a.Draws = append(a.Draws, drawAnswer{x.Pools[i].Commitment.ID, e.quantity(draw.Taken), e.quantity(draw.Covered), e.quantity(draw.Left)})
	}
	if p := d.Price; p != nil {
		a.Price = &priceAnswer{CommitmentID: p.CommitmentID, Rate: e.money(&p.Rate)}
		if p.CommitmentID == "" {
			number := slices.IndexFunc(x.Prices, func(q costd.Price) bool {
				return q.RegionID == p.RegionID && q.ClientID == p.ClientID && q.EffectiveFrom == p.EffectiveFrom
			})
			a.Price.Number = &number
		}
	}
	return a
}
