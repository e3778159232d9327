package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/report"
)

// How many changed entries an answer has: an entry takes some 600 bytes before and after.
// A version is never cut, and has at most as many as a file.
const (
	defaultChanges = 10_000
	maxChanges     = 100_000
)

// catalogOf returns the entries that a request asks for: those of a version, of an
// instant, or of now.
func (h *Handler) catalogOf(r *http.Request) (entries costd.Entries, err error) {
	q := r.URL.Query()
	switch {
	case q.Has("version") && q.Has("as_of"):
		return entries, costd.InvalidField("as_of", "stands beside version; keep one of them")
	case q.Has("version"):
		version, err := wholeParam(r, "version", 0, 0)
		if err != nil {
			return entries, err
		}
		return h.Catalog.At(r.Context(), version)
	case q.Has("as_of"):
		at, err := timeParam(r, "as_of")
		if err != nil {
			return entries, err
		}
		return h.Catalog.AsOf(r.Context(), at)
	}
	entries, _, err = h.Catalog.Entries(r.Context())
	return entries, err
}

// A changesAnswer is a page of the history of the catalog.
type changesAnswer struct {
	Versions []costd.Version `json:"versions"`
	// Next is what since has to be for the versions that follow; left out if none do.
	Next int64 `json:"next,omitempty"`
}

// getChanges answers with the versions after one, and what each changed.
func (h *Handler) getChanges(w http.ResponseWriter, r *http.Request) error {
	since, err := wholeParam(r, "since", 0, 0)
	if err != nil {
		return err
	}
	limit, err := wholeParam(r, "limit", defaultChanges, maxChanges)
	if err != nil {
		return err
	}
	versions, err := h.Catalog.Versions(r.Context(), since, int(limit))
	if err != nil {
		return err
	}
	_, latest, err := h.Catalog.Entries(r.Context())
	if err != nil {
		return err
	}
	answer := changesAnswer{Versions: append([]costd.Version{}, versions...)}
	if n := len(versions); n > 0 && versions[n-1].Number < latest {
		answer.Next = versions[n-1].Number
	}
	out := h.newLongAnswer(w, r, jsonType)
	return out.end(json.NewEncoder(out).Encode(answer))
}

// one returns a parameter that may be given once, and whether it is.
func one(r *http.Request, name string) (string, bool, error) {
	values := r.URL.Query()[name]
	switch len(values) {
	case 0:
		return "", false, nil
	case 1:
		return values[0], true, nil
	}
	return "", false, costd.InvalidField(name, "is given more than once; keep one")
}

// wholeParam returns a parameter that is a whole number, not negative and, if most is
// above 0, from 1 to most. Left out, it is byDefault.
func wholeParam(r *http.Request, name string, byDefault, most int64) (int64, error) {
	text, given, err := one(r, name)
	if err != nil || !given {
		return byDefault, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if most > 0 && (err != nil || n < 1 || n > most) {
		return 0, costd.InvalidField(name, "must be a whole number from 1 to %d", most)
	}
	if err != nil || n < 0 {
		return 0, costd.InvalidField(name, "must be a whole number such as 17")
	}
	return n, nil
}

// timeParam returns a parameter that is a time; the zero time if it is left out.
func timeParam(r *http.Request, name string) (time.Time, error) {
	text, given, err := one(r, name)
	if err != nil || !given {
		return time.Time{}, err
	}
	at, err := report.ParseTime(text)
	if err != nil {
		return at, costd.InvalidField(name, "%v", err)
	}
	return at, nil
}

// flagParam returns a parameter that is true or false; false if it is left out.
func flagParam(r *http.Request, name string) (bool, error) {
	text, given, err := one(r, name)
	switch {
	case err != nil:
		return false, err
	case !given || text == "false":
		return false, nil
	case text == "true":
		return true, nil
	}
	return false, costd.InvalidField(name, "must be true or false")
}
