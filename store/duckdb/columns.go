package duckdb

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	usagedb "costd.dev/costd/usage/driver"

	duck "github.com/duckdb/duckdb-go/v2"
)

const (
	sizeDigits = 29 // of the column size: 20 before the point
	sizePlaces = 9  // and 9 after it
)

func encodeSize(size *decimal.Decimal) (driver.Value, error) {
	if size == nil {
		return nil, nil
	}
	integer, fraction := size.Digits()
	if integer > sizeDigits-sizePlaces || fraction > sizePlaces {
		return nil, costd.InvalidField("size", "%s has more than %d digits before or %d after the point",
			size, sizeDigits-sizePlaces, sizePlaces)
	}
	units, _ := size.Scaled(sizePlaces)
	return duck.Decimal{Width: sizeDigits, Scale: sizePlaces, Value: units}, nil
}

func decodeSize(value any) (*decimal.Decimal, error) {
	stored, ok := value.(duck.Decimal)
	if !ok {
		return nil, nil
	}
	size, err := decimal.FromBig(stored.Value, -int32(stored.Scale))
	return &size, err
}

// encodeTags returns the tags in the one form that equal tags have.
func encodeTags(tags map[string]string) (string, error) {
	if len(tags) == 0 {
		return "", nil
	}
	text, err := json.Marshal(tags) // ordered by key
	return string(text), err
}

func decodeTags(text string) (tags map[string]string, err error) {
	if text == "" {
		return nil, nil
	}
	err = json.Unmarshal([]byte(text), &tags)
	return tags, err
}

// An identity is what a record is known by: its id within client and day, or
// without one its resource, metric and start.
type identity struct {
	client           int64
	day              costd.Day
	id               string
	resource, metric string // "" if there is an id
	start            int64  // 0 if there is an id
}

func identify(r *costd.Record) identity {
	k := identity{client: r.ClientID, day: costd.DayOf(r.Start), id: r.ID}
	if r.ID == "" {
		k.resource, k.metric, k.start = r.ResourceID, r.Metric, r.Start.UnixNano()
	}
	return k
}

// check returns an error if the record is one the table cannot keep exactly.
// Package ingest makes no such records; this keeps others from doing harm.
func check(r *costd.Record) error {
	if !r.Deleted && len(r.Parts) == 0 {
		return costd.InvalidField("parts", "a record that is not a deletion needs at least one")
	}
	if !inNanoseconds(r.Start) {
		return costd.InvalidField("start", "%s is outside of the years 1678 to 2261", r.Start)
	}
	if err := checkDays(r); err != nil {
		return err
	}
	for i := range r.Parts {
		p := &r.Parts[i]
		if !inNanoseconds(p.Start) || !inNanoseconds(p.End) {
			return costd.InvalidField("end", "%s is outside of the years 1678 to 2261", p.End)
		}
		if i > 0 && p.Day <= r.Parts[i-1].Day {
			return costd.InvalidField("parts", "days must ascend")
		}
		if u := p.Quantity.Units; u == nil || u.Sign() < 0 || u.Cmp(usagedb.UnitsLimit) >= 0 {
			return costd.InvalidField("quantity", "must have at most %d digits and no sign", decimal.MaxDigits)
		}
		if p.Quantity.Grid > costd.GridFinest {
			return costd.InvalidField("quantity", "there is no grid %d", p.Quantity.Grid)
		}
	}
	return checkTexts(r)
}

// checkDays returns an error if the record is too long, or has a part outside of its own
// days: Revision would miss the month of such a part.
func checkDays(r *costd.Record) error {
	if r.Deleted {
		return nil
	}
	if r.End.Sub(r.Start) > costd.MaxRecordDays*24*time.Hour {
		return costd.InvalidField("end", "is more than %d days after start; split the record", costd.MaxRecordDays)
	}
	first, last := costd.DayOf(r.Start), costd.DayOf(r.End.Add(-1))
	for i := range r.Parts {
		if day := r.Parts[i].Day; day < first || day > last {
			return costd.InvalidField("parts", "%s is not a day of the record, which has %s to %s", day, first, last)
		}
	}
	return nil
}

func inNanoseconds(t time.Time) bool {
	const nano = 1_000_000_000
	return t.Unix() > math.MinInt64/nano && t.Unix() < math.MaxInt64/nano
}

// checkTexts returns an error if a text is not UTF-8, which DuckDB would refuse
// or, within tags, replace.
func checkTexts(r *costd.Record) error {
	valid := true
	for _, s := range [...]string{r.ID, string(r.Type), r.ResourceID, r.Metric, r.Flavor, r.Name} {
		valid = valid && utf8.ValidString(s)
	}
	for _, a := range r.Attributes.Fields() {
		valid = valid && utf8.ValidString(*a.Value)
	}
	for key, value := range r.Tags {
		valid = valid && utf8.ValidString(key) && utf8.ValidString(value)
	}
	if !valid {
		return costd.InvalidField("id", "every text of the record must be UTF-8; resource %s",
			strings.ToValidUTF8(fmt.Sprintf("%.100q", r.ResourceID), "?"))
	}
	return nil
}
