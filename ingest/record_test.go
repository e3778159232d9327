package ingest_test

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/ingest"
)

func number(s string) *decimal.Decimal {
	d := decimal.MustParse(s)
	return &d
}

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

// usage returns a valid record of the type from start to end.
func usage(t costd.Type, start, end string) costd.Usage {
	return costd.Usage{ClientID: 1001, ProjectID: 501, RegionID: 76, Type: t, ResourceID: "r-1", Metric: "m",
		Start: instant(start), End: instant(end)}
}

// shown writes parts as "day quantity", separated by commas.
func shown(parts []costd.Part) string {
	var s []string
	for _, p := range parts {
		s = append(s, fmt.Sprintf("%s %v", p.Day, p.Quantity.Rational()))
	}
	return strings.Join(s, ", ")
}

func TestNewRecordQuantities(t *testing.T) {
	with := func(u costd.Usage, change func(*costd.Usage)) costd.Usage { change(&u); return u }
	hour := func(kind costd.Type) costd.Usage { return usage(kind, "2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z") }
	night := func(kind costd.Type) costd.Usage { return usage(kind, "2026-10-01T23:00:00Z", "2026-10-02T02:00:00Z") }
	// Of two minutes and a billionth, each nanosecond is half of the finest unit.
	tie := func(start, end string) costd.Usage {
		u := usage(costd.Functions, "2026-10-01T"+start+"Z", "2026-10-02T"+end+"Z")
		u.Quantity = number("0.000000001")
		return u
	}
	for _, tt := range []struct {
		name  string
		usage costd.Usage
		want  string
	}{
		{"elapsed", hour(costd.Instance), "2026-10-01 60"},
		{"ten seconds", usage(costd.Instance, "2026-10-01T00:00:00Z", "2026-10-01T00:00:10Z"), "2026-10-01 1/6"},
		{"a nanosecond", usage(costd.Instance, "2026-10-01T00:00:00Z", "2026-10-01T00:00:00.000000001Z"), "2026-10-01 1/60000000000"},
		{"over midnight", night(costd.Instance), "2026-10-01 60, 2026-10-02 120"},
		{"to midnight", usage(costd.Instance, "2026-10-01T23:00:00Z", "2026-10-02T00:00:00Z"), "2026-10-01 60"},
		{"other offset", usage(costd.Instance, "2026-10-01T23:00:00+02:00", "2026-10-02T02:30:00+02:00"), "2026-10-01 180, 2026-10-02 30"},
		{"size", with(hour(costd.Volume), func(u *costd.Usage) { u.Size = number("100") }), "2026-10-01 6000"},
		{"odd size", with(hour(costd.Volume), func(u *costd.Usage) { u.Size = number("0.123456789") }), "2026-10-01 370370367/50000000"},
		{"gpus", with(hour(costd.AIVirtualCluster), func(u *costd.Usage) { u.Count = number("8") }), "2026-10-01 480"},
		{"part of a gpu", with(hour(costd.AIVirtualCluster), func(u *costd.Usage) { u.Count = number("0.25") }), "2026-10-01 15"},
		{"size and count", with(night(costd.Volume), func(u *costd.Usage) { u.Size, u.Count = number("1.5"), number("0.000000001") }),
			"2026-10-01 9/100000000, 2026-10-02 9/50000000"},
		{"image shown in bytes", with(hour(costd.Image), func(u *costd.Usage) {
			u.Size, u.Quantity, u.Attributes.SizeUnit = number("10737418240"), number("600"), "bytes"
		}), "2026-10-01 600"},
		{"image in GiB", with(hour(costd.Image), func(u *costd.Usage) { u.Size = number("10") }), "2026-10-01 600"},
		{"stated", with(hour(costd.Functions), func(u *costd.Usage) { u.Quantity = number("12345678901234567890.123456789") }),
			"2026-10-01 12345678901234567890123456789/1000000000"},
		{"stated over time", with(hour(costd.Instance), func(u *costd.Usage) { u.Quantity = number("7") }), "2026-10-01 7"},
		{"stated over midnight", with(night(costd.Functions), func(u *costd.Usage) { u.Quantity = number("9") }), "2026-10-01 3, 2026-10-02 6"},
		{"thirds", with(night(costd.Functions), func(u *costd.Usage) { u.Quantity = number("0.000000001") }),
			"2026-10-01 1/3000000000, 2026-10-02 1/1500000000"},
		{"a tie at one half", tie("23:59:59.999999999", "00:01:59.999999999"), "2026-10-01 0, 2026-10-02 1/1000000000"},
		{"a tie at three halves", tie("23:59:59.999999997", "00:01:59.999999997"),
			"2026-10-01 1/30000000000000000000, 2026-10-02 29999999999/30000000000000000000"},
		{"a tie at five halves", tie("23:59:59.999999995", "00:01:59.999999995"),
			"2026-10-01 1/30000000000000000000, 2026-10-02 29999999999/30000000000000000000"},
		{"nothing", with(hour(costd.Functions), func(u *costd.Usage) { u.Quantity = number("0") }), "2026-10-01 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			record, err := ingest.NewRecord(tt.usage)
			if err != nil {
				t.Fatal(err)
			}
			if got := shown(record.Parts); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestNewRecordSplitsAMonth(t *testing.T) {
	record, err := ingest.NewRecord(usage(costd.Instance, "2026-10-01T12:00:00Z", "2026-11-01T12:00:00Z"))
	if err != nil || len(record.Parts) != 32 {
		t.Fatalf("%d parts, %v; want 32", len(record.Parts), err)
	}
	last := record.Parts[31]
	if last.Day != costd.NewDay(2026, 11, 1) || last.Start != instant("2026-11-01T00:00:00Z") || last.End != instant("2026-11-01T12:00:00Z") {
		t.Errorf("the last part is %+v", last)
	}
}

func TestNewRecordNamesMistakes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*costd.Usage)
		want   string
	}{
		{"no client", func(u *costd.Usage) { u.ClientID = 0 }, "client_id: is required"},
		{"bad ids", func(u *costd.Usage) { u.ProjectID, u.RegionID = -1, 0 }, "project_id: must be above 0; region_id: is required"},
		{"no resource", func(u *costd.Usage) { u.ResourceID, u.Metric = "", "" }, "resource_id: is required; metric: is required"},
		{"no type", func(u *costd.Usage) { u.Type = "" }, "type: is required"},
		{"unknown type", func(u *costd.Usage) { u.Type = "vm" }, "type: vm is not one of the 25 types"},
		{"no times", func(u *costd.Usage) { u.Start, u.End = time.Time{}, time.Time{} },
			"start: is required, like 2026-10-01T00:00:00Z; end: is required, like 2026-10-01T00:00:00Z"},
		{"no time between", func(u *costd.Usage) { u.End = u.Start }, "end: must be after start"},
		{"backwards", func(u *costd.Usage) { u.End = u.Start.Add(-1) }, "end: must be after start"},
		{"long", func(u *costd.Usage) { u.End = u.Start.Add(31*24*time.Hour + 1) }, "end: is more than 31 days after start; split the record"},
		{"early", func(u *costd.Usage) { u.Start = instant("1969-12-31T23:59:59Z"); u.End = u.Start.Add(time.Hour) },
			"start: must lie in the years 1970 to 2261"},
		{"late", func(u *costd.Usage) { u.Start = instant("2261-12-31T23:59:59Z"); u.End = u.Start.Add(time.Hour) },
			"end: must lie in the years 1970 to 2261"},
		{"no quantity", func(u *costd.Usage) { u.Type = costd.FunctionsCalls }, "quantity: is required for functions_calls, in MLS"},
		{"no size", func(u *costd.Usage) { u.Type = costd.Volume }, "size: is required for volume without a quantity, in GiB"},
		{"count and quantity", func(u *costd.Usage) { u.Quantity, u.Count = number("1"), number("1") },
			"count: multiplies a quantity that follows from time; with a quantity leave it out"},
		{"negative", func(u *costd.Usage) { u.Quantity = number("-1") }, "quantity: must not be negative"},
		{"digits", func(u *costd.Usage) { u.Size, u.Count = number("123456789012345678901"), number("0.0000000001") },
			"size: has too many digits; at most 20 before the point and 9 after it are kept; count: has too many digits; at most 20 before the point and 9 after it are kept"},
		{"more than 38 digits", func(u *costd.Usage) {
			u.Type, u.Size, u.Count = costd.Volume, number("99999999999999999999"), number("99999999999999999999")
		}, "quantity: cannot be kept exactly in 38 digits; give size and count fewer digits, or state the quantity"},
		{"bytes for GiB", func(u *costd.Usage) {
			u.Type, u.Size, u.Attributes.SizeUnit = costd.Image, number("10"), "bytes"
		}, "size: is in GiB where the quantity follows from it, and size_unit says bytes; state the quantity, in gbminutes, beside a size in bytes, or give the size in GiB and leave size_unit out"},
		{"bytes in capitals", func(u *costd.Usage) {
			u.Type, u.Size, u.Attributes.SizeUnit = costd.Volume, number("10"), "Bytes"
		}, "size: is in GiB where the quantity follows from it, and size_unit says bytes; state the quantity, in gbminutes, beside a size in bytes, or give the size in GiB and leave size_unit out"},
		{"unknown sender of traffic", func(u *costd.Usage) {
			u.Type, u.Quantity, u.Attributes.InstanceType = costd.EgressTraffic, number("1"), "bare_metal"
		}, "attributes.instance_type: is bare_metal; for egress_traffic it must be baremetal, router or vm"},
		{"control character", func(u *costd.Usage) { u.Name = "a\x00" }, "name: has the control character U+0000; remove it"},
		{"not UTF-8", func(u *costd.Usage) { u.Attributes.VMID = "\xff" }, "attributes.vm_id: is not valid UTF-8; encode it as UTF-8"},
		{"long text", func(u *costd.Usage) { u.Flavor = strings.Repeat("x", 257) }, "flavor: has 257 bytes; at most 256 are kept"},
		{"long id", func(u *costd.Usage) { u.ID = strings.Repeat("x", 257) }, "id: has 257 bytes; at most 256 are kept"},
		{"empty tag", func(u *costd.Usage) { u.Tags = map[string]string{"": "x"} }, "tags: has an empty key; name it"},
		{"tag key", func(u *costd.Usage) { u.Tags = map[string]string{"a\n": "x"} }, `tags: the key "a\n" has the control character U+000A; remove it`},
		{"tag value", func(u *costd.Usage) { u.Tags = map[string]string{"a": "\x7f"} }, `tags.a: has the control character U+007F; remove it`},
		{"many tags", func(u *costd.Usage) {
			u.Tags = map[string]string{}
			for i := range 65 {
				u.Tags[fmt.Sprint(i)] = ""
			}
		}, "tags: has 65 tags; at most 64 are kept"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := usage(costd.Instance, "2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z")
			tt.change(&u)
			_, err := ingest.NewRecord(u)
			if e, ok := errors.AsType[*costd.Error](err); !ok || e.Code != costd.Invalid || e.Message != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestNewRecordTakesSendersOfTraffic(t *testing.T) {
	for _, sender := range []string{"baremetal", "router", "vm", ""} {
		u := usage(costd.EgressTraffic, "2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z")
		u.Quantity, u.Attributes.InstanceType = number("1"), sender
		if _, err := ingest.NewRecord(u); err != nil {
			t.Errorf("%q: %v", sender, err)
		}
	}
	u := usage(costd.Instance, "2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z")
	u.Attributes.InstanceType = "anything"
	if _, err := ingest.NewRecord(u); err != nil {
		t.Errorf("of another type: %v", err)
	}
}

func TestNewRecordOfDeletions(t *testing.T) {
	start := instant("2026-10-01T00:00:00Z")
	for _, want := range []costd.Usage{
		{ID: "r1", ClientID: 1, Start: start, Deleted: true},
		{ResourceID: "v", Metric: "m", ClientID: 1, Start: start, Deleted: true},
	} {
		u := want
		u.Type, u.Quantity, u.Name = "whatever", number("-1"), "\x00" // nobody reads them
		record, err := ingest.NewRecord(u)
		if err != nil || !reflect.DeepEqual(record, costd.Record{Usage: want}) {
			t.Errorf("%+v: %v, %+v", want, err, record)
		}
	}
	for _, incomplete := range []costd.Usage{{ID: "r1", Start: start}, {ID: "r1", ClientID: 1}, {ResourceID: "v", ClientID: 1, Start: start}} {
		incomplete.Deleted = true
		if record, err := ingest.NewRecord(incomplete); costd.ErrorCode(err) != costd.Invalid {
			t.Errorf("%+v: %v, %+v", incomplete, err, record)
		}
	}
}

// drawUsage draws a valid record of any form.
func drawUsage(t *rapid.T) costd.Usage {
	amount := rapid.StringMatching(`[0-9]{1,5}(\.[0-9]{1,9})?`)
	const day = 24 * time.Hour
	start := costd.Day(rapid.Int32Range(0, 90_000).Draw(t, "day")).Time().Add(time.Duration(rapid.Int64Range(0, int64(day)-1).Draw(t, "start")))
	elapsed := time.Duration(rapid.IntRange(0, 30).Draw(t, "days"))*day + time.Duration(rapid.Int64Range(1, int64(day)).Draw(t, "elapsed"))
	info := rapid.SampledFrom(costd.Types).Draw(t, "type")
	u := costd.Usage{ClientID: 1, ProjectID: 2, RegionID: 3, Type: info.Type, ResourceID: "r", Metric: "m", Start: start, End: start.Add(elapsed)}
	if info.Measure == costd.Stated || rapid.Bool().Draw(t, "state") {
		u.Quantity = number(amount.Draw(t, "quantity"))
		return u
	}
	// With many decimals in both size and count, 38 digits would not do.
	count := rapid.StringMatching(`[0-9]{1,5}`)
	if rapid.Bool().Draw(t, "few decimals") {
		amount, count = rapid.StringMatching(`[0-9]{1,4}\.[0-9]{1,4}`), rapid.StringMatching(`[0-9]{1,3}\.[0-9]{1,2}`)
	}
	if info.Measure == costd.SizeElapsed {
		u.Size = number(amount.Draw(t, "size"))
	}
	if rapid.Bool().Draw(t, "several") {
		u.Count = number(count.Draw(t, "count"))
	}
	return u
}

// whole returns the quantity that u means.
func whole(u costd.Usage) decimal.Rational {
	if u.Quantity != nil {
		return u.Quantity.Rational()
	}
	q := decimal.Fraction(int64(u.End.Sub(u.Start)), int64(time.Minute))
	for _, factor := range []*decimal.Decimal{u.Size, u.Count} {
		if factor != nil {
			q = q.Mul(factor.Rational())
		}
	}
	return q
}

func sum(parts []costd.Part) decimal.Rational {
	var total decimal.Rational
	for _, p := range parts {
		total = total.Add(p.Quantity.Rational())
	}
	return total
}

// The parts of a record cover its time without a gap, each within its day, and add
// up exactly to the whole; each is within a unit of GridAtto of its share.
func TestPartsMakeTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := drawUsage(t)
		record, err := ingest.NewRecord(u)
		if err != nil {
			t.Fatal(err)
		}
		at := u.Start
		for i, p := range record.Parts {
			if p.Start != at || !p.End.After(p.Start) || costd.DayOf(p.Start) != p.Day || p.End.After((p.Day + 1).Time()) {
				t.Fatalf("part %d is %+v, after %v", i, p, at)
			}
			if p.Quantity.Units.Sign() < 0 || len(p.Quantity.Units.String()) > decimal.MaxDigits {
				t.Fatalf("part %d has %v units", i, p.Quantity.Units)
			}
			share := whole(u).Mul(decimal.Fraction(int64(p.End.Sub(p.Start)), int64(u.End.Sub(u.Start))))
			checkShare(t, u, p, share)
			at = p.End
		}
		if at != u.End || !sum(record.Parts).Equal(whole(u)) {
			t.Fatalf("parts end at %v with %v; the record ends at %v with %v", at, sum(record.Parts), u.End, whole(u))
		}
	})
}

