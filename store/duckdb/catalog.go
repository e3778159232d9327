package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"costd.dev/costd"
)

// catalogState is all that the catalog holds. It is never changed: a change makes
// a new one and puts it in the old one's place once it is on disk. Only this
// process can write the folder, so that it is always what the database holds.
type catalogState struct {
	version int64
	entries costd.Entries
	// documents are the entries as they are stored, to tell what a change changes.
	documents map[documentKey]string
	keys      map[string]costd.Key
}

// Entries implements costd.Catalog. The lists are shared by all callers, who must
// not change them.
func (db *DB) Entries(ctx context.Context) (costd.Entries, int64, error) {
	if db.isClosed() {
		return costd.Entries{}, 0, errClosed
	}
	state := db.catalog.Load()
	return state.entries, state.version, nil
}

// Version implements costd.Catalog.
func (db *DB) Version(ctx context.Context) (int64, error) {
	if db.isClosed() {
		return 0, errClosed
	}
	return db.catalog.Load().version, nil
}

// Apply implements costd.Catalog. A change that changes nothing keeps the version.
func (db *DB) Apply(ctx context.Context, base int64, change costd.Entries) (version int64, err error) {
	defer costd.Wrap(&err, "duckdb.Apply")
	changed, err := documentsOf(change)
	if err != nil {
		return 0, err
	}
	err = db.changeCatalog(ctx, func(tx *sql.Tx, state *catalogState) error {
		if base != state.version {
			return costd.Errorf(costd.Unavailable,
				"the catalog was changed by somebody else meanwhile (version %d, now %d); try again", base, state.version)
		}
		maps.DeleteFunc(changed, func(k documentKey, document string) bool { return state.documents[k] == document })
		version = state.version
		if len(changed) == 0 {
			return nil
		}
		state.version++
		version = state.version
		state.documents = maps.Clone(state.documents)
		maps.Copy(state.documents, changed)
		if state.entries, err = entriesOf(state.documents); err != nil {
			return err
		}
		return storeDocuments(ctx, tx, version, changed)
	})
	return version, err
}

// changeCatalog lets f change a copy of the catalog's state and the database alike,
// and shows the copy to everybody when the database has committed.
func (db *DB) changeCatalog(ctx context.Context, f func(*sql.Tx, *catalogState) error) error {
	var next catalogState
	return db.writeThen(ctx, func(tx *sql.Tx) error {
		next = *db.catalog.Load()
		return f(tx, &next)
	}, func() { db.catalog.Store(&next) })
}

