package costd_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"costd.dev/costd"
)

func TestDayOfTakesTheUTCDay(t *testing.T) {
	tokyo := time.FixedZone("", 9*3600)
	for _, tt := range []struct {
		in   time.Time
		want string
	}{
		{time.Date(2026, 11, 1, 8, 59, 59, 999, tokyo), "2026-10-31"},
		{time.Date(2026, 11, 1, 9, 0, 0, 0, tokyo), "2026-11-01"},
		{time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), "1969-12-31"},
		{time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC), "2024-02-29"},
	} {
		if got := costd.DayOf(tt.in).String(); got != tt.want {
			t.Errorf("DayOf(%v) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestDayTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := costd.Day(rapid.Int32Range(-700_000, 2_900_000).Draw(t, "day")) // years 53 to 9909
		parsed, err := costd.ParseDay(day.String())
		if err != nil || parsed != day {
			t.Fatalf("ParseDay(%s) = %v, %v", day, parsed, err)
		}
		if costd.DayOf(day.Time()) != day || costd.DayOf(day.Time().Add(24*time.Hour-1)) != day {
			t.Fatalf("%s does not contain its own first and last nanosecond", day)
		}
	})
	for _, in := range []string{"", "2026-10", "2026-02-30", "2026-13-01", "26-10-01", "2026-10-01T00:00:00Z"} {
		if day, err := costd.ParseDay(in); err == nil {
			t.Errorf("ParseDay(%q) = %s, want an error", in, day)
		}
	}
}

func TestMonthsTileTheCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		month := costd.NewMonth(rapid.IntRange(1970, 2200).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")))
		period := month.Period()
		if next := (month + 1).Period(); period.To != next.From {
			t.Fatalf("%s ends %s, the next month begins %s", month, period.To, next.From)
		}
		if n := period.Days(); n < 28 || n > 31 {
			t.Fatalf("%s has %d days", month, n)
		}
		if costd.MonthOf(period.From) != month || costd.MonthOf(period.To-1) != month {
			t.Fatalf("%s does not contain its own days", month)
		}
		if parsed, err := costd.ParseMonth(month.String()); err != nil || parsed != month {
			t.Fatalf("ParseMonth(%s) = %s, %v", month, parsed, err)
		}
		var read costd.Month
		text, err := month.MarshalText()
		if err != nil || read.UnmarshalText(text) != nil || read != month {
			t.Fatalf("%s is written as %s and read as %s, %v", month, text, read, err)
		}
	})
	for _, in := range []string{"", "2026", "2026-13", "2026-1", "2026-10-01"} {
		if month, err := costd.ParseMonth(in); err == nil {
			t.Errorf("ParseMonth(%q) = %s, want an error", in, month)
		}
	}
}

func TestPeriodIntersect(t *testing.T) {
	day := func(d int) costd.Day { return costd.NewDay(2026, 10, d) }
	october := costd.Period{From: day(1), To: day(32)}
	if got, want := october.Intersect(costd.Period{From: day(-5), To: day(11)}), (costd.Period{From: day(1), To: day(11)}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := october.Intersect(costd.Period{From: day(40), To: day(50)}); got.Days() != 0 {
		t.Errorf("apart: got %s, want an empty period", got)
	}
	if october.Contains(day(32)) || !october.Contains(day(31)) || !october.Contains(day(1)) || october.Contains(day(0)) {
		t.Error("a period contains its first day and not its end")
	}
}
