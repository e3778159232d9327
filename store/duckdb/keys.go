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
		if _, err := tx.ExecContext(ctx, "INSERT INTO api_key VALUES ($id, $role, $client, $projects::BIGINT[], $hash, $created, $name, $expires, $used)",
			sql.Named("id", key.ID), sql.Named("role", string(key.Role)), sql.Named("client", key.ClientID),
			sql.Named("projects", append([]int64{}, key.Projects...)), sql.Named("hash", hash), sql.Named("created", key.Created.UnixNano()),
			sql.Named("name", key.Name), sql.Named("expires", nanosOf(key.Expires)), sql.Named("used", nanosOf(key.LastUsed))); err != nil {
			return err
		}
		return state.recordKey(ctx, tx, key)
	})
}

// MarkUsed implements costd.Catalog.
func (db *DB) MarkUsed(ctx context.Context, used map[string]time.Time) (err error) {
	defer costd.Wrap(&err, "duckdb.MarkUsed")
	return db.changeCatalog(ctx, func(tx *sql.Tx, state *catalogState) error {
		state.keys = maps.Clone(state.keys)
		var ids []string
		var times []int64
		for id, at := range used {
			if key, exists := state.keys[id]; exists && at.After(key.LastUsed) {
				key.LastUsed = at.UTC()
				state.keys[id] = key
				ids, times = append(ids, id), append(times, nanosOf(at))
			}
		}
		if len(ids) == 0 {
			return errNothingToWrite
		}
		return storeUses(ctx, tx, ids, times)
	})
}

// storeUses sets the last use of each key.
func storeUses(ctx context.Context, tx *sql.Tx, ids []string, times []int64) error {
	const update = `
		UPDATE api_key SET last_used = marked.used
		FROM (SELECT unnest($ids::VARCHAR[]) AS id, unnest($times::BIGINT[]) AS used) AS marked
		WHERE api_key.id = marked.id`
	_, err := tx.ExecContext(ctx, update, sql.Named("ids", ids), sql.Named("times", times))
	return err
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
		if _, err := tx.ExecContext(ctx, "DELETE FROM api_key WHERE id = $id", sql.Named("id", id)); err != nil {
			return err
		}
		return state.record(ctx, tx, costd.AuditKeyDelete, id, "")
	})
}

var errNoKey = costd.Errorf(costd.NotFound, "there is no such key")

// Key implements costd.Catalog.
func (db *DB) Key(ctx context.Context, id string) (costd.Key, error) {
	state, err := db.catalogNow(ctx)
	if err != nil {
		return costd.Key{}, err
	}
	key, exists := state.keys[id]
	if !exists {
		return costd.Key{}, errNoKey
	}
	return cloneKey(key), nil
}

// Keys implements costd.Catalog.
func (db *DB) Keys(ctx context.Context) ([]costd.Key, error) {
	state, err := db.catalogNow(ctx)
	if err != nil {
		return nil, err
	}
	return state.sortedKeys(), nil
}

// sortedKeys returns copies of the keys, ordered by ID.
func (s *catalogState) sortedKeys() []costd.Key {
	keys := make([]costd.Key, 0, len(s.keys))
	for _, id := range slices.Sorted(maps.Keys(s.keys)) {
		keys = append(keys, cloneKey(s.keys[id]))
	}
	return keys
}

// nanosOf returns a time as it is stored: nanoseconds, 0 for never.
func nanosOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// timeOf is the reverse of nanosOf.
func timeOf(number int64) time.Time {
	if number == 0 {
		return time.Time{}
	}
	return time.Unix(0, number).UTC()
}

// cloneKey returns a copy that shares nothing with key, its times being UTC.
func cloneKey(key costd.Key) costd.Key {
	key.Projects = append([]int64(nil), key.Projects...)
	key.Created, key.Expires, key.LastUsed = key.Created.UTC(), key.Expires.UTC(), key.LastUsed.UTC()
	return key
}

func scanKey(rows *sql.Rows) (key costd.Key, err error) {
	var projects, hash any
	var created, expires, used int64
	if err := rows.Scan(&key.ID, &key.Role, &key.ClientID, &projects, &hash, &created, &key.Name, &expires, &used); err != nil {
		return key, err
	}
	for _, project := range projects.([]any) {
		key.Projects = append(key.Projects, project.(int64))
	}
	copy(key.Hash[:], hash.([]byte))
	key.Created = time.Unix(0, created).UTC()
	key.Expires, key.LastUsed = timeOf(expires), timeOf(used)
	return key, nil
}