// A stated quantity that is too large for GridAtto is divided on GridNano: the parts still
// add up exactly to the whole, and each is right to the tenth decimal.
func TestHugeQuantityIsDividedExactly(t *testing.T) {
	for _, text := range []string{"1666666666666666666", "1666666666666666667", "12345678901234567890.000000001"} {
		quantity := decimal.MustParse(text)
		u := costd.Usage{
			ID: "huge", ClientID: 1001, ProjectID: 501, RegionID: 76, Type: costd.EgressTraffic, ResourceID: "ip-1", Metric: "egress",
			Start: time.Date(2026, 10, 1, 16, 0, 0, 0, time.UTC), End: time.Date(2026, 10, 2, 16, 0, 0, 0, time.UTC), Quantity: &quantity,
		}
		record, err := ingest.NewRecord(u)
		if err != nil {
			t.Fatal(err)
		}
		if got := sum(record.Parts); len(record.Parts) != 2 || !got.Equal(quantity.Rational()) {
			t.Errorf("%d parts of %s add up to %v", len(record.Parts), text, got)
		}
		share := quantity.Rational().Mul(decimal.Fraction(1, 3))
		off := record.Parts[0].Quantity.Rational().Sub(share)
		limit := decimal.Fraction(1, 10_000_000_000)
		if off.Cmp(limit) > 0 || share.Sub(record.Parts[0].Quantity.Rational()).Cmp(limit) > 0 {
			t.Errorf("the first part of %s is %v off its share", text, off)
		}
	}
}