// storeDocuments adds or replaces documents and sets the version.
func storeDocuments(ctx context.Context, tx *sql.Tx, version int64, documents map[documentKey]string) error {
	var kinds, keys, texts []string
	for k, document := range documents {
		kinds, keys, texts = append(kinds, k.kind), append(keys, k.key), append(texts, document)
	}
	const upsert = `
		INSERT INTO catalog_entry
		SELECT unnest($kinds::VARCHAR[]), unnest($keys::VARCHAR[]), unnest($documents::VARCHAR[])
		ON CONFLICT DO UPDATE SET document = excluded.document`
	if _, err := tx.ExecContext(ctx, upsert,
		sql.Named("kinds", kinds), sql.Named("keys", keys), sql.Named("documents", texts)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE catalog_version SET version = ?", version)
	return err
}

// loadCatalog reads the catalog and the keys into memory.
func (db *DB) loadCatalog(ctx context.Context, tx *sql.Tx) (err error) {
	s := &snapshot{ctx: ctx, tx: tx}
	state := &catalogState{documents: map[documentKey]string{}, keys: map[string]costd.Key{}}
	if err := s.tx.QueryRowContext(s.ctx, "SELECT version FROM catalog_version").Scan(&state.version); err != nil {
		return err
	}
	documents, err := readAll(s, "SELECT kind, key, document FROM catalog_entry", scanDocument)
	for _, d := range documents {
		state.documents[d.documentKey] = d.text
	}
	if err != nil {
		return err
	}
	if state.entries, err = entriesOf(state.documents); err != nil {
		return err
	}
	keys, err := readAll(s, "SELECT id, role, client_id, projects, hash, created, name, expires, last_used FROM api_key", scanKey)
	for _, key := range keys {
		state.keys[key.ID] = key
	}
	db.catalog.Store(state)
	return err
}

// A document is an entry as it is stored.
type document struct {
	documentKey
	text string
}

func scanDocument(rows *sql.Rows) (d document, err error) {
	err = rows.Scan(&d.kind, &d.key, &d.text)
	return d, err
}

// A documentKey names an entry: its kind and its key within the kind.
type documentKey struct{ kind, key string }

// The kinds of entries.
const (
	kindClient     = "client"
	kindRegion     = "region"
	kindProject    = "project"
	kindPrice      = "price"
	kindCommitment = "commitment"
)

// The keys of entries as texts that order like the keys themselves: numbers have
// a fixed width, and \x00 ends a text.
func clientKey(c costd.Client) string         { return ordered(c.ID) }
func regionKey(r costd.Region) string         { return ordered(r.ID) }
func projectKey(p costd.Project) string       { return ordered(p.ID) }
func commitmentKey(c costd.Commitment) string { return c.ID }
func priceKey(p costd.Price) string {
	return fmt.Sprintf("%s\x00%s\x00%s%s\x00%s%s", p.Type, p.Metric,
		ordered(p.RegionID), p.Currency, ordered(p.ClientID), ordered(int64(p.EffectiveFrom)))
}

// ordered returns n as a text of fixed width that orders like n.
func ordered(n int64) string { return fmt.Sprintf("%016x", uint64(n)^(1<<63)) }

// documentsOf returns the entries as documents by their keys; of several with the
// same key the last one counts.
func documentsOf(e costd.Entries) (map[documentKey]string, error) {
	documents := make(map[documentKey]string)
	for _, add := range []func() error{
		func() error { return addDocuments(documents, kindClient, e.Clients, clientKey) },
		func() error { return addDocuments(documents, kindRegion, e.Regions, regionKey) },
		func() error { return addDocuments(documents, kindProject, e.Projects, projectKey) },
		func() error { return addDocuments(documents, kindPrice, e.Prices, priceKey) },
		func() error { return addDocuments(documents, kindCommitment, e.Commitments, commitmentKey) },
	} {
		if err := add(); err != nil {
			return nil, err
		}
	}
	return documents, nil
}

func addDocuments[T any](documents map[documentKey]string, kind string, list []T, key func(T) string) error {
	for _, entry := range list {
		text, err := json.Marshal(entry)
		if err != nil {
			return err
		}
		documents[documentKey{kind, key(entry)}] = string(text)
	}
	return nil
}

// entriesOf returns the entries that the documents hold, ordered by their keys.
func entriesOf(documents map[documentKey]string) (e costd.Entries, err error) {
	keys := slices.SortedFunc(maps.Keys(documents), func(a, b documentKey) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.key, b.key))
	})
	for _, k := range keys {
		text := documents[k]
		switch k.kind {
		case kindClient:
			err = appendEntry(&e.Clients, text)
		case kindRegion:
			err = appendEntry(&e.Regions, text)
		case kindProject:
			err = appendEntry(&e.Projects, text)
		case kindPrice:
			err = appendEntry(&e.Prices, text)
		case kindCommitment:
			err = appendEntry(&e.Commitments, text)
		default:
			err = fmt.Errorf("the catalog holds an entry of the unknown kind %q", k.kind)
		}
		if err != nil {
			return costd.Entries{}, err
		}
	}
	return e, nil
}

func appendEntry[T any](list *[]T, text string) error {
	var entry T
	if err := json.Unmarshal([]byte(text), &entry); err != nil {
		return err
	}
	*list = append(*list, entry)
	return nil
}
