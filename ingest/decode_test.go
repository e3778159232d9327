package ingest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/ingest"
)

const full = `{"id":"r1","client_id":1001,"project_id":501,"region_id":76,"type":"volume","resource_id":"v-1","metric":"volume_gbm",` +
	`"start":"2026-10-01T02:00:00.123456789+02:00","end":"2026-10-01T01:00:00Z","quantity":12.50,"size":"100","flavor":"f","name":"data \u00e9\ud83d\ude80\n",` +
	`"attributes":{"volume_type":"ssd","attached_to_vm":"vm-1"},"tags":{"a":"1","b":""},"deleted":false}`

// decodeOne decodes a body of one record.
func decodeOne(t *testing.T, record string, format ingest.Format) ingest.Item {
	t.Helper()
	items, err := ingest.Decode(strings.NewReader(record), format)
	if err != nil || len(items) != 1 {
		t.Fatalf("%d items, error %v", len(items), err)
	}
	return items[0]
}

func TestDecode(t *testing.T) {
	quantity, size := decimal.MustParse("12.5"), decimal.MustParse("100")
	want := costd.Usage{
		ID: "r1", ClientID: 1001, ProjectID: 501, RegionID: 76, Type: costd.Volume, ResourceID: "v-1", Metric: "volume_gbm",
		Start:    time.Date(2026, 10, 1, 0, 0, 0, 123456789, time.UTC),
		End:      time.Date(2026, 10, 1, 1, 0, 0, 0, time.UTC),
		Quantity: &quantity, Size: &size, Flavor: "f", Name: "data é🚀\n",
		Attributes: costd.Attributes{VolumeType: "ssd", AttachedToVM: "vm-1"},
		Tags:       map[string]string{"a": "1", "b": ""},
	}
	for format, body := range map[ingest.Format]string{ingest.NDJSON: "\n" + full + "\r\n\n", ingest.JSON: " [ " + full + " ] "} {
		item := decodeOne(t, body, format)
		if item.Err != nil || !reflect.DeepEqual(item.Usage, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", format, item.Err, item.Usage, want)
		}
	}
}

// Every field of a record is read, and written to the same JSON again.
func TestDecodeKnowsEveryField(t *testing.T) {
	d := decimal.MustParse("1.5")
	u := costd.Usage{Quantity: &d, Size: &d, Count: &d, Deleted: true, Tags: map[string]string{"k": "v"},
		Start: time.Unix(1, 5).UTC(), End: time.Unix(2, 0).UTC(), ClientID: 1, ProjectID: 2, RegionID: 3}
	for _, v := range []reflect.Value{reflect.ValueOf(&u).Elem(), reflect.ValueOf(&u.Attributes).Elem()} {
		for i := range v.NumField() {
			if v.Field(i).Kind() == reflect.String {
				v.Field(i).SetString(v.Type().Field(i).Name)
			}
		}
	}
	written, err := json.Marshal(u)
	if err != nil {
		t.Fatal(err)
	}
	item := decodeOne(t, string(written), ingest.NDJSON)
	if item.Err != nil || !reflect.DeepEqual(item.Usage, u) {
		t.Errorf("%v\n got %+v\nwant %+v", item.Err, item.Usage, u)
	}
}

