package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"costd.dev/costd"
)

// catalogState is all that the catalog holds. It is never changed: a change makes
// a new one and puts it in the old one's place once it is on disk. Only this
// process can write the folder, so that it is what the database holds; after a commit of
// which that is not known there is none until it is read again.
type catalogState struct {
	version int64
	entries costd.Entries // what a change leaves alone is shared with the state before
	keys    map[string]costd.Key
}

// Entries implements costd.Catalog. The lists are shared by all callers, who must
// not change them.
func (db *DB) Entries(ctx context.Context) (costd.Entries, int64, error) {
	state, err := db.catalogOwned(ctx)
	if err != nil {
		return costd.Entries{}, 0, err
	}
	return state.entries, state.version, nil
}

// Version implements costd.Catalog.
func (db *DB) Version(ctx context.Context) (int64, error) {
	state, err := db.catalogOwned(ctx)
	if err != nil {
		return 0, err
	}
	return state.version, nil
}

// catalogOwned is catalogNow for readers, who must not get the catalog of a folder that
// another process has.
func (db *DB) catalogOwned(ctx context.Context) (*catalogState, error) {
	if err := db.own(); err != nil && !db.isClosed() {
		return nil, err
	}
	return db.catalogNow(ctx)
}

// catalogNow returns the catalog. After a lost commit the database is asked for it, unless
// that was possible at once.
func (db *DB) catalogNow(ctx context.Context) (*catalogState, error) {
	for {
		state := db.catalog.Load()
		if db.isClosed() {
			return nil, errClosed
		}
		if state != nil {
			return state, nil
		}
		if err := db.write(ctx, db.readCatalog(ctx)); err != nil {
			return nil, err
		}
	}
}

// readCatalog returns a transaction that reads the catalog if it is not known.
func (db *DB) readCatalog(ctx context.Context) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		if err := db.knowCatalog(ctx, tx); err != nil {
			return err
		}
		return errNothingToWrite
	}
}

// knowCatalog reads the catalog if it is not known. The caller holds writing, and has
// changed nothing in the transaction.
func (db *DB) knowCatalog(ctx context.Context, tx *sql.Tx) error {
	if db.catalog.Load() != nil {
		return nil
	}
	return db.loadCatalog(ctx, tx)
}

// Apply implements costd.Catalog. A change that changes nothing keeps the version.
func (db *DB) Apply(ctx context.Context, base int64, change costd.Entries) (version int64, err error) {
	defer costd.Wrap(&err, "duckdb.Apply")
	err = db.changeCatalog(ctx, func(tx *sql.Tx, state *catalogState) error {
		if base != state.version {
			return costd.Errorf(costd.Unavailable,
				"the catalog was changed by somebody else meanwhile (version %d, now %d); try again", base, state.version)
		}
		version = state.version
		changes := state.entries.Effect(change)
		if changes.None() {
			return nil
		}
		documents, err := written(changes)
		if err != nil {
			return err
		}
		state.version++
		version = state.version
		state.entries = state.entries.With(changes)
		return storeDocuments(ctx, tx, version, documents)
	})
	return version, err
}

// changeCatalog lets f change a copy of the catalog's state and the database alike,
// and shows the copy to everybody when the database has committed. If it is not known
// whether it has, what the database holds is read again; see forget.
func (db *DB) changeCatalog(ctx context.Context, f func(*sql.Tx, *catalogState) error) error {
	var next catalogState
	return db.writeThen(ctx, func(tx *sql.Tx) error {
		if err := db.knowCatalog(ctx, tx); err != nil {
			return err
		}
		next = *db.catalog.Load()
		return f(tx, &next)
	}, func() { db.catalog.Store(&next) })
}

