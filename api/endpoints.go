package api

import (
	"errors"
	"io"
	"net/http"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/catalog"
)

// maxKeyBody bounds the description of a key: a thousand projects, generously.
const maxKeyBody = 64 << 10

// The media types of bodies. The first of a kind is what we write.
const (
	ndjsonType = "application/x-ndjson"
	jsonType   = "application/json"
	yamlType   = "application/yaml"
)

func (h *Handler) getCatalog(w http.ResponseWriter, r *http.Request) error {
	entries, err := h.catalogOf(r)
	if err != nil {
		return err
	}
	contentType, format := yamlType, catalog.YAML
	if accepts(r, yamlType, jsonType) == jsonType {
		contentType, format = jsonType, catalog.JSON
	}
	out := h.newLongAnswer(w, r, contentType)
	return out.end(catalog.Write(out, entries, format))
}

// putCatalog applies a catalog file and answers what it changed. The file says by
// itself whether it is YAML or JSON.
func (h *Handler) putCatalog(w http.ResponseWriter, r *http.Request) error {
	if _, err := mediaType(r, yamlType, jsonType, "application/x-yaml", "text/yaml", "text/x-yaml"); err != nil {
		return err
	}
	body, err := decompressed(w, r, catalog.MaxFileSize)
	if err != nil {
		return err
	}
	defer body.Close()
	file, err := io.ReadAll(io.LimitReader(body, catalog.MaxFileSize+1)) // Parse refuses the one byte more
	if err != nil {
		if _, ok := errors.AsType[*costd.Error](err); ok {
			return err
		}
		return costd.Errorf(costd.Invalid, "the body could not be read to its end: %w", err)
	}
	change, err := catalog.Read(file)
	if err != nil {
		return err
	}
	if change.Prune, err = flagParam(r, "prune"); err != nil {
		return err
	}
	if dry, err := flagParam(r, "dry_run"); dry || err != nil {
		return h.answerPlan(w, r, change, err)
	}
	applied, err := h.Catalog.ApplyFile(r.Context(), change)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, applied)
	return nil
}

// A keyAnswer is a key as callers see it: without its secret and its hash.
type keyAnswer struct {
	ID       string     `json:"id"`
	Role     costd.Role `json:"role"`
	ClientID int64      `json:"client_id,omitempty"`
	Projects []int64    `json:"projects,omitempty"`
	Created  time.Time  `json:"created"`
	Name     string     `json:"name,omitempty"`
	Expires  time.Time  `json:"expires,omitzero"`
	LastUsed time.Time  `json:"last_used,omitzero"`
}

func newKeyAnswer(k costd.Key) keyAnswer {
	return keyAnswer{ID: k.ID, Role: k.Role, ClientID: k.ClientID, Projects: k.Projects, Created: k.Created, Name: k.Name, Expires: k.Expires, LastUsed: k.LastUsed}
}

// createKey makes a key; its answer is the only one that ever shows the token.
func (h *Handler) createKey(w http.ResponseWriter, r *http.Request) error {
	var wanted struct {
		ClientID int64      `json:"client_id"`
		Role     costd.Role `json:"role"`
		Projects []int64    `json:"projects"`
		Name     string     `json:"name"`
		Expires  *time.Time `json:"expires"`
	}
	if err := decodeJSON(w, r, maxKeyBody, &wanted, "client_id", "role", "projects", "name", "expires"); err != nil {
		return err
	}
	options := []access.Option{access.Name(wanted.Name)}
	if wanted.Expires != nil {
		options = append(options, access.Expires(*wanted.Expires))
	}
	key, token, err := h.Access.Create(r.Context(), wanted.Role, wanted.ClientID, wanted.Projects, options...)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/keys/"+key.ID)
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusCreated, struct {
		ID    string `json:"id"`
		Token string `json:"token"`
	}{key.ID, token})
	return nil
}

func (h *Handler) listKeys(w http.ResponseWriter, r *http.Request) error {
	keys, err := h.Access.Keys(r.Context())
	if err != nil {
		return err
	}
	answer := struct {
		Keys []keyAnswer `json:"keys"`
	}{Keys: make([]keyAnswer, len(keys))}
	for i, k := range keys {
		answer.Keys[i] = newKeyAnswer(k)
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

func (h *Handler) getKey(w http.ResponseWriter, r *http.Request) error {
	key, err := h.Access.Key(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, newKeyAnswer(key))
	return nil
}

func (h *Handler) deleteKey(w http.ResponseWriter, r *http.Request) error {
	if err := h.Access.Delete(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
