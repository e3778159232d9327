package duckdb

import (
	"bytes"
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"costd.dev/costd"
)

// CreateKey implements costd.Catalog. It returns Invalid if the ID exists.
func (db *DB) CreateKey(ctx context.Context, key costd.Key) (err error) {
	defer costd.Wrap(&err, "duckdb.CreateKey")
	key = cloneKey(key)
	return db.changeCatalog(ctx, func(tx *sql.Tx, state *catalogState) error {
		if _, exists := state.keys[key.ID]; exists {
			return costd.InvalidField("id", "there is a key with this id; make a new one")
		}
		state.keys = maps.Clone(state.keys)
		state.keys[key.ID] = key
		hash := bytes.Clone(key.Hash[:]) // cgo takes no memory that has pointers beside it
		_, err := tx.ExecContext(ctx, "INSERT INTO api_key VALUES ($id, $role, $client, $projects::BIGINT[], $hash, $created, $name, $expires)",
			sql.Named("id", key.ID), sql.Named("role", string(key.Role)), sql.Named("client", key.ClientID),
			sql.Named("projects", append([]int64{}, key.Projects...)), sql.Named("hash", hash), sql.Named("created", key.Created.UnixNano()),
			sql.Named("name", key.Name), sql.Named("expires", expiryNumber(key.Expires)))
		return err
	})
}

// DeleteKey implements costd.Catalog.
func (db *DB) DeleteKey(ctx context.Context, id string, allowed func(rest []costd.Key) error) (err error) {
	defer costd.Wrap(&err, "duckdb.DeleteKey")
	return db.changeCatalog(ctx, func(tx *sql.Tx, state *catalogState) error {
		if _, exists := state.keys[id]; !exists {
			return errNoKey
		}
		state.keys = maps.Clone(state.keys)
		delete(state.keys, id)
		if allowed != nil {
			if err := allowed(state.sortedKeys()); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM api_key WHERE id = $id", sql.Named("id", id))
		return err
	})
}

var errNoKey = costd.Errorf(costd.NotFound, "there is no such key")

// Key implements costd.Catalog.
func (db *DB) Key(ctx context.Context, id string) (costd.Key, error) {
	if db.isClosed() {
		return costd.Key{}, errClosed
	}
	key, exists := db.catalog.Load().keys[id]
	if !exists {
		return costd.Key{}, errNoKey
	}
	return cloneKey(key), nil
}

// Keys implements costd.Catalog.
func (db *DB) Keys(ctx context.Context) ([]costd.Key, error) {
	if db.isClosed() {
		return nil, errClosed
	}
	return db.catalog.Load().sortedKeys(), nil
}

// sortedKeys returns copies of the keys, ordered by ID.
func (s *catalogState) sortedKeys() []costd.Key {
	keys := make([]costd.Key, 0, len(s.keys))
	for _, id := range slices.Sorted(maps.Keys(s.keys)) {
		keys = append(keys, cloneKey(s.keys[id]))
	}
	return keys
}

// expiryNumber returns an expiry as it is stored: nanoseconds, 0 for never.
func expiryNumber(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// cloneKey returns a copy that shares nothing with key, its times being UTC.
func cloneKey(key costd.Key) costd.Key {
	key.Projects = append([]int64(nil), key.Projects...)
	key.Created, key.Expires = key.Created.UTC(), key.Expires.UTC()
	return key
}

func scanKey(rows *sql.Rows) (key costd.Key, err error) {
	var projects, hash any
	var created, expires int64
	if err := rows.Scan(&key.ID, &key.Role, &key.ClientID, &projects, &hash, &created, &key.Name, &expires); err != nil {
		return key, err
	}
	for _, project := range projects.([]any) {
		key.Projects = append(key.Projects, project.(int64))
	}
	copy(key.Hash[:], hash.([]byte))
	key.Created = time.Unix(0, created).UTC()
	if expires != 0 {
		key.Expires = time.Unix(0, expires).UTC()
	}
	return key, nil
}