func TestDecodeNamesMistakes(t *testing.T) {
	for record, want := range map[string]string{
		`{"colour":{"a":[1,{"b":null}]},"id":"x"}`:   `colour: is not known; check its spelling`,
		`{"id":7,"client_id":"1001","deleted":"no"}`: `id: must be a string; client_id: must be a number without quotes; deleted: must be true or false`,
		`{"id":"x","id":"y"}`:                        `id: stands here twice; keep one`,
		`{"attributes":{"color":1,"vm_id":false}}`:   `attributes.color: is not known; check its spelling; attributes.vm_id: must be a string`,
		`{"tags":{"a":"1","a":"2","b":3}}`:           `tags.a: stands here twice; keep one; tags.b: must be a string`,
		`{"tags":["a"]}`:                             `tags: must be an object`,
		`{"client_id":1.5,"region_id":1e3}`:          `client_id: 1.5 is not a whole number of 64 bits; region_id: 1e3 is not a whole number of 64 bits`,
		`{"client_id":99999999999999999999}`:         `client_id: 99999999999999999999 is not a whole number of 64 bits`,
		`{"quantity":"x","size":true,"count":[]}`: `quantity: x is not a number of at most 38 digits; size: true is not a number of at most 38 digits; ` +
			`count: [] is not a number of at most 38 digits`,
		`{"start":"2026-10-01"}`:                      `start: 2026-10-01 is not a time with its offset; write it like 2026-10-01T00:00:00Z`,
		`{"start":"2026-10-01T00:00:00"}`:             `start: 2026-10-01T00:00:00 is not a time with its offset; write it like 2026-10-01T00:00:00Z`,
		`{"start":"2026-10-01T00:00:00,5Z"}`:          `start: 2026-10-01T00:00:00,5Z is not a time with its offset; write it like 2026-10-01T00:00:00Z`,
		`{"start":"2026-02-30T00:00:00Z"}`:            `start: 2026-02-30T00:00:00Z is not a time with its offset; write it like 2026-10-01T00:00:00Z`,
		`{"end":"2026-10-01T00:00:00.0000000001Z"}`:   `end: 2026-10-01T00:00:00.0000000001Z is finer than a nanosecond; drop digits`,
		`{"end":1790812800}`:                          `end: must be a string`,
		`[1]`:                                         `the record must be a JSON object`,
		`{"id":"x"`:                                   `the record is not valid JSON: at byte 9: expected ',' or '}'`,
		`{"id":"x",}`:                                 `the record is not valid JSON: at byte 10: expected the name of a field in double quotes`,
		`{"id":"x"}{}`:                                `the record is not valid JSON: at byte 10: something follows`,
		"{\"id\":\"a\tb\"}":                           `the record is not valid JSON: at byte 8: a control character in a string; write it as an escape`,
		`{"id":"\ud800"}`:                             `the record is not valid JSON: at byte 7: half a surrogate pair`,
		`{"client_id":01}`:                            `the record is not valid JSON: at byte 15: a number without digits, or with a leading zero`,
		`{"client_id":NaN}`:                           `the record is not valid JSON: at byte 13: expected a value`,
		`{"` + strings.Repeat("k", 70) + `":1}`:       `"` + strings.Repeat("k", 64) + `": is not known; check its spelling`,
		`{"x":` + strings.Repeat("[", 40):             `the record is not valid JSON: at byte 38: nested deeper than 32`,
		`{"id":"` + strings.Repeat("x", 1<<20) + `"}`: `the record is longer than 1048576 bytes; shorten it`,
	} {
		item := decodeOne(t, record, ingest.NDJSON)
		e, ok := errors.AsType[*costd.Error](item.Err)
		if !ok || e.Code != costd.Invalid || e.Message != want {
			t.Errorf("%.80s:\n got %v\nwant %s", record, item.Err, want)
		}
	}
}

func TestDecodeNullIsLeftOut(t *testing.T) {
	item := decodeOne(t, `{"id":null,"client_id":null,"start":null,"quantity":null,"attributes":{"vm_id":null},"tags":null,"deleted":null}`, ingest.NDJSON)
	if item.Err != nil || !reflect.DeepEqual(item.Usage, costd.Usage{}) {
		t.Errorf("%v, %+v", item.Err, item.Usage)
	}
}

// In NDJSON a broken line is one rejection; a broken array is no records at all.
func TestDecodeOfBrokenBodies(t *testing.T) {
	items, err := ingest.Decode(strings.NewReader(full+"\n{\n"+full), ingest.NDJSON)
	if err != nil || len(items) != 3 || items[0].Err != nil || items[1].Err == nil || items[2].Err != nil {
		t.Errorf("NDJSON: %v, %+v", err, items)
	}
	for _, body := range []string{"", "{}", full, "[", "[" + full, "[" + full + ",]", "[" + full + "]]", "[" + full + " " + full + "]", "[nul]", "[{]"} {
		if items, err := ingest.Decode(strings.NewReader(body), ingest.JSON); costd.ErrorCode(err) != costd.Invalid || items != nil {
			t.Errorf("array %.20q...: %v, %d items", body, err, len(items))
		}
	}
	for _, format := range []ingest.Format{ingest.JSON, ingest.NDJSON} {
		body := brokenReader{strings.NewReader(full)}
		if items, err := ingest.Decode(body, format); costd.ErrorCode(err) != costd.Invalid || items != nil {
			t.Errorf("%s that breaks off: %v, %d items", format, err, len(items))
		}
	}
}

