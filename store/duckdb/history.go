package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"costd.dev/costd"
)

// maxVersions bounds the versions that one call of Versions returns.
const maxVersions = 10_000

// storeVersion adds a version to the history. Its time does not go back when the clock
// does.
func storeVersion(ctx context.Context, tx *sql.Tx, version int64, edits []edit) error {
	const addVersion = `
		INSERT INTO catalog_history
		SELECT $version, greatest($time, (SELECT max(time) FROM catalog_history)), $actor, $request, $entries`
	const addChanges = `
		INSERT INTO catalog_change
		SELECT $version, unnest($kinds::VARCHAR[]), unnest($keys::VARCHAR[]), unnest($before::VARCHAR[]), unnest($after::VARCHAR[])`
	actor := costd.ActorOf(ctx)
	if _, err := tx.ExecContext(ctx, addVersion, sql.Named("version", version), sql.Named("time", time.Now().UnixNano()),
		sql.Named("actor", actor.Name), sql.Named("request", actor.RequestID), sql.Named("entries", len(edits))); err != nil {
		return err
	}
	var c editColumns
	for _, e := range edits {
		c.add(e)
	}
	_, err := tx.ExecContext(ctx, addChanges, sql.Named("version", version),
		sql.Named("kinds", c.kinds), sql.Named("keys", c.keys), sql.Named("before", c.before), sql.Named("after", c.after))
	return err
}

// EntriesAt implements costd.Catalog. It goes back from the entries of today: of each
// entry that was changed since, it takes what the first such change found.
func (db *DB) EntriesAt(ctx context.Context, version int64) (entries costd.Entries, err error) {
	defer costd.Wrap(&err, "duckdb.EntriesAt")
	state, err := db.catalogOwned(ctx)
	if err != nil || version == state.version {
		return state.entriesOrNone(), err
	}
	if version > state.version {
		return entries, costd.Errorf(costd.NotFound, "the catalog has no version %d yet; the latest is %d", version, state.version)
	}
	const query = `
		SELECT kind, key, arg_min(before, version), arg_min(after, version) FROM catalog_change
		WHERE version > $version AND version <= $latest GROUP BY kind, key`
	err = db.read(ctx, func(now *snapshot) error {
		if err := wantKnown(now, version); err != nil {
			return err
		}
		edits, err := readAll(now, query, scanEdit, sql.Named("version", version), sql.Named("latest", state.version))
		if err != nil {
			return err
		}
		entries, err = undo(state.entries, edits)
		return err
	})
	return entries, err
}

// entriesOrNone returns the entries of a state that may be missing.
func (s *catalogState) entriesOrNone() (e costd.Entries) {
	if s != nil {
		e = s.entries
	}
	return e
}

// wantKnown returns NotFound for a version before the first one of the history.
func wantKnown(now *snapshot, version int64) error {
	var first, began int64
	err := now.tx.QueryRowContext(now.ctx, "SELECT version, time FROM catalog_history ORDER BY version LIMIT 1").Scan(&first, &began)
	if err != nil || version >= first {
		return err
	}
	return tooEarly(first, began)
}

func tooEarly(first, began int64) error {
	return costd.Errorf(costd.NotFound, "the history of the catalog begins with version %d, at %s; earlier changes were not kept, so ask for that version or a later one",
		first, timeOf(began).Format(time.RFC3339))
}

func scanEdit(rows *sql.Rows) (e edit, err error) {
	err = rows.Scan(&e.kind, &e.key, &e.before, &e.after)
	return e, err
}

// undo returns the entries as they were before the edits, of which each key has one.
func undo(entries costd.Entries, edits []edit) (costd.Entries, error) {
	var before, added []document
	for _, e := range edits {
		if e.before == "" {
			added = append(added, document{e.kind, e.key, e.after})
		} else {
			before = append(before, document{e.kind, e.key, e.before})
		}
	}
	set, err := entriesOf(before)
	if err != nil {
		return set, err
	}
	gone, err := entriesOf(added)
	if err != nil {
		return gone, err
	}
	removal := costd.Diff(gone, costd.Entries{}).Removed()
	return entries.With(entries.Effect(set).With(entries, removal)), nil
}

