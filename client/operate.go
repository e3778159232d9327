package client

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"costd.dev/costd"
)

// ApplyCatalog applies a catalog file, YAML or JSON, and returns what it changed.
func (c *Client) ApplyCatalog(ctx context.Context, file []byte) (costd.Applied, error) {
	return decode[costd.Applied](c.do(ctx, call{method: "PUT", path: "/api/v1/catalog", body: file, contentType: "application/yaml"}))
}

// ReplaceCatalog is ApplyCatalog, and removes everything that the file does not have.
func (c *Client) ReplaceCatalog(ctx context.Context, file []byte) (costd.Applied, error) {
	return decode[costd.Applied](c.do(ctx, call{method: "PUT", path: "/api/v1/catalog?prune=true", body: file, contentType: "application/yaml"}))
}

// Catalog returns the whole catalog, each list ordered by its key.
func (c *Client) Catalog(ctx context.Context) (costd.Entries, error) {
	return decode[costd.Entries](c.do(ctx, call{method: "GET", path: "/api/v1/catalog", accept: "application/json"}))
}

// CatalogFile returns the whole catalog as a YAML file that ApplyCatalog takes.
func (c *Client) CatalogFile(ctx context.Context) ([]byte, error) {
	return c.do(ctx, call{method: "GET", path: "/api/v1/catalog", accept: "application/yaml"})
}

// A Key is a key as the server shows it.
type Key struct {
	ID       string     `json:"id"`
	Role     costd.Role `json:"role"`
	ClientID int64      `json:"client_id"` // 0 for operator and ingest keys
	Projects []int64    `json:"projects"`
	Created  time.Time  `json:"created"`
	Name     string     `json:"name"`    // may be empty
	Expires  time.Time  `json:"expires"` // zero: never
	// LastUsed is when the key was last accepted, in whole seconds; zero: never, or by a
	// server too old to say.
	LastUsed time.Time `json:"last_used"`
}

// newKey is what a key is asked for with.
type newKey struct {
	ClientID int64      `json:"client_id,omitempty"`
	Role     costd.Role `json:"role"`
	Projects []int64    `json:"projects,omitempty"`
	Name     string     `json:"name,omitempty"`
	Expires  time.Time  `json:"expires,omitzero"`
}

// A KeyOption says more of a key that is made.
type KeyOption func(*newKey)

// KeyName says what a key is for, in 100 bytes at most.
func KeyName(name string) KeyOption { return func(k *newKey) { k.Name = name } }

// KeyExpires says from when on a key is not accepted; the zero time is never.
func KeyExpires(at time.Time) KeyOption { return func(k *newKey) { k.Expires = at.UTC() } }

// CreateKey makes a key and returns its id and its token, which cannot be asked
// for again. It is tried once: a second attempt could make a second key.
func (c *Client) CreateKey(ctx context.Context, role costd.Role, clientID int64, projects []int64, options ...KeyOption) (id, token string, err error) {
	wanted := newKey{ClientID: clientID, Role: role, Projects: projects}
	for _, option := range options {
		option(&wanted)
	}
	body, err := json.Marshal(wanted)
	if err != nil {
		return "", "", err
	}
	created, err := decode[struct{ ID, Token string }](c.do(ctx, call{
		method: "POST", path: "/api/v1/keys", body: body, contentType: "application/json", once: true,
	}))
	return created.ID, created.Token, err
}

// Keys returns all keys, ordered by id.
func (c *Client) Keys(ctx context.Context) ([]Key, error) {
	list, err := decode[struct{ Keys []Key }](c.do(ctx, call{method: "GET", path: "/api/v1/keys"}))
	return list.Keys, err
}

// Key returns one key.
func (c *Client) Key(ctx context.Context, id string) (Key, error) {
	return decode[Key](c.do(ctx, call{method: "GET", path: "/api/v1/keys/" + url.PathEscape(id)}))
}

// DeleteKey removes a key.
func (c *Client) DeleteKey(ctx context.Context, id string) error {
	_, err := c.do(ctx, call{method: "DELETE", path: "/api/v1/keys/" + url.PathEscape(id)})
	return err
}
