package report_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/report"
)

func TestParseTime(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"2026-10-01T00:00:00Z", "2026-10-01T00:00:00Z"},
		{"2026-10-01T01:30:00+02:00", "2026-09-30T23:30:00Z"},
		{"2026-10-01T01:30:00+0200", "2026-09-30T23:30:00Z"},
		{"2026-10-01t01:30:00z", "2026-10-01T01:30:00Z"},
		{"2026-10-01 01:30:00", "2026-10-01T01:30:00Z"},
		{"2026-10-01T01:30", "2026-10-01T01:30:00Z"},
		{"2026-10-01T01:30-01:00", "2026-10-01T02:30:00Z"},
		{"2026-10-01T01:30:00.123456", "2026-10-01T01:30:00.123456Z"},
		{"2026-10-01T01:30:00.123456789+00:00", "2026-10-01T01:30:00.123456789Z"},
		{"2026-10-01", "2026-10-01T00:00:00Z"},
		{"2026-10", "2026-10-01T00:00:00Z"},
	} {
		got, err := report.ParseTime(tt.in)
		if err != nil || got.Format(time.RFC3339Nano) != tt.want {
			t.Errorf("ParseTime(%q) = %v, %v; want %s", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"", "2026", "2026-13", "2026-10-32", "2026-1-1", "10/01/2026", "now", "2026-10-01T25:00:00Z",
		"2026-10-01T00:00:00Z ", "1759276800", "2026-10-01T00:00:00+25:00"} {
		if got, err := report.ParseTime(in); err == nil {
			t.Errorf("ParseTime(%q) = %v, want an error", in, got)
		}
	}
}

var today = costd.NewDay(2026, 11, 23)

// form builds a PeriodForm; "-" stands for a field that was not given.
func form(yearMonth, from, to string) report.PeriodForm {
	given := func(s string) *string {
		if s == "-" {
			return nil
		}
		return &s
	}
	return report.PeriodForm{YearMonth: given(yearMonth), TimeFrom: given(from), TimeTo: given(to)}
}

func TestMonth(t *testing.T) {
	for _, tt := range []struct{ yearMonth, from, to, want, field string }{
		{"-", "-", "-", "2026-11", ""},
		{"2026-10", "-", "-", "2026-10", ""},
		{"2026-10", "2025-01", "2025-02", "2026-10", ""}, // year_month wins
		{"-", "2026-08", "-", "2026-08", ""},
		{"-", "-", "2026-08", "2026-08", ""},
		{"-", "2026-08-01", "2026-08-31", "2026-08", ""},
		{"-", "2026-09-01T01:00:00+02:00", "-", "2026-08", ""}, // the offset first, then the day
		{"-", "2026-08", "2026-09", "", "time_to"},
		{"-", "2026-08-02", "2026-08-01", "", "time_to"},
		{"2026-13", "-", "-", "", "year_month"},
		{"2026-1", "-", "-", "", "year_month"},
		{"", "-", "-", "", "year_month"},
		{"-", "2026-13", "-", "", "time_from"},
		{"-", "-", "x", "", "time_to"},
		{"2026-10", "x", "-", "", "time_from"},
	} {
		month, mistakes := form(tt.yearMonth, tt.from, tt.to).Month(today)
		checkPeriod(t, tt, mistakes, month.String(), tt.want, tt.field)
	}
}

func TestPeriod(t *testing.T) {
	for _, tt := range []struct {
		from, to    string
		lastDay     bool
		want, field string
	}{
		{"2026-10-01", "2026-11-01", false, "[2026-10-01, 2026-11-01)", ""},
		{"2026-10-01", "2026-10-31", true, "[2026-10-01, 2026-11-01)", ""},
		{"2026-10-01T23:59:59.9Z", "2026-11-01T23:00:00Z", false, "[2026-10-01, 2026-11-01)", ""},
		{"2026-10-02T01:00:00+02:00", "2026-10-02", false, "[2026-10-01, 2026-10-02)", ""},
		{"2026-10", "2026-11", false, "[2026-10-01, 2026-11-01)", ""},
		{"2026-10-01", "2026-10-01", false, "[2026-10-01, 2026-10-01)", ""}, // empty, but not wrong
		{"2026-10-01", "2026-10-01", true, "[2026-10-01, 2026-10-02)", ""},
		{"2026-10-01", "2026-11-01", true, "", "time_to"}, // 32 days
		{"2026-10-01", "2026-11-02", false, "", "time_to"},
		{"2026-10-02", "2026-10-01", true, "", "time_to"},
		{"-", "2026-10-01", false, "", "time_from"},
		{"2026-10-01", "-", false, "", "time_to"},
		{"x", "2026-10-01", false, "", "time_from"},
	} {
		f := form("-", tt.from, tt.to)
		f.LastDay = tt.lastDay
		period, mistakes := f.Period(report.MaxCostDays)
		checkPeriod(t, tt, mistakes, period.String(), tt.want, tt.field)
	}
}

func checkPeriod(t *testing.T, in any, mistakes []costd.FieldError, got, want, field string) {
	t.Helper()
	switch {
	case field != "" && (len(mistakes) != 1 || mistakes[0].Field != field):
		t.Errorf("%v: mistakes %v, want one about %s", in, mistakes, field)
	case field == "" && (len(mistakes) != 0 || got != want):
		t.Errorf("%v = %s, %v; want %s", in, got, mistakes, want)
	}
}

// Every instant of a month, in any zone, names the month of its UTC day.
func TestMonthOfAnyOffset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		instant := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), 0)
		zone := time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "offset"))
		month, mistakes := form("-", instant.In(zone).Format(time.RFC3339), "-").Month(today)
		if want := instant.UTC().Format("2006-01"); len(mistakes) > 0 || month.String() != want {
			t.Fatalf("%v, %v; want %s", month, mistakes, want)
		}
	})
}