func checkShare(t *rapid.T, u costd.Usage, p costd.Part, share decimal.Rational) {
	got := p.Quantity.Rational()
	if exact, err := costd.NewQuantity(share); u.Quantity == nil || err == nil && exact.Grid <= costd.GridAtto {
		if !got.Equal(share) {
			t.Fatalf("part of %v is %v, its share %v is exact", p.Day, got, share)
		}
		return
	}
	unit, err := decimal.NewRational(big.NewInt(1), costd.GridAtto.Denominator())
	if err != nil {
		t.Fatal(err)
	}
	off := got.Sub(share)
	if off.Sign() < 0 {
		off = share.Sub(got)
	}
	if off.Cmp(unit) > 0 {
		t.Fatalf("part of %v is %v, its share %v", p.Day, got, share)
	}
}

// A quantity stands on the coarsest grid that holds it, as costd.NewQuantity says.
func TestQuantitiesAreCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record, err := ingest.NewRecord(drawUsage(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range record.Parts {
			want, err := costd.NewQuantity(p.Quantity.Rational())
			if err != nil || want.Grid != p.Quantity.Grid || want.Units.Cmp(p.Quantity.Units) != 0 {
				t.Fatalf("%+v, want %+v, %v", p.Quantity, want, err)
			}
		}
	})
}

