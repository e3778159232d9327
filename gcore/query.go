package gcore

import (
	"net/url"
	"strconv"
	"strings"

	"costd.dev/costd"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/report"
)

// Paging of the lists of projects and regions, from the contract.
const (
	defaultListLimit = 100
	maxListLimit     = 1000
)

// params reads the parameters of a query string, collecting mistakes as a decoder.
type params struct {
	decoder
	values url.Values
}

// parseParams checks that the query string has no other than the known parameters,
// each at most once.
func parseParams(raw string, known ...string) *params {
	values, mistakes := web.Query{Once: known}.Parse(raw)
	return &params{decoder{mistakes}, values}
}

// optional returns the parameter, nil if it is not given.
func (p *params) optional(name string) *string {
	if !p.values.Has(name) {
		return nil
	}
	s := p.values.Get(name)
	return &s
}

// number returns a parameter between low and high, or missing if it is not given.
func (p *params) number(name string, low, high, missing int64) int64 {
	s := p.optional(name)
	if s == nil {
		return missing
	}
	n, err := strconv.ParseInt(*s, 10, 64)
	if err != nil || n < low || n > high {
		p.fail(name, "must be an integer between %d and %d", low, high)
	}
	return n
}

// flag returns a parameter that is true or false.
func (p *params) flag(name string, missing bool) bool {
	s := p.optional(name)
	if s == nil {
		return missing
	}
	switch strings.ToLower(*s) {
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	p.fail(name, "must be true or false")
	return missing
}

// order returns a parameter like "name.asc": one of the fields, and whether it
// descends.
func (p *params) order(missing string, fields ...string) (field string, descending bool) {
	s := p.optional("order_by")
	if s == nil {
		s = &missing
	}
	var choices []string
	for _, f := range fields {
		choices = append(choices, f+".asc", f+".desc")
	}
	field, direction, _ := strings.Cut(p.choice("order_by", *s, choices), ".")
	return field, direction == "desc"
}

// period returns time_from and time_to, which come only together; nil for neither.
func (p *params) period() *costd.Period {
	form := report.PeriodForm{TimeFrom: p.optional("time_from"), TimeTo: p.optional("time_to")}
	if form.TimeFrom == nil && form.TimeTo == nil {
		return nil
	}
	period, mistakes := form.Period(report.MaxCostDays)
	for _, m := range mistakes {
		p.fail(m.Field, "%s", m.Message)
	}
	return &period
}

// page cuts the window of limit and offset out of the rows.
func page[T any](p *params, rows []T) []T {
	limit := p.number("limit", 1, maxListLimit, defaultListLimit)
	offset := p.number("offset", 0, maxOffset, 0)
	if p.err() != nil {
		return nil
	}
	rows = rows[min(int(offset), len(rows)):]
	return rows[:min(int(limit), len(rows))]
}
