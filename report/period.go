package report

import (
	"fmt"
	"strings"
	"time"

	"costd.dev/costd"
)

// The longest periods that a report covers, in days. Costs follow the contract;
// usage has no limit there, and a year answers every question people have while
// it bounds the work.
const (
	MaxCostDays  = 31
	MaxUsageDays = 366
)

// A PeriodForm is a period as callers write it. Nil means that a field was not
// given.
type PeriodForm struct {
	YearMonth *string // "2026-10"
	TimeFrom  *string // what ParseTime reads; its UTC day is the first of the period
	TimeTo    *string // likewise; the period ends before its UTC day begins
	LastDay   bool    // the day of TimeTo belongs to the period too
}

// timeLayouts are the forms of a time, apart from the letter case of T and Z. A
// fraction of a second may follow the seconds in each of them.
var timeLayouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05",
	"2006-01-02", "2006-01",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04",
}

// ParseTime reads RFC 3339 with any offset and fraction, the same without an
// offset (then UTC), with a blank for the T, a plain date, or a month. The result
// is in UTC; a date or month stands for its first instant.
func ParseTime(s string) (time.Time, error) {
	text := strings.ToUpper(s)
	if len(text) > 10 && text[10] == ' ' {
		text = text[:10] + "T" + text[11:]
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time; write it like 2026-10-01T00:00:00Z or 2026-10-01", s)
}

// days returns the UTC days of TimeFrom and TimeTo, nil for one that was not
// given, and a mistake for each that is not a time or comes before the other.
func (f PeriodForm) days() (from, to *costd.Day, mistakes []costd.FieldError) {
	parse := func(field string, text *string) *costd.Day {
		if text == nil {
			return nil
		}
		t, err := ParseTime(*text)
		if err != nil {
			mistakes = append(mistakes, costd.FieldError{Field: field, Message: err.Error()})
			return nil
		}
		day := costd.DayOf(t)
		return &day
	}
	from, to = parse("time_from", f.TimeFrom), parse("time_to", f.TimeTo)
	if from != nil && to != nil && *to < *from {
		mistakes = append(mistakes, costd.FieldError{Field: "time_to", Message: "lies before time_from"})
	}
	return from, to, mistakes
}

// Month returns the month that the form names: YearMonth; without it the month of TimeFrom
// and TimeTo, of which one is enough and which must lie in the same month; without all
// three the month of today. If there are mistakes, the month is meaningless.
func (f PeriodForm) Month(today costd.Day) (costd.Month, []costd.FieldError) {
	from, to, mistakes := f.days()
	if f.YearMonth != nil {
		month, err := costd.ParseMonth(*f.YearMonth)
		if err != nil {
			mistakes = append(mistakes, costd.FieldError{Field: "year_month", Message: err.Error()})
		}
		return month, mistakes
	}
	switch {
	case len(mistakes) > 0:
		return 0, mistakes
	case from != nil && to != nil && costd.MonthOf(*from) != costd.MonthOf(*to):
		return 0, []costd.FieldError{{Field: "time_to", Message: "must lie in the same month as time_from; better use year_month"}}
	case from != nil:
		return costd.MonthOf(*from), nil
	case to != nil:
		return costd.MonthOf(*to), nil
	}
	return costd.MonthOf(today), nil
}

// Period returns the days from TimeFrom to TimeTo, both of which are required, and maxDays
// days at most. If there are mistakes, the period is meaningless.
func (f PeriodForm) Period(maxDays int) (costd.Period, []costd.FieldError) {
	from, to, mistakes := f.days()
	for _, required := range []struct {
		field string
		text  *string
	}{{"time_from", f.TimeFrom}, {"time_to", f.TimeTo}} {
		if required.text == nil {
			mistakes = append(mistakes, costd.FieldError{Field: required.field, Message: "is required"})
		}
	}
	if len(mistakes) > 0 {
		return costd.Period{}, mistakes
	}
	p := costd.Period{From: *from, To: *to}
	if f.LastDay {
		p.To++
	}
	if p.Days() > maxDays {
		return p, []costd.FieldError{{Field: "time_to", Message: fmt.Sprintf("the period has %d days; at most %d are allowed", p.Days(), maxDays)}}
	}
	return p, nil
}
