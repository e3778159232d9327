package api

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/report"
)

// patience is how long a caller may take nothing of a long answer before it counts
// as gone. Long answers have no other limit: a large store takes a while to copy.
const patience = time.Minute

// tend makes the caller the one that reads the whole store; more than one at a time
// would keep the others from their work. It ends by tending.Unlock.
func (h *Handler) tend() error {
	if h.Store == nil {
		return costd.Errorf(costd.Unavailable, "the store of this server can be neither backed up nor checked")
	}
	if !h.tending.TryLock() {
		return costd.Errorf(costd.Unavailable, "another backup or check is under way; try again when it is done")
	}
	return nil
}

// backup answers with a copy of the whole store. If it fails on the way, the
// connection is cut, so that nobody takes half of it for the whole.
func (h *Handler) backup(w http.ResponseWriter, r *http.Request) error {
	if err := h.tend(); err != nil {
		return err
	}
	defer h.tending.Unlock()
	name := "costd-" + time.Now().UTC().Format("20060102T150405Z") + ".costd"
	// Before the copy, which then has the entry, and also if the caller leaves with a part.
	if err := h.Catalog.Store.Record(r.Context(), costd.AuditBackup, name, ""); err != nil {
		return err
	}
	out := h.newLongAnswer(w, r, "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return out.end(h.Store.Backup(r.Context(), out))
}

// A checkLine is a line of the answer of a check: a finding, or in the end what was
// looked at, or why that came to no end.
type checkLine struct {
	Finding *costd.Finding  `json:"finding,omitempty"`
	Checked *report.Checked `json:"checked,omitempty"`
	Error   *errorBody      `json:"error,omitempty"`
}

// check answers with what is wrong with the stored data, as it is found. It begins
// its answer at once, because there may be nothing to say for a long time.
func (h *Handler) check(w http.ResponseWriter, r *http.Request) error {
	kinds, err := kindsOf(r)
	if err != nil {
		return err
	}
	if err := h.tend(); err != nil {
		return err
	}
	defer h.tending.Unlock()
	out := h.newLongAnswer(w, r, ndjsonType)
	out.flush()
	enc := json.NewEncoder(out)
	checked, err := h.Reports.Check(r.Context(), h.Store, kinds, func(f costd.Finding) error { return enc.Encode(checkLine{Finding: &f}) })
	last := checkLine{Checked: &checked}
	if err != nil {
		h.logFailure(r, err)
		_, body := describe(err)
		body.RequestID = web.RequestID(r.Context())
		last = checkLine{Error: &body}
	}
	return out.end(enc.Encode(last))
}

// kindsOf returns the kinds of findings that the request asks for.
func kindsOf(r *http.Request) (kinds []costd.FindingKind, err error) {
	for _, name := range r.URL.Query()["kind"] {
		kind, err := costd.ParseFindingKind(name)
		if err != nil {
			return nil, costd.InvalidField("kind", "%v", err)
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

// A longAnswer is one of any length: as long as its caller takes it, it has all the
// time it needs.
type longAnswer struct {
	w     http.ResponseWriter
	out   *http.ResponseController
	begun bool
	cut   func(error) // ends an answer that has begun
}

func (h *Handler) newLongAnswer(w http.ResponseWriter, r *http.Request, contentType string) *longAnswer {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	a := &longAnswer{w: w, out: http.NewResponseController(w)}
	a.extend() // the work before the first byte may take long, too
	a.cut = func(err error) {
		h.logFailure(r, err)
		panic(http.ErrAbortHandler)
	}
	return a
}

// flush sends the head of the answer.
func (a *longAnswer) flush() {
	a.begun = true
	a.w.WriteHeader(http.StatusOK)
	_ = a.out.Flush() // a writer that does not flush sends it later
}

// extend takes the limits on time away. Without the one on reading, a connection
// counts as broken when it passes, although there is nothing more to read. Writers
// without deadlines need none of this.
func (a *longAnswer) extend() {
	_ = a.out.SetReadDeadline(time.Time{})
	_ = a.out.SetWriteDeadline(time.Time{})
}

func (a *longAnswer) Write(p []byte) (int, error) {
	a.begun = true
	_ = a.out.SetWriteDeadline(time.Now().Add(patience)) // likewise
	return a.w.Write(p)
}

// end finishes the answer, or fails it: by an error that can still be told, or by
// cutting the connection.
func (a *longAnswer) end(err error) error {
	if err == nil {
		return nil
	}
	if a.begun {
		a.cut(err)
	}
	a.w.Header().Del("Content-Disposition")
	return err
}

var _ io.Writer = (*longAnswer)(nil)