// VersionAt implements costd.Catalog.
func (db *DB) VersionAt(ctx context.Context, at time.Time) (version int64, err error) {
	defer costd.Wrap(&err, "duckdb.VersionAt")
	const query = "SELECT version FROM catalog_history WHERE time <= $time ORDER BY version DESC LIMIT 1"
	err = db.read(ctx, func(now *snapshot) error {
		err := now.tx.QueryRowContext(now.ctx, query, sql.Named("time", instantOf(at))).Scan(&version)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var first, began int64
		if err := now.tx.QueryRowContext(now.ctx, "SELECT version, time FROM catalog_history ORDER BY version LIMIT 1").Scan(&first, &began); err != nil {
			return err
		}
		return tooEarly(first, began)
	})
	return version, err
}

// instantOf returns a time as the history has it. Times that it cannot have are those of
// its ends: no version is later than now, and none is of before 1970.
func instantOf(at time.Time) int64 {
	switch {
	case at.Year() < 1970:
		return 0
	case at.After(time.Now()):
		return math.MaxInt64
	}
	return at.UnixNano()
}

// Versions implements costd.Catalog.
func (db *DB) Versions(ctx context.Context, since int64, entries int) (versions []costd.Version, err error) {
	defer costd.Wrap(&err, "duckdb.Versions")
	err = db.read(ctx, func(now *snapshot) error {
		if versions, err = readVersions(now, since, entries); err != nil || len(versions) == 0 {
			return err
		}
		return readChanges(now, versions)
	})
	return versions, err
}

// readVersions returns the versions after since, without their changes.
func readVersions(now *snapshot, since int64, entries int) ([]costd.Version, error) {
	const query = `
		SELECT version, time, actor, request_id FROM (
			SELECT *, sum(entries) OVER (ORDER BY version) AS together, row_number() OVER (ORDER BY version) AS place
			FROM catalog_history WHERE version > $since ORDER BY version LIMIT $most
		) WHERE together <= $entries OR place = 1 ORDER BY version`
	return readAll(now, query, func(rows *sql.Rows) (v costd.Version, err error) {
		var at int64
		err = rows.Scan(&v.Number, &at, &v.Actor.Name, &v.Actor.RequestID)
		v.Time = timeOf(at)
		return v, err
	}, sql.Named("since", since), sql.Named("most", maxVersions), sql.Named("entries", entries))
}

// readChanges adds their changes to versions that follow each other.
func readChanges(now *snapshot, versions []costd.Version) error {
	type versionEdit struct {
		version int64
		edit
	}
	const query = "SELECT version, kind, key, before, after FROM catalog_change WHERE version >= $first AND version <= $last"
	all, err := readAll(now, query, func(rows *sql.Rows) (e versionEdit, err error) {
		err = rows.Scan(&e.version, &e.kind, &e.key, &e.before, &e.after)
		return e, err
	}, sql.Named("first", versions[0].Number), sql.Named("last", versions[len(versions)-1].Number))
	if err != nil {
		return err
	}
	of := map[int64][]edit{}
	for _, e := range all {
		of[e.version] = append(of[e.version], e.edit)
	}
	for i := range versions {
		if versions[i].Changes, err = changesOf(of[versions[i].Number]); err != nil {
			return err
		}
	}
	return nil
}

// changesOf returns the changes that the edits make, ordered by key.
func changesOf(edits []edit) (costd.Changes, error) {
	var before, after []document
	for _, e := range edits {
		if e.before != "" {
			before = append(before, document{e.kind, e.key, e.before})
		}
		if e.after != "" {
			after = append(after, document{e.kind, e.key, e.after})
		}
	}
	was, err := entriesOf(before)
	if err != nil {
		return costd.Changes{}, err
	}
	is, err := entriesOf(after)
	return costd.Diff(was, is), err
}
