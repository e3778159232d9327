package ingest_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/ingest"
)

const data = `{"client_id":1,"project_id":2,"region_id":3,"type":"instance","resource_id":"r","metric":"m",` +
	`"start":"2026-10-01T00:00:00Z","end":"2026-10-01T01:00:00Z"}`

// eventOf writes an event with the given attributes, further ones and data.
func eventOf(attributes string) string { return "{" + attributes + "}" }

const envelope = `"specversion":"1.0","id":"e-1","source":"/meters/7","type":"dev.costd.usage"`

func TestDecodeEvents(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte(data))
	for name, event := range map[string]string{
		"plain":      eventOf(envelope + `,"data":` + data),
		"data first": eventOf(`"data":` + data + "," + envelope),
		"everything": eventOf(envelope + `,"datacontenttype":"application/json; charset=utf-8","dataschema":"https://x/y","subject":"vm",` +
			`"time":"2026-10-01T01:00:05Z","traceparent":"00-1","sequence":7,"sampled":true,"nothing":null,"data":` + data),
		"vendor's JSON": eventOf(envelope + `,"datacontenttype":"application/vnd.x+json","data":` + data),
		"base64":        eventOf(envelope + `,"data_base64":"` + encoded + `"`),
		"null":          eventOf(envelope + `,"data_base64":null,"datacontenttype":null,"data":` + data),
	} {
		for format, body := range map[ingest.Format]string{ingest.CloudEvent: " " + event + "\n", ingest.CloudEvents: "[" + event + "]"} {
			got := decodeOne(t, body, format)
			if got.Err != nil || got.ID != "/meters/7 e-1" || got.ClientID != 1 || got.Metric != "m" || got.Type != costd.Instance || got.End.IsZero() {
				t.Errorf("%s as %s: %+v", name, format, got)
			}
		}
	}
}

func TestDecodeEventsNamesMistakes(t *testing.T) {
	without := func(name string) string {
		var kept []string
		for _, attribute := range strings.Split(envelope, ",") {
			if !strings.HasPrefix(attribute, `"`+name+`"`) {
				kept = append(kept, attribute)
			}
		}
		return strings.Join(kept, ",") + `,"data":` + data
	}
	with := func(attributes string) string { return envelope + "," + attributes }
	for _, tt := range []struct{ attributes, want string }{
		{without("specversion"), "event.specversion: is required"},
		{without("id"), "event.id: is required"},
		{without("source"), "event.source: is required"},
		{without("type"), "event.type: is required"},
		{envelope, "event.data: is required; it is the usage record"},
		{with(`"data":null`), "event.data: is required; it is the usage record"},
		{without("specversion") + `,"specversion":"0.3"`, "event.specversion: is 0.3; only 1.0 is understood"},
		{without("specversion") + `,"specversion":1.0`, "event.specversion: must be a string; event.specversion: is required"},
		{without("source") + `,"source":"a b"`, "event.source: must be a URI reference; it has no spaces"},
		{without("id") + `,"id":"` + strings.Repeat("x", 250) + `"`, "event.id: has, with source and a space, 260 bytes; at most 256 are kept"},
		{with(`"datacontenttype":"text/csv","data":` + data), "event.datacontenttype: is text/csv; the data must be JSON"},
		{with(`"data":"text"`), "event.data: must be an object; event.data: is required; it is the usage record"},
		{with(`"data":[` + data + `]`), "event.data: must be an object; event.data: is required; it is the usage record"},
		{with(`"data":{"id":"x","client_id":"1"}`), "client_id: must be a number without quotes; " +
			"id: is not for the data of an event, whose source and id name the record; leave it out"},
		{with(`"data":` + data + `,"data":` + data), "event.data: stands here twice; keep one"},
		{with(`"data":` + data + `,"data_base64":"e30="`), "event.data: stands here twice, as data and as data_base64; keep one"},
		{with(`"data_base64":"{}"`), "event.data_base64: is not base64; put the record into data"},
		{with(`"data_base64":"W10="`), "event.data_base64: does not hold a JSON object: at byte 0: expected '{'"},
		{with(`"data_base64":"e317"`), "event.data_base64: does not hold a JSON object: at byte 2: something follows"},
		{with(`"Data":1,"data":` + data), "event.Data: is no name of an attribute; it has only lower-case letters and digits"},
		{with(`"":1,"data":` + data), `event."": is no name of an attribute; it has only lower-case letters and digits`},
		{with(`"extension":{},"data":` + data), "event.extension: must be a string, a number, true or false"},
	} {
		got := decodeOne(t, eventOf(tt.attributes), ingest.CloudEvent)
		if got.Err == nil || got.Err.Error() != tt.want {
			t.Errorf("%s\n got %v\nwant %s", tt.attributes, got.Err, tt.want)
		}
	}
	if got := decodeOne(t, `["event"]`, ingest.CloudEvents); got.Err == nil || !strings.Contains(got.Err.Error(), "must be a JSON object") {
		t.Errorf("no object in a batch: %v", got.Err)
	}
}