// Sending a record in two pieces, cut anywhere, changes no day's sum.
func TestSplittingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := drawUsage(t)
		if u.Quantity != nil || u.End.Sub(u.Start) < 2 {
			t.Skip("not derived from time, or too short to cut")
		}
		first, second := u, u
		cut := u.Start.Add(time.Duration(rapid.Int64Range(1, int64(u.End.Sub(u.Start))-1).Draw(t, "cut")))
		first.End, second.Start = cut, cut
		if got, want := daily(t, first, second), daily(t, u); !reflect.DeepEqual(got, want) {
			t.Fatalf("cut at %v: %v, whole: %v", cut, got, want)
		}
	})
}

// daily adds up the quantities of each day.
func daily(t *rapid.T, usages ...costd.Usage) map[costd.Day]string {
	sums := map[costd.Day]decimal.Rational{}
	for _, u := range usages {
		record, err := ingest.NewRecord(u)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range record.Parts {
			sums[p.Day] = sums[p.Day].Add(p.Quantity.Rational())
		}
	}
	texts := map[costd.Day]string{}
	for day, q := range sums {
		texts[day] = q.String()
	}
	return texts
}

// What is exactly at a limit is taken.
func TestNewRecordTakesWhatLimitsAllow(t *testing.T) {
	u := usage(costd.Instance, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z") // 31 days
	u.ID, u.Flavor = strings.Repeat("x", 256), strings.Repeat("x", 256)
	u.Tags = map[string]string{}
	for i := range 64 {
		u.Tags[fmt.Sprint(i)] = ""
	}
	if _, err := ingest.NewRecord(u); err != nil {
		t.Error(err)
	}
}