type brokenReader struct{ r *strings.Reader }

func (b brokenReader) Read(p []byte) (int, error) {
	if b.r.Len() == 0 {
		return 0, errors.New("connection reset")
	}
	return b.r.Read(p)
}

func TestDecodeLimits(t *testing.T) {
	for format, unit := range map[ingest.Format]string{ingest.NDJSON: "{}\n", ingest.JSON: "{},"} {
		for _, n := range []int{costd.MaxBatch, costd.MaxBatch + 1} {
			body := strings.Repeat(unit, n)
			if format == ingest.JSON {
				body = "[" + strings.TrimSuffix(body, ",") + "]"
			}
			items, err := ingest.Decode(strings.NewReader(body), format)
			if n <= costd.MaxBatch && (err != nil || len(items) != n) {
				t.Errorf("%s of %d: %v", format, n, err)
			} else if n > costd.MaxBatch && costd.ErrorCode(err) != costd.TooLarge {
				t.Errorf("%s of %d: %v, want too_large", format, n, err)
			}
		}
		spaces := bytes.NewReader(bytes.Repeat([]byte(" "), ingest.MaxBody+1))
		if _, err := ingest.Decode(spaces, format); costd.ErrorCode(err) != costd.TooLarge {
			t.Errorf("%s of %d bytes: %v, want too_large", format, ingest.MaxBody+1, err)
		}
	}
}

// FuzzDecode holds the decoder against encoding/json: both agree on what JSON is,
// and what is accepted is written and read to the same again.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{full, "{}", `{"id":"\u0041\"\\\/"}`, `{"tags":{"a":"b"}}`, `[1,-0.5e+3]`, `{"a":{"b":[true,false,null]}}`, `{"id":"\ud83d\ude80"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\n") || strings.Trim(line, " \t\r") == "" || strings.HasPrefix(line, "\uFEFF") {
			t.Skip("not one line")
		}
		item := decodeOne(t, line, ingest.NDJSON)
		if item.Err == nil {
			checkAccepted(t, line, item.Usage)
			checkEvent(t, line, item.Usage)
		}
		items, err := ingest.Decode(strings.NewReader("["+line+"]"), ingest.JSON)
		switch strict := json.Valid([]byte("[" + line + "]")); {
		case err == nil && !strict:
			t.Errorf("%q: taken for JSON", line)
		case err != nil && strict && !strings.Contains(err.Error(), "nested deeper") && !strings.Contains(err.Error(), "surrogate"):
			t.Errorf("%q: not taken for JSON: %v", line, err)
		case err == nil && len(items) == 1 && fmt.Sprint(items[0].Err) != fmt.Sprint(item.Err):
			t.Errorf("%q: as NDJSON %v, as JSON %v", line, item.Err, items[0].Err)
		}
	})
}

func checkAccepted(t *testing.T, line string, u costd.Usage) {
	if !json.Valid([]byte(line)) {
		t.Fatalf("%q: accepted", line)
	}
	record, err := ingest.NewRecord(u)
	if err != nil {
		return
	}
	written, err := json.Marshal(record.Usage)
	if err != nil {
		t.Fatal(err)
	}
	again := decodeOne(t, string(written), ingest.NDJSON)
	rewritten, err := json.Marshal(again.Usage)
	if again.Err != nil || err != nil || !bytes.Equal(written, rewritten) {
		t.Fatalf("%q:\nwritten   %s\nrewritten %s (%v, %v)", line, written, rewritten, again.Err, err)
	}
}

// checkEvent wants the line to say the same as the data of an event, its id aside.
func checkEvent(t *testing.T, line string, u costd.Usage) {
	event := decodeOne(t, `{"specversion":"1.0","id":"e","source":"s","type":"x","data":`+line+"}", ingest.CloudEvent)
	if named := u.ID != ""; (event.Err != nil) != named {
		t.Fatalf("%q: as an event %v", line, event.Err)
	}
	if u.ID = "s e"; !reflect.DeepEqual(event.Usage, u) {
		t.Fatalf("%q:\nas a record %+v\nas an event %+v", line, u, event.Usage)
	}
}
