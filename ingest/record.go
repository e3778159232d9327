package ingest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/internal/text"
)

// NewRecord judges u and splits it by UTC day. Its Invalid error names every field
// that is wrong, and what to do about it. A deletion needs only what the record is
// known by, and keeps only that.
func NewRecord(u costd.Usage) (costd.Record, error) {
	r := costd.Record{Usage: u}
	if err := judge(&r); err != nil {
		return costd.Record{}, err
	}
	return r, nil
}

// judge is NewRecord for a record that holds its Usage already. After an error the
// record is of no use.
func judge(r *costd.Record) (err error) {
	var m mistakes
	u := &r.Usage
	u.Start, u.End = u.Start.Round(0).UTC(), u.End.Round(0).UTC()
	m.checkIdentity(u)
	if u.Deleted {
		*u = identity(u)
		return m.err()
	}
	m.checkUsage(u)
	if err := m.err(); err != nil {
		return err
	}
	r.Parts, err = split(u)
	return err
}

// identity returns what a record is known by, as a deletion.
func identity(u *costd.Usage) costd.Usage {
	if u.ID != "" {
		return costd.Usage{ID: u.ID, ClientID: u.ClientID, Start: u.Start, Deleted: true}
	}
	return costd.Usage{ClientID: u.ClientID, ResourceID: u.ResourceID, Metric: u.Metric, Start: u.Start, Deleted: true}
}

// mistakes collects what is wrong with one record.
type mistakes []costd.FieldError

func (m *mistakes) add(field, format string, args ...any) {
	*m = append(*m, costd.FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
}

func (m *mistakes) err() error {
	if len(*m) == 0 {
		return nil
	}
	return costd.InvalidFields(*m...)
}

func (m *mistakes) checkIdentity(u *costd.Usage) {
	m.id("client_id", u.ClientID)
	m.text("id", u.ID, maxID)
	if u.ID == "" || !u.Deleted {
		m.required("resource_id", u.ResourceID, maxID)
		m.required("metric", u.Metric, maxMetric)
	}
	m.time("start", u.Start)
}

func (m *mistakes) checkUsage(u *costd.Usage) {
	m.id("project_id", u.ProjectID)
	m.id("region_id", u.RegionID)
	m.time("end", u.End)
	switch span := u.End.Sub(u.Start); { // saturates where it would overflow
	case u.Start.IsZero() || u.End.IsZero(): // said already
	case span <= 0:
		m.add("end", "must be after start")
	case span > maxSpan:
		m.add("end", "is more than %d days after start; split the record", costd.MaxRecordDays)
	}
	m.checkAmounts(u)
	m.text("flavor", u.Flavor, maxText)
	m.text("name", u.Name, maxName)
	m.checkAttributes(&u.Attributes)
	m.checkSender(u)
	m.checkTags(u.Tags)
}

func (m *mistakes) checkAmounts(u *costd.Usage) {
	m.amount("quantity", u.Quantity)
	m.amount("size", u.Size)
	m.amount("count", u.Count)
	info, known := u.Type.Info()
	switch {
	case u.Type == "":
		m.add("type", "is required")
	case !known:
		m.add("type", "%s is not one of the 25 types", clip(string(u.Type)))
	case u.Quantity != nil && u.Count != nil:
		m.add("count", "multiplies a quantity that follows from time; with a quantity leave it out")
	case u.Quantity != nil:
	case info.Measure == costd.Stated:
		m.add("quantity", "is required for %s, in %s", u.Type, info.Unit)
	case info.Measure == costd.SizeElapsed && u.Size == nil:
		m.add("size", "is required for %s without a quantity, in GiB", u.Type)
	case info.Measure == costd.SizeElapsed && strings.EqualFold(u.Attributes.SizeUnit, "bytes"):
		m.add("size", "is in GiB where the quantity follows from it, and size_unit says bytes; state the quantity, in %s, beside a size in bytes, or give the size in GiB and leave size_unit out", info.Unit)
	}
}

func (m *mistakes) checkAttributes(a *costd.Attributes) {
	if *a == (costd.Attributes{}) {
		return
	}
	for _, f := range attributeFields {
		if s := *f.at(a); s != "" {
			m.text("attributes."+f.name, s, maxText)
		}
	}
}

// senders are what can send egress_traffic. The official SDK, asked to be strict, gives
// up the whole report for one row with another.
var senders = []string{"baremetal", "router", "vm"}

func (m *mistakes) checkSender(u *costd.Usage) {
	sender := u.Attributes.InstanceType
	if u.Type == costd.EgressTraffic && sender != "" && !slices.Contains(senders, sender) {
		m.add("attributes.instance_type", "is %s; for egress_traffic it must be baremetal, router or vm", clip(sender))
	}
}

func (m *mistakes) checkTags(tags map[string]string) {
	if len(tags) > maxTags {
		m.add("tags", "has %d tags; at most %d are kept", len(tags), maxTags)
		return
	}
	for key, value := range tags {
		if key == "" {
			m.add("tags", "has an empty key; name it")
		} else if err := text.Check(key, maxTagKey); err != nil {
			m.add("tags", "the key %s %v", clip(key), err)
		} else if err := text.Check(value, maxTagValue); err != nil {
			m.add("tags."+clip(key), "%v", err)
		}
	}
}

func (m *mistakes) id(field string, id int64) {
	if id == 0 {
		m.add(field, "is required")
	} else if id < 0 {
		m.add(field, "must be above 0")
	}
}

func (m *mistakes) required(field, s string, limit int) {
	if s == "" {
		m.add(field, "is required")
		return
	}
	m.text(field, s, limit)
}

func (m *mistakes) text(field, s string, limit int) {
	if err := text.Check(s, limit); err != nil {
		m.add(field, "%v", err)
	}
}

func (m *mistakes) time(field string, t time.Time) {
	if t.IsZero() {
		m.add(field, "is required, like 2026-10-01T00:00:00Z")
	} else if t.Before(earliest) || t.After(latest) {
		m.add(field, "must lie in the years 1970 to 2261")
	}
}

func (m *mistakes) amount(field string, d *decimal.Decimal) {
	if d == nil {
		return
	}
	if d.Sign() < 0 {
		m.add(field, "must not be negative")
	}
	if integer, fraction := d.Digits(); integer > maxIntDigits || fraction > maxDecimals {
		m.add(field, "has too many digits; at most %d before the point and %d after it are kept", maxIntDigits, maxDecimals)
	}
}

// clip returns a text from outside as it can stand in a message: quoted, if it is
// anything but short and clean.
func clip(s string) string {
	if s != "" && text.Check(s, maxUnknown) == nil {
		return s
	}
	return fmt.Sprintf("%.*q", maxUnknown, s)
}
