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
	audit   costd.AuditHead // of the audit log
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
func (db *DB) Apply(ctx context.Context, base int64, change costd.Entries, gone ...costd.Removal) (version int64, err error) {
	defer costd.Wrap(&err, "duckdb.Apply")
	err = db.changeCatalog(ctx, func(tx *sql.Tx, state *catalogState) error {
		if base != state.version {
			return costd.Errorf(costd.Unavailable,
				"the catalog was changed by somebody else meanwhile (version %d, now %d); try again", base, state.version)
		}
		version = state.version
		changes := state.entries.Effect(change)
		for _, removal := range gone {
			changes = changes.With(state.entries, removal)
		}
		if changes.None() {
			return nil
		}
		edits, err := editsOf(changes)
		if err != nil {
			return err
		}
		state.version++
		version = state.version
		state.entries = state.entries.With(changes)
		if err := storeEdits(ctx, tx, version, edits); err != nil {
			return err
		}
		if err := storeVersion(ctx, tx, version, edits); err != nil {
			return err
		}
		return state.recordVersion(ctx, tx, changes)
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
	}, func() { db.sayRecorded(ctx, db.catalog.Swap(&next), &next) })
}

// storeEdits adds, replaces and removes documents, and sets the version.
func storeEdits(ctx context.Context, tx *sql.Tx, version int64, edits []edit) error {
	var set, gone editColumns
	for _, e := range edits {
		if e.after == "" {
			gone.add(e)
		} else {
			set.add(e)
		}
	}
	const upsert = `
		INSERT INTO catalog_entry
		SELECT unnest($kinds::VARCHAR[]), unnest($keys::VARCHAR[]), unnest($documents::VARCHAR[])
		ON CONFLICT DO UPDATE SET document = excluded.document`
	const remove = `
		DELETE FROM catalog_entry
		WHERE (kind, key) IN (SELECT unnest($kinds::VARCHAR[]), unnest($keys::VARCHAR[]))`
	if len(set.keys) > 0 {
		if _, err := tx.ExecContext(ctx, upsert,
			sql.Named("kinds", set.kinds), sql.Named("keys", set.keys), sql.Named("documents", set.after)); err != nil {
			return err
		}
	}
	if len(gone.keys) > 0 {
		if _, err := tx.ExecContext(ctx, remove, sql.Named("kinds", gone.kinds), sql.Named("keys", gone.keys)); err != nil {
			return err
		}
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
	if err := state.loadHead(ctx, tx); err != nil {
		return err
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

// An edit is the change of a document: "" is none before, or none after.
type edit struct{ kind, key, before, after string }

// editsOf returns the edits that the changes make, and puts what a reader of the
// documents finds in the place of the entries: a caller may go on with its own.
func editsOf(c costd.Changes) (edits []edit, err error) {
	for _, add := range []func() error{
		func() error { return addEdits(&edits, kindClient, c.Clients, clientKey) },
		func() error { return addEdits(&edits, kindRegion, c.Regions, regionKey) },
		func() error { return addEdits(&edits, kindProject, c.Projects, projectKey) },
		func() error { return addEdits(&edits, kindPrice, c.Prices, priceKey) },
		func() error { return addEdits(&edits, kindCommitment, c.Commitments, commitmentKey) },
	} {
		if err := add(); err != nil {
			return nil, err
		}
	}
	return edits, nil
}

func addEdits[T any](edits *[]edit, kind string, changes []costd.Change[T], key func(*T) string) (err error) {
	for i := range changes {
		c := &changes[i]
		e := edit{kind: kind}
		if c.Before != nil {
			e.key = key(c.Before)
			e.before, err = documentOf(c.Before)
		}
		if c.After != nil && err == nil {
			e.key = key(c.After)
			if e.after, err = documentOf(c.After); err == nil {
				c.After = new(T)
				err = json.Unmarshal([]byte(e.after), c.After)
			}
		}
		if err != nil {
			return err
		}
		*edits = append(*edits, e)
	}
	return nil
}

func documentOf(entry any) (string, error) {
	text, err := json.Marshal(entry)
	return string(text), err
}

// editColumns are edits by column, as the database takes them.
type editColumns struct{ kinds, keys, before, after []string }

func (c *editColumns) add(e edit) {
	c.kinds, c.keys = append(c.kinds, e.kind), append(c.keys, e.key)
	c.before, c.after = append(c.before, e.before), append(c.after, e.after)
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