func TestDecodeOfBrokenEvents(t *testing.T) {
	for format, bodies := range map[ingest.Format]map[string]string{
		ingest.CloudEvent: {
			"": "must be one JSON object", "[]": "must be one JSON object; send several events as application/cloudevents-batch+json",
			"{": "not a JSON object: at byte 1", "{}{}": "not a JSON object: at byte 2: something follows",
		},
		ingest.CloudEvents: {"{}": "must be a JSON array", "[{}": "not a JSON array"},
		"csv":              {"": "the format \"csv\" is not known"},
	} {
		for body, want := range bodies {
			_, err := ingest.Decode(strings.NewReader(body), format)
			if costd.ErrorCode(err) != costd.Invalid || !strings.Contains(err.Error(), want) {
				t.Errorf("%s %q: %v, want %s", format, body, err, want)
			}
		}
	}
}

// TestEventsAreKnownBySourceAndID sends the same record in all ways that an event
// may come.
func TestEventsAreKnownBySourceAndID(t *testing.T) {
	service := &ingest.Service{Store: openStore(t)}
	attributes := map[string]string{"specversion": "1.0", "id": "e-1", "source": "/meters/7", "type": "x", "datacontenttype": "application/json", "ext": "1"}
	event := eventOf(envelope + `,"data":` + data)
	asRecord := strings.Replace(data, "{", `{"id":"/meters/7 e-1",`, 1)
	for i, send := range []func() (costd.IngestResult, error){
		func() (costd.IngestResult, error) {
			return service.Ingest(t.Context(), strings.NewReader(event), ingest.CloudEvent)
		},
		func() (costd.IngestResult, error) {
			return service.Ingest(t.Context(), strings.NewReader("["+event+"]"), ingest.CloudEvents)
		},
		func() (costd.IngestResult, error) {
			return service.IngestEvent(t.Context(), attributes, strings.NewReader(data))
		},
		func() (costd.IngestResult, error) {
			return service.Ingest(t.Context(), strings.NewReader(asRecord), ingest.NDJSON)
		},
	} {
		got, err := send()
		if err != nil || (i == 0 && got.Accepted != 1) || (i > 0 && got.Unchanged != 1) {
			t.Errorf("way %d: %+v, %v", i, got, err)
		}
	}
	got, err := service.IngestEvent(t.Context(), attributes, strings.NewReader(strings.Replace(data, "{", `{"deleted":true,`, 1)))
	if err != nil || got.Deleted != 1 {
		t.Errorf("deletion: %+v, %v", got, err)
	}
}

func TestIngestEventNamesMistakes(t *testing.T) {
	service := &ingest.Service{Store: openStore(t)}
	attributes := map[string]string{"specversion": "1.0", "source": "s", "type": "x", "no-name": ""}
	got, err := service.IngestEvent(t.Context(), attributes, strings.NewReader(`{"client_id":"1"}`))
	want := "client_id: must be a number without quotes; event.no-name: is no name of an attribute; it has only lower-case letters and digits; event.id: is required"
	if err != nil || len(got.Rejected) != 1 || got.Rejected[0].Error != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := service.IngestEvent(t.Context(), attributes, strings.NewReader("[]")); costd.ErrorCode(err) != costd.Invalid {
		t.Errorf("an array: %v", err)
	}
}

// Different sources and ids never make one record id.
func TestEventNamesAreUnambiguous(t *testing.T) {
	name := rapid.StringMatching(`[ab#:/ ]{1,4}`)
	rapid.Check(t, func(t *rapid.T) {
		ids := map[string]string{}
		for range 2 {
			source, id := name.Draw(t, "source"), name.Draw(t, "id")
			event := eventOf(fmt.Sprintf(`"specversion":"1.0","type":"x","source":%q,"id":%q,"data":%s`, source, id, data))
			items, err := ingest.Decode(strings.NewReader(event), ingest.CloudEvent)
			if err != nil {
				t.Fatal(err)
			}
			if refused := items[0].Err != nil; refused != strings.Contains(source, " ") {
				t.Fatalf("source %q: %v", source, items[0].Err)
			} else if refused {
				continue
			}
			pair := fmt.Sprintf("%q %q", source, id)
			if other, known := ids[items[0].ID]; known && other != pair {
				t.Fatalf("%s and %s are both %q", pair, other, items[0].ID)
			}
			ids[items[0].ID] = pair
		}
	})
}
