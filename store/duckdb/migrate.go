package duckdb

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"costd.dev/costd"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrations returns the scripts in the order of their numbers: the n-th of them
// turns schema n-1 into schema n. A script that was released never changes.
func migrations() ([]string, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	scripts := make([]string, len(names))
	for i, name := range names {
		script, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		scripts[i] = string(script)
	}
	return scripts, nil
}

// migrate brings the schema up to date, all or nothing, and refuses one that is
// newer than this program.
func (e *engine) migrate(ctx context.Context, options Options) error {
	scripts, err := migrations()
	if err != nil {
		return err
	}
	return e.transact(ctx, func(tx *sql.Tx) error {
		version, err := schemaVersion(ctx, tx)
		if err != nil {
			return err
		}
		if version > len(scripts) {
			return costd.Errorf(costd.Invalid, "the data folder %s has schema version %d, and this costd knows "+
				"versions up to %d; run the costd that wrote it, or a newer one", options.Path, version, len(scripts))
		}
		if version < 0 {
			return costd.Errorf(costd.Invalid, "the data folder %s has schema version %d, which no costd writes, so the database "+
				"was changed or is damaged; restore a backup", options.Path, version)
		}
		if version == len(scripts) {
			return nil
		}
		options.Logger.Info("migrating the store", "from", version, "to", len(scripts))
		for i, script := range scripts[version:] {
			if _, err := tx.ExecContext(ctx, script); err != nil {
				return fmt.Errorf("migration to schema version %d: %w", version+i+1, err)
			}
		}
		_, err = tx.ExecContext(ctx, "UPDATE schema_version SET version = ?", len(scripts))
		return err
	})
}

// schemaVersion returns the version of the schema, 0 in a new database.
func schemaVersion(ctx context.Context, tx *sql.Tx) (version int, err error) {
	const create = `
		CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL);
		INSERT INTO schema_version SELECT 0 WHERE NOT EXISTS (FROM schema_version)`
	if _, err := tx.ExecContext(ctx, create); err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, "SELECT version FROM schema_version").Scan(&version)
	return version, err
}
