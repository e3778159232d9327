package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

const reservationsPath = "/cloud/v2/reservations"

// A ReservationsRequest selects reservations. Its zero value asks for all of them.
type ReservationsRequest struct {
	MetricName string
	RegionID   int64 // 0: any
	OrderBy    ReservationOrder
	// TimeFrom and TimeTo, only together, ask for the reservations active in that
	// period, at most 31 days, and their prices in it. The hosted service requires them.
	TimeFrom, TimeTo time.Time
	ActiveOnly       bool // leave out what is over or yet to begin
}

// A ReservationOrder is what reservations are ordered by.
type ReservationOrder string

// The orders of reservations.
const (
	OrderActiveFromAsc  ReservationOrder = "active_from.asc"
	OrderActiveFromDesc ReservationOrder = "active_from.desc" // the default
	OrderActiveToAsc    ReservationOrder = "active_to.asc"
	OrderActiveToDesc   ReservationOrder = "active_to.desc"
)

// A Reservation is capacity that a client has committed to. A month of it has
// UnitSizeMonth units for each of the ResourceCount resources.
type Reservation struct {
	ActiveBillingPlanID int64              `json:"active_billing_plan_id"`
	RegionName          string             `json:"region_name"`
	ResourceName        string             `json:"resource_name"` // such as "bm1-hf-medium"
	ResourceCount       int64              `json:"resource_count"`
	UnitName            string             `json:"unit_name"` // such as "H"
	UnitSizeMonth       decimal.Decimal    `json:"unit_size_month"`
	UnitSizeTotal       decimal.Decimal    `json:"unit_size_total"` // of all resources
	Commit              ReservationPrices  `json:"commit"`
	ActiveOvercommit    ReservationPrices  `json:"active_overcommit"`
	HardwareInfo        costd.HardwareInfo `json:"hardware_info"`

	// Raw is the reservation as the server wrote it.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps the text.
func (r *Reservation) UnmarshalJSON(text []byte) error {
	type plain Reservation
	if err := json.Unmarshal(text, (*plain)(r)); err != nil {
		return err
	}
	r.Raw = bytes.Clone(text)
	return nil
}

// ReservationPrices are the prices of what a reservation covers, or of what goes
// beyond it. The server rounds them to 8 decimals.
type ReservationPrices struct {
	ActiveFrom time.Time
	ActiveTo   time.Time // of commits only; zero: without end
	// PricePerUnit and the rest are nil if prices are hidden or unknown.
	PricePerUnit   *decimal.Decimal
	PricePerMonth  *decimal.Decimal // of one resource
	PriceTotal     *decimal.Decimal // of all resources, over the whole term
	SubscriptionID int64            // 0: none
	PlanItemID     int64            // of overcommits only; 0: none
}

// UnmarshalJSON reads times without a zone and prices that are empty texts.
func (p *ReservationPrices) UnmarshalJSON(text []byte) error {
	var wire struct {
		From           zonelessTime `json:"active_from"`
		To             zonelessTime `json:"active_to"`
		Unit           priceText    `json:"price_per_unit"`
		Month          priceText    `json:"price_per_month"`
		Total          priceText    `json:"price_total"`
		SubscriptionID int64        `json:"subscription_id"`
		PlanItemID     int64        `json:"plan_item_id"`
	}
	if err := json.Unmarshal(text, &wire); err != nil {
		return err
	}
	*p = ReservationPrices{
		ActiveFrom: wire.From.Time, ActiveTo: wire.To.Time,
		PricePerUnit: wire.Unit.Decimal, PricePerMonth: wire.Month.Decimal, PriceTotal: wire.Total.Decimal,
		SubscriptionID: wire.SubscriptionID, PlanItemID: wire.PlanItemID,
	}
	return nil
}

// A priceText is a price, or an empty text or null for none.
type priceText struct{ *decimal.Decimal }

func (p *priceText) UnmarshalJSON(text []byte) error {
	if s := string(text); s == `""` || s == "null" {
		return nil
	}
	p.Decimal = new(decimal.Decimal)
	return p.Decimal.UnmarshalJSON(text)
}

// A zonelessTime is a time that means UTC if it names no zone.
type zonelessTime struct{ time.Time }

func (t *zonelessTime) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if s == "" { // null
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05Z0700"} {
		if parsed, err := time.Parse(layout, s); err == nil {
			t.Time = parsed.UTC()
			return nil
		}
	}
	return fmt.Errorf("%q is not a time", s)
}

// Reservations returns what a client has committed to. Only a client's
// administrators may ask for it.
func (c *Client) Reservations(ctx context.Context, request ReservationsRequest) ([]Reservation, error) {
	q := query{}
	q.text("metric_name", request.MetricName)
	q.number("region_id", request.RegionID)
	q.text("order_by", string(request.OrderBy))
	q.time("time_from", request.TimeFrom)
	q.time("time_to", request.TimeTo)
	if request.ActiveOnly {
		q.text("show_inactive", "false")
	}
	list, err := get[List[Reservation]](ctx, c, reservationsPath, q)
	if err != nil {
		return nil, err
	}
	return list.Results, nil
}
