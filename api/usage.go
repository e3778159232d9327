package api

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/ingest"
)

// The media types of CloudEvents in structured mode.
const (
	eventType  = "application/cloudevents+json"
	eventsType = "application/cloudevents-batch+json"
)

// usageFormats says how bodies of usage are read, by their media types.
var usageFormats = map[string]ingest.Format{
	ndjsonType:           ingest.NDJSON,
	"application/ndjson": ingest.NDJSON,
	jsonType:             ingest.JSON,
	eventType:            ingest.CloudEvent,
	eventsType:           ingest.CloudEvents,
}

// postUsage stores usage records. Its answer means that what it does not reject is
// durable.
func (h *Handler) postUsage(w http.ResponseWriter, r *http.Request) error {
	given, err := mediaType(r, ndjsonType, jsonType, "application/ndjson", eventType, eventsType)
	if err != nil {
		return err
	}
	body, err := decompressed(w, r, ingest.MaxBody)
	if err != nil {
		return err
	}
	defer body.Close()
	result, err := h.ingest(r, body, given)
	if err != nil {
		if costd.ErrorCode(err) == costd.Unavailable {
			w.Header().Set("Retry-After", secondsOf(h.Usage.Wait()))
		}
		return err
	}
	writeJSON(w, http.StatusOK, result)
	return nil
}

// secondsOf writes a time for Retry-After: whole seconds, from one to a minute, for the
// pace of one write does not foretell more.
func secondsOf(wait time.Duration) string {
	seconds := (wait + time.Second - 1) / time.Second
	return strconv.Itoa(int(min(max(seconds, 1), 60)))
}

func (h *Handler) ingest(r *http.Request, body io.Reader, given string) (costd.IngestResult, error) {
	attributes, err := eventAttributes(r)
	switch {
	case err != nil:
		return costd.IngestResult{}, err
	case attributes == nil || given == eventType || given == eventsType: // a structured event has its envelope in the body
		return h.Usage.Ingest(r.Context(), body, usageFormats[given])
	case given == jsonType || r.Header.Get("Content-Type") == "":
		return h.Usage.IngestEvent(r.Context(), attributes, body)
	}
	return costd.IngestResult{}, refusal(http.StatusUnsupportedMediaType, "unsupported_media_type",
		"a CloudEvent in binary mode, which the ce-specversion header announces, holds one record as %s", jsonType)
}

// eventAttributes returns the attributes of a CloudEvent in binary mode, in which
// they are headers, and nil for any other request.
func eventAttributes(r *http.Request) (map[string]string, error) {
	if r.Header.Get("Ce-Specversion") == "" {
		return nil, nil
	}
	attributes := map[string]string{"datacontenttype": r.Header.Get("Content-Type")}
	for header, values := range r.Header {
		name, ok := strings.CutPrefix(header, "Ce-")
		if !ok {
			continue
		}
		name = strings.ToLower(name)
		if len(values) > 1 {
			return nil, costd.InvalidField("ce-"+name, "stands here twice; keep one")
		}
		value, err := url.PathUnescape(values[0])
		if err != nil {
			return nil, costd.InvalidField("ce-"+name, "has a %% that encodes nothing; write %%25 for it")
		}
		attributes[name] = value
	}
	return attributes, nil
}