// storeDocuments adds or replaces documents and sets the version.
func storeDocuments(ctx context.Context, tx *sql.Tx, version int64, documents []document) error {
	var kinds, keys, texts []string
	for _, d := range documents {
		kinds, keys, texts = append(kinds, d.kind), append(keys, d.key), append(texts, d.text)
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
	state := &catalogState{keys: map[string]costd.Key{}}
	if err := s.tx.QueryRowContext(s.ctx, "SELECT version FROM catalog_version").Scan(&state.version); err != nil {
		return err
	}
	documents, err := readAll(s, "SELECT kind, key, document FROM catalog_entry", scanDocument)
	if err != nil {
		return err
	}
	if state.entries, err = entriesOf(documents); err != nil {
		return err
	}
	keys, err := readAll(s, "SELECT id, role, client_id, projects, hash, created, name, expires, last_used FROM api_key", scanKey)
	if err != nil {
		return err
	}
	for _, key := range keys {
		state.keys[key.ID] = key
	}
	db.catalog.Store(state)
	return nil
}

// A document is an entry as it is stored.
type document struct {
	kind, key string // the key is unique within the kind
	text      string
}

func scanDocument(rows *sql.Rows) (d document, err error) {
	err = rows.Scan(&d.kind, &d.key, &d.text)
	return d, err
}

// The kinds of entries.
const (
	kindClient     = "client"
	kindRegion     = "region"
	kindProject    = "project"
	kindPrice      = "price"
	kindCommitment = "commitment"
)

// The keys of entries as texts, for the database. \x00 ends a text, and numbers have a
// fixed width.
func clientKey(c *costd.Client) string         { return ordered(c.ID) }
func regionKey(r *costd.Region) string         { return ordered(r.ID) }
func projectKey(p *costd.Project) string       { return ordered(p.ID) }
func commitmentKey(c *costd.Commitment) string { return c.ID }
func priceKey(p *costd.Price) string {
	return fmt.Sprintf("%s\x00%s\x00%s%s\x00%s%s", p.Type, p.Metric,
		ordered(p.RegionID), p.Currency, ordered(p.ClientID), ordered(int64(p.EffectiveFrom)))
}

// ordered returns n as a text of fixed width that orders like n.
func ordered(n int64) string { return fmt.Sprintf("%016x", uint64(n)^(1<<63)) }

// written returns the documents of the entries that come with the changes, and puts what
// a reader of the documents finds in their place: a caller may go on with its own.
func written(c costd.Changes) (documents []document, err error) {
	for _, add := range []func() error{
		func() error { return write(&documents, kindClient, c.Clients, clientKey) },
		func() error { return write(&documents, kindRegion, c.Regions, regionKey) },
		func() error { return write(&documents, kindProject, c.Projects, projectKey) },
		func() error { return write(&documents, kindPrice, c.Prices, priceKey) },
		func() error { return write(&documents, kindCommitment, c.Commitments, commitmentKey) },
	} {
		if err := add(); err != nil {
			return nil, err
		}
	}
	return documents, nil
}

func write[T any](documents *[]document, kind string, changes []costd.Change[T], key func(*T) string) error {
	for i := range changes {
		c := &changes[i]
		text, err := json.Marshal(c.After)
		if err != nil {
			return err
		}
		*documents = append(*documents, document{kind, key(c.After), string(text)})
		c.After = new(T)
		if err := json.Unmarshal(text, c.After); err != nil {
			return err
		}
	}
	return nil
}

// entriesOf returns the entries that the documents hold, ordered by their keys.
func entriesOf(documents []document) (e costd.Entries, err error) {
	for _, d := range documents {
		switch d.kind {
		case kindClient:
			err = appendEntry(&e.Clients, d.text)
		case kindRegion:
			err = appendEntry(&e.Regions, d.text)
		case kindProject:
			err = appendEntry(&e.Projects, d.text)
		case kindPrice:
			err = appendEntry(&e.Prices, d.text)
		case kindCommitment:
			err = appendEntry(&e.Commitments, d.text)
		default:
			err = fmt.Errorf("the catalog holds an entry of the unknown kind %q", d.kind)
		}
		if err != nil {
			return costd.Entries{}, err
		}
	}
	return costd.Entries{}.With(costd.Entries{}.Effect(e)), nil // in the order of their keys
}

func appendEntry[T any](list *[]T, text string) error {
	var entry T
	if err := json.Unmarshal([]byte(text), &entry); err != nil {
		return err
	}
	*list = append(*list, entry)
	return nil
}
