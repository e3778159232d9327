package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"costd.dev/costd"
	"costd.dev/costd/internal/web"
)

// decompressed returns the body of r, at most limit bytes of it as they were sent.
// Whoever reads it limits what they become when they were compressed, and closes
// it. A body that announces itself as too long is not waited for.
func decompressed(w http.ResponseWriter, r *http.Request, limit int64) (io.ReadCloser, error) {
	if r.ContentLength > limit {
		return nil, costd.Errorf(costd.TooLarge, "the body is larger than %d bytes; split it", limit)
	}
	body := web.LimitBody(w, r, limit)
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
		return io.NopCloser(body), nil
	case "gzip":
		return unzip(body)
	default:
		return nil, refusal(http.StatusUnsupportedMediaType, "unsupported_media_type",
			"Content-Encoding %.32q is not understood; use gzip or none", encoding)
	}
}

// unzippers are used again: their tables are larger than most bodies.
var unzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// An unzipper goes back to the others when it is closed.
type unzipper struct{ *gzip.Reader }

func (u unzipper) Close() error {
	unzippers.Put(u.Reader)
	return nil
}

func unzip(body io.Reader) (io.ReadCloser, error) {
	u := unzipper{unzippers.Get().(*gzip.Reader)}
	if err := u.Reset(body); err != nil {
		u.Close()
		if _, ok := errors.AsType[*costd.Error](err); ok {
			return nil, err
		}
		return nil, costd.Errorf(costd.Invalid, "the body is not gzip, as its Content-Encoding says; compress it, or leave Content-Encoding out")
	}
	return u, nil
}

// mediaType returns the media type of the body, or an error naming those that are
// understood. Without a Content-Type it is the first of them.
func mediaType(r *http.Request, understood ...string) (string, error) {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return understood[0], nil
	}
	given, _, err := mime.ParseMediaType(header)
	for _, t := range understood {
		if err == nil && given == t {
			return t, nil
		}
	}
	return "", refusal(http.StatusUnsupportedMediaType, "unsupported_media_type",
		"Content-Type %.64q is not understood here; use %s", header, strings.Join(understood, " or "))
}

// accepts returns which of the offered media types the caller likes best, the
// first if it has no opinion.
func accepts(r *http.Request, offered ...string) string {
	best, quality := offered[0], 0
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		wanted, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		for _, t := range offered {
			if q := milliQuality(params["q"]); wanted == t && q > quality {
				best, quality = t, q
			}
		}
	}
	return best
}

// milliQuality reads a quality of 0 to 1 with at most three decimals, in thousandths.
func milliQuality(q string) int {
	whole, decimals, _ := strings.Cut(q, ".")
	if whole != "0" {
		return 1000
	}
	n, err := strconv.Atoi((decimals + "000")[:3])
	if err != nil {
		return 0
	}
	return n
}

// decodeJSON reads a small JSON body into v, strictly. Its object may have the given
// fields.
func decodeJSON(w http.ResponseWriter, r *http.Request, limit int64, v any, fields ...string) error {
	if _, err := mediaType(r, "application/json"); err != nil {
		return err
	}
	body, err := web.ReadBody(w, r, limit)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	err = dec.Decode(v)
	if err == nil && !ended(dec) {
		return costd.Errorf(costd.Invalid, "something follows the object of the body; send the object alone")
	}
	if err != nil {
		return unreadable(err, fields)
	}
	return checkFields(body, fields)
}

// unreadable says in our words what is wrong with a body: encoding/json speaks of Go.
func unreadable(err error, fields []string) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return costd.InvalidField(wrong.Field, "must not be a %s", wrong.Value)
	}
	if broken, ok := errors.AsType[*json.SyntaxError](err); ok {
		return costd.Errorf(costd.Invalid, "the body is not what this path takes: byte %d cannot stand there in JSON; send a JSON object", broken.Offset)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return costd.Errorf(costd.Invalid, "the body is not what this path takes: it ends before its JSON object does; send it whole")
	}
	return costd.Errorf(costd.Invalid, "the body is not what this path takes: it must be a JSON object with the fields %s", strings.Join(fields, ", "))
}

// ended reports whether nothing follows what the decoder has read. More does not
// tell: it takes a closing bracket for the end.
func ended(dec *json.Decoder) bool {
	_, err := dec.Token()
	return err == io.EOF
}

// checkFields refuses what encoding/json lets pass in an object: unknown names, names
// in another case, and names that stand twice.
func checkFields(body []byte, fields []string) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	if first, err := dec.Token(); err != nil || first != json.Delim('{') {
		return err
	}
	seen := map[string]bool{}
	for dec.More() {
		key, err := dec.Token()
		if err == nil {
			err = dec.Decode(new(json.RawMessage))
		}
		if err != nil {
			return err
		}
		name, _ := key.(string)
		switch {
		case !slices.Contains(fields, name):
			return costd.InvalidField(name, "is not known here; use %s", strings.Join(fields, ", "))
		case seen[name]:
			return costd.InvalidField(name, "stands here twice; keep one")
		}
		seen[name] = true
	}
	return nil
}

// writeJSON writes an answer. Its types are this package's own, so it can be
// marshaled; and a caller that is gone needs no answer.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("%T: %v", v, err))
	}
	writeBody(w, status, "application/json", append(body, '\n'))
}

func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(body)
}
