package gcore

import (
	"cmp"
	"hash/fnv"
	"math"
	"strconv"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/report"
)

// reservationPlaces is the number of decimals of prices and sizes, always shown.
const reservationPlaces = 8

// reservations answers with the client's commitments.
func (h *Handler) reservations(c *call) error {
	p := parseParams(c.URL.RawQuery, "metric_name", "region_id", "order_by", "show_inactive", "time_from", "time_to")
	r := report.ReservationsRequest{
		ClientID:   c.principal.ClientID,
		Period:     p.period(),
		ActiveOnly: !p.flag("show_inactive", true),
	}
	if metric := p.optional("metric_name"); metric != nil {
		if r.Metric = *metric; r.Metric == "" {
			p.fail("metric_name", "must not be empty")
		}
	}
	if p.optional("region_id") != nil {
		id := p.number("region_id", math.MinInt64, math.MaxInt64, 0)
		r.RegionID = &id
	}
	field, descending := p.order("active_from.desc", string(report.OrderByActiveFrom), string(report.OrderByActiveTo))
	r.OrderBy, r.Descending = report.ReservationOrder(field), descending
	if err := p.err(); err != nil {
		return err
	}
	found, err := h.Reports.Reservations(c.Context(), r)
	if err != nil {
		return err
	}
	w := &reservationWriter{}
	writeList(c.answer, len(found), found, w.append)
	return w.err
}

// A reservationWriter writes reservations. The first number that does not fit is
// kept as its error.
type reservationWriter struct{ err error }

func (w *reservationWriter) append(b []byte, r report.Reservation) []byte {
	c := &r.Commitment
	size := c.UnitSizeMonth.Rational()
	b = appendInt(append(b, '{'), "active_billing_plan_id", planID(c.ID))
	b = appendText(b, "region_name", r.RegionName)
	b = appendText(b, "resource_name", cmp.Or(c.Dimension, c.Metric))
	b = appendInt(b, "resource_count", c.Count)
	b = appendText(b, "unit_name", c.Unit)
	b = appendText(b, "unit_size_month", w.fixed(size))
	b = appendText(b, "unit_size_total", w.fixed(size.Mul(decimal.Fraction(c.Count, 1))))
	b = w.appendCommit(appendKey(b, "commit"), c, r.Prices)
	b = w.appendOvercommit(appendKey(b, "active_overcommit"), c, r.Prices)
	var info costd.HardwareInfo
	if c.HardwareInfo != nil {
		info = *c.HardwareInfo
	}
	b = append(appendKey(b, "hardware_info"), '{')
	b = appendTextOrNull(b, "cpu", info.CPU)
	b = appendTextOrNull(b, "ram", info.RAM)
	b = appendTextOrNull(b, "disk", info.Disk)
	return append(b, "}}"...)
}

func (w *reservationWriter) appendCommit(b []byte, c *costd.Commitment, p *report.ReservationPrices) []byte {
	b = appendText(append(b, '{'), "active_from", localMidnight(c.ActiveFrom))
	if c.ActiveTo == nil {
		b = appendNull(b, "active_to")
	} else {
		b = appendText(b, "active_to", localMidnight(*c.ActiveTo))
	}
	b = appendNull(b, "subscription_id")
	if p == nil {
		return w.appendRate(b, nil, decimal.Rational{})
	}
	return w.appendRate(b, &p.Commit, p.Months)
}

func (w *reservationWriter) appendOvercommit(b []byte, c *costd.Commitment, p *report.ReservationPrices) []byte {
	b = appendText(append(b, '{'), "active_from", localMidnight(c.ActiveFrom))
	b = appendNull(b, "subscription_id")
	b = appendNull(b, "plan_item_id")
	if p == nil {
		return w.appendRate(b, nil, decimal.Rational{})
	}
	return w.appendRate(b, p.Overcommit, p.Months)
}

// appendRate appends the three prices and the closing brace. A price that is
// hidden or unknown is an empty text: the contract wants a text, and zero would be
// a wrong one.
func (w *reservationWriter) appendRate(b []byte, r *report.Rate, months decimal.Rational) []byte {
	var unit, month, total string
	if r != nil {
		unit, month, total = w.fixed(r.Unit), w.fixed(r.Month), w.fixed(r.Total.Mul(months))
	}
	b = appendText(b, "price_per_unit", unit)
	b = appendText(b, "price_per_month", month)
	b = appendText(b, "price_total", total)
	return append(b, '}')
}

// fixed returns q rounded to reservationPlaces, all of them shown.
func (w *reservationWriter) fixed(q decimal.Rational) string {
	d, err := q.RoundHalfEven(reservationPlaces)
	if err == nil {
		var s string
		if s, err = d.StringFixed(reservationPlaces); err == nil {
			return s
		}
	}
	if w.err == nil {
		w.err = overflow(err)
	}
	return ""
}

// planID returns the number that stands for a commitment, where the contract wants
// an integer: its id if that is one, else a hash of it.
func planID(id string) int64 {
	if n, err := strconv.ParseInt(id, 10, 64); err == nil {
		return n
	}
	h := fnv.New32a()
	h.Write([]byte(id))
	return int64(h.Sum32())
}

// localMidnight writes the beginning of a day as the contract does here: without a
// zone, meaning UTC.
func localMidnight(d costd.Day) string { return d.String() + "T00:00:00" }
