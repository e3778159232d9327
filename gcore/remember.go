package gcore

import (
	lru "github.com/hashicorp/golang-lru/v2"

	"costd.dev/costd"
	"costd.dev/costd/internal/web"
	"costd.dev/costd/report"
)

// Bounds of what is remembered: an answer that was sent in one piece, and so many
// of them that all together take 64 MiB at most.
const (
	maxRemembered     = 1000
	maxRememberedBody = 4 << 10 // of the request
)

// A question is a request as far as its answer depends on it. The key stands for
// its role, client and projects, which never change; the day for what "now" means.
type question struct {
	keyID      string
	clientID   int64
	path, body string
	today      costd.Day
}

// A remembered answer can be sent again while its basis holds.
type remembered struct {
	basis       report.Basis
	contentType string
	disposition string // of a CSV file
	body        []byte
}

// A memory holds answers by their questions, the least recently used going first.
type memory struct {
	answers *lru.Cache[question, *remembered]
}

func newMemory() memory {
	answers, err := lru.New[question, *remembered](maxRemembered)
	if err != nil {
		panic(err) // only of a size that is not positive
	}
	return memory{answers}
}

// remember makes an endpoint that sends an earlier answer to the same question
// again, unless usage of the client in the report's period, or what the catalog has for
// it, have changed since. Reports take no parameters beside the body.
func remember(next endpoint) endpoint {
	return func(h *Handler, c *call) (err error) {
		if err := parseParams(c.URL.RawQuery).err(); err != nil {
			return err
		}
		if c.body, err = web.ReadBody(c.answer.w, c.Request, maxBody); err != nil {
			return err
		}
		if len(c.body) > maxRememberedBody {
			return next(h, c)
		}
		q := question{c.principal.KeyID, c.principal.ClientID, c.URL.Path, string(c.body), h.Reports.Today()}
		if known, ok := h.memory.answers.Get(q); ok {
			holds, err := h.Reports.Holds(c.Context(), known.basis)
			if err != nil {
				return err
			}
			if holds {
				c.answer.repeat(known)
				return nil
			}
		}
		if err := next(h, c); err != nil {
			return err
		}
		if !c.answer.begun {
			h.memory.answers.Add(q, c.answer.copy(c.basis))
		}
		return nil
	}
}

// copy returns what is needed to send the answer again.
func (a *answer) copy(basis report.Basis) *remembered {
	header := a.w.Header()
	return &remembered{
		basis: basis, contentType: header.Get("Content-Type"), disposition: header.Get("Content-Disposition"),
		body: append([]byte(nil), a.b...),
	}
}

func (a *answer) repeat(known *remembered) {
	a.contentType(known.contentType)
	if known.disposition != "" {
		a.w.Header().Set("Content-Disposition", known.disposition)
	}
	a.b = known.body
}
