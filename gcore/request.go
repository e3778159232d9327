package gcore

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"costd.dev/costd"
	"costd.dev/costd/report"
)

// Bounds and defaults of paging. The contract states the default; the maximum
// is far above what a screen or a script asks for at once.
const (
	defaultLimit = 10
	maxLimit     = 100_000
	maxOffset    = 1 << 53
	maxSortKeys  = 20
)

// The response formats.
const (
	formatJSON       = "json"
	formatCSVTotals  = "csv_totals"
	formatCSVRecords = "csv_records"
)

// A form says which fields the body of a report request may have.
type form struct {
	fields  []string
	csv     string // the response_format beside json
	maxDays int    // of the period; 0 for a month
	// nullProjects says that projects may be null.
	nullProjects bool
}

// The forms of the four reports.
var (
	monthlyForm = form{
		fields: []string{"year_month", "time_from", "time_to", "regions", "types", "schema_filter", "tags",
			"response_format", "rounding"},
		csv: formatCSVTotals,
	}
	totalsForm = form{
		fields: []string{"time_from", "time_to", "enable_last_day", "projects", "regions", "types",
			"schema_filter", "tags", "response_format", "rounding"},
		csv:     formatCSVTotals,
		maxDays: report.MaxCostDays,
	}
	resourcesForm = form{
		fields: []string{"time_from", "time_to", "enable_last_day", "projects", "regions", "types",
			"schema_filter", "tags", "response_format", "rounding", "limit", "offset", "order_by", "sorting"},
		csv:     formatCSVRecords,
		maxDays: report.MaxCostDays,
	}
	usageForm = form{
		fields: []string{"time_from", "time_to", "enable_last_day", "projects", "regions", "types",
			"schema_filter", "tags", "limit", "offset", "order_by", "sorting"},
		maxDays:      report.MaxUsageDays,
		nullProjects: true,
	}
)

// A request is the body of a report request, whichever report it is for.
type request struct {
	period   report.PeriodForm
	query    costd.Query // with its period, but without a client
	month    costd.Month // of the monthly form, whose days are the query's period
	page     costd.Page
	sorting  []costd.SortKey // the deprecated spelling of page.OrderBy
	format   string
	rounding bool
}

// decodeRequest reads a body. Nothing at all is an empty object. The error holds
// every mistake of the body.
func decodeRequest(body []byte, f form, today costd.Day) (request, error) {
	r := request{
		page:     costd.Page{Limit: defaultLimit},
		format:   formatJSON,
		rounding: true,
	}
	d := &decoder{}
	if len(bytes.TrimSpace(body)) > 0 {
		v, err := parseJSON(body)
		if err != nil {
			return r, costd.InvalidField(orBody(""), "%s", err.Error())
		}
		d.object("", v, r.readers(f))
	}
	r.setPeriod(d, f, today)
	r.setOrder()
	return r, d.err()
}

// setPeriod resolves the fields of the period, if they could be read.
func (r *request) setPeriod(d *decoder, f form, today costd.Day) {
	if d.failed("year_month") || d.failed("time_from") || d.failed("time_to") || d.failed("body") {
		return
	}
	var mistakes []costd.FieldError
	if f.maxDays == 0 {
		r.month, mistakes = r.period.Month(today)
		r.query.Period = r.month.Period()
	} else {
		r.query.Period, mistakes = r.period.Period(f.maxDays)
	}
	for _, m := range mistakes {
		d.fail(m.Field, "%s", m.Message)
	}
}

func (r *request) setOrder() {
	if len(r.page.OrderBy) == 0 {
		r.page.OrderBy = r.sorting
	}
	if len(r.page.OrderBy) == 0 {
		r.page.OrderBy = []costd.SortKey{{By: costd.SortProject}}
	}
}

// readers returns the readers of the fields that the form has.
func (r *request) readers(f form) map[string]reader {
	all := map[string]reader{
		"year_month":      into(&r.period.YearMonth, (*decoder).textPointer),
		"time_from":       into(&r.period.TimeFrom, (*decoder).textPointer),
		"time_to":         into(&r.period.TimeTo, (*decoder).textPointer),
		"enable_last_day": into(&r.period.LastDay, (*decoder).flag),
		"regions":         into(&r.query.Regions, (*decoder).integers),
		"types":           into(&r.query.Types, (*decoder).types),
		"schema_filter":   into(&r.query.Filter, (*decoder).schemaFilter),
		"tags":            into(&r.query.Tags, (*decoder).tagFilter),
		"rounding":        into(&r.rounding, (*decoder).flag),
		"order_by":        into(&r.page.OrderBy, (*decoder).orderBy),
		"sorting":         into(&r.sorting, (*decoder).sorting),
		"projects": func(d *decoder, path string, v any) {
			if v != nil || !f.nullProjects {
				r.query.Projects = d.integers(path, v)
			}
		},
		"response_format": func(d *decoder, path string, v any) {
			r.format = d.choice(path, v, []string{formatJSON, f.csv})
		},
		"limit": func(d *decoder, path string, v any) {
			r.page.Limit = d.between(path, v, 1, maxLimit)
		},
		"offset": func(d *decoder, path string, v any) {
			r.page.Offset = d.between(path, v, 0, maxOffset)
		},
	}
	maps.DeleteFunc(all, func(key string, _ reader) bool { return !slices.Contains(f.fields, key) })
	return all
}

// into returns a reader that stores what read returns.
func into[T any](target *T, read func(*decoder, string, any) T) reader {
	return func(d *decoder, path string, v any) { *target = read(d, path, v) }
}

func (d *decoder) textPointer(path string, v any) *string {
	s := d.text(path, v)
	return &s
}

func (d *decoder) between(path string, v any, low, high int64) int {
	n := d.integer(path, v)
	if !d.failed(path) && (n < low || n > high) {
		d.fail(path, "must be between %d and %d", low, high)
	}
	return int(n)
}

func (d *decoder) types(path string, v any) []costd.Type {
	var types []costd.Type
	names := typeNames()
	d.list(path, v, maxList, func(d *decoder, path string, v any) {
		types = append(types, costd.Type(d.choice(path, v, names)))
	})
	return types
}

var sortFields = []costd.SortField{costd.SortBillingValue, costd.SortFirstSeen, costd.SortLastName,
	costd.SortLastSeen, costd.SortProject, costd.SortRegion, costd.SortType}

// orderBy reads a list of strings like "project.asc".
func (d *decoder) orderBy(path string, v any) []costd.SortKey {
	var choices []string
	for _, f := range sortFields {
		choices = append(choices, string(f)+".asc", string(f)+".desc")
	}
	var keys []costd.SortKey
	d.list(path, v, maxSortKeys, func(d *decoder, path string, v any) {
		field, direction, _ := strings.Cut(d.choice(path, v, choices), ".")
		keys = append(keys, costd.SortKey{By: costd.SortField(field), Descending: direction == "desc"})
	})
	return keys
}

// sorting reads the deprecated spelling, a list of objects like {"project": "asc"}.
func (d *decoder) sorting(path string, v any) []costd.SortKey {
	var keys []costd.SortKey
	readers := map[string]reader{}
	for _, f := range sortFields {
		readers[string(f)] = func(d *decoder, path string, v any) {
			descending := d.choice(path, v, []string{"asc", "desc"}) == "desc"
			keys = append(keys, costd.SortKey{By: f, Descending: descending})
		}
	}
	d.list(path, v, maxSortKeys, func(d *decoder, path string, v any) { d.object(path, v, readers) })
	return keys
}
