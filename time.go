package costd

import (
	"fmt"
	"time"
)

// A Day is a UTC calendar day, counted from 1970-01-01. Prices, commitments and
// reports know no smaller unit of time.
type Day int32

const dayLayout = "2006-01-02"

// DayOf returns the UTC day that t lies in.
func DayOf(t time.Time) Day {
	seconds := t.Unix()
	day := seconds / 86400
	if seconds%86400 < 0 {
		day--
	}
	return Day(day)
}

// NewDay returns the given calendar day.
func NewDay(year int, month time.Month, day int) Day {
	return DayOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// ParseDay reads "2026-10-31".
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(dayLayout, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a day; write it like 2026-10-31", s)
	}
	return DayOf(t), nil
}

// Time returns the instant at which the day begins.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String returns the day as "2026-10-31".
func (d Day) String() string { return d.Time().Format(dayLayout) }

// MarshalText writes String.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDay reads.
func (d *Day) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDay(string(text))
	return err
}

// A Period is a half-open range of UTC days: From counts, To does not.
type Period struct{ From, To Day }

// Days returns the number of days in the period.
func (p Period) Days() int { return int(p.To - p.From) }

// Contains reports whether d lies in the period.
func (p Period) Contains(d Day) bool { return p.From <= d && d < p.To }

// Intersect returns the days that lie in both periods; it may be empty.
func (p Period) Intersect(q Period) Period {
	i := Period{From: max(p.From, q.From), To: min(p.To, q.To)}
	i.To = max(i.To, i.From)
	return i
}

// String returns the period as "[2026-10-01, 2026-11-01)".
func (p Period) String() string { return fmt.Sprintf("[%s, %s)", p.From, p.To) }

// A Month is a UTC calendar month, counted from January of year 0.
type Month int32

// NewMonth returns the given month.
func NewMonth(year int, month time.Month) Month { return Month(year*12 + int(month) - 1) }

// MonthOf returns the month that d lies in.
func MonthOf(d Day) Month {
	year, month, _ := d.Time().Date()
	return NewMonth(year, month)
}

// ParseMonth reads "2026-10".
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a month; write it like 2026-10", s)
	}
	return NewMonth(t.Year(), t.Month()), nil
}

// Period returns the days of the month.
func (m Month) Period() Period { return Period{From: m.first(), To: (m + 1).first()} }

func (m Month) first() Day { return NewDay(int(m)/12, time.Month(int(m)%12+1), 1) }

// String returns the month as "2026-10".
func (m Month) String() string { return m.first().Time().Format("2006-01") }

// MarshalText writes String.
func (m Month) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what ParseMonth reads.
func (m *Month) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMonth(string(text))
	return err
}
