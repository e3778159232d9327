package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"costd.dev/costd"
)

// Uses implements costd.Maintainer.
func (db *DB) Uses(ctx context.Context, horizon time.Time) (uses []costd.Use, err error) {
	defer costd.Wrap(&err, "duckdb.Uses")
	err = db.read(ctx, func(now *snapshot) error {
		uses, err = readAll(now, fmt.Sprintf(usesSQL, dimensionSQL()), scanUse, sql.Named("horizon", horizon.UnixNano()))
		return err
	})
	return uses, err
}

// usesSQL reads the records once, by their states, of which there are few.
const usesSQL = `
SELECT client_id, project_id, region_id, type, %s AS dimension, metric,
	min(first), arg_min(resource_id, (first, resource_id)), min(beyond)
FROM (
	SELECT state, min(day) AS first, min(record_day) FILTER (record_start > $horizon) AS beyond FROM part GROUP BY state
) seen
JOIN (SELECT number, resource, project_id, region_id, type, flavor, volume_type, file_share_type, instance_type FROM state) s ON s.number = seen.state
JOIN resource r ON r.number = s.resource
GROUP BY ALL ORDER BY client_id, project_id, type, region_id, dimension, metric`

func scanUse(rows *sql.Rows) (u costd.Use, err error) {
	err = rows.Scan(&u.ClientID, &u.ProjectID, &u.Line.RegionID, &u.Line.Type, &u.Line.Dimension, &u.Line.Metric,
		&u.First, &u.ResourceID, &u.Beyond)
	return u, err
}

// Used implements costd.Maintainer. What was deleted may be among it.
func (db *DB) Used(ctx context.Context, metrics []string) (lines []costd.Line, err error) {
	defer costd.Wrap(&err, "duckdb.Used")
	const query = `
		SELECT DISTINCT type, %s AS dimension, metric FROM state JOIN resource ON resource.number = state.resource
		WHERE metric IN (SELECT unnest($metrics::VARCHAR[])) ORDER BY ALL`
	err = db.read(ctx, func(now *snapshot) error {
		lines, err = readAll(now, fmt.Sprintf(query, dimensionSQL()), func(rows *sql.Rows) (l costd.Line, err error) {
			err = rows.Scan(&l.Type, &l.Dimension, &l.Metric)
			return l, err
		}, sql.Named("metrics", metrics))
		return err
	})
	return lines, err
}

// dimensionSQL returns the expression of the dimension of a state's line, by its type.
func dimensionSQL() string {
	types := map[costd.Field][]string{}
	for _, info := range costd.Types {
		if info.Dimension != "" {
			types[info.Dimension] = append(types[info.Dimension], quote(string(info.Type)))
		}
	}
	var b strings.Builder
	b.WriteString("CASE")
	for _, field := range slices.Sorted(maps.Keys(types)) {
		fmt.Fprintf(&b, " WHEN type IN (%s) THEN %s", strings.Join(types[field], ", "), field)
	}
	return b.String() + " ELSE '' END"
}

// UsedBy implements costd.Maintainer.
func (db *DB) UsedBy(ctx context.Context, commitments []costd.Commitment) (used []bool, err error) {
	defer costd.Wrap(&err, "duckdb.UsedBy")
	const query = `
		WITH wanted AS (
			SELECT unnest($places::BIGINT[]) AS place, unnest($clients::BIGINT[]) AS client_id, unnest($regions::BIGINT[]) AS region_id,
				unnest($types::VARCHAR[]) AS type, unnest($metrics::VARCHAR[]) AS metric, unnest($dimensions::VARCHAR[]) AS dimension
		), line AS (
			SELECT DISTINCT s.client_id, s.region_id, s.type, r.metric, %s AS dimension FROM state s JOIN resource r ON r.number = s.resource
			WHERE s.client_id IN (SELECT client_id FROM wanted) AND r.metric IN (SELECT metric FROM wanted)
		)
		SELECT place FROM wanted JOIN line USING (client_id, region_id, type, metric, dimension)`
	var places, clients, regions []int64
	var types, metrics, dimensions []string
	for i, c := range commitments {
		places, clients, regions = append(places, int64(i)), append(clients, c.ClientID), append(regions, c.RegionID)
		types, metrics, dimensions = append(types, string(c.Type)), append(metrics, c.Metric), append(dimensions, c.Dimension)
	}
	used = make([]bool, len(commitments))
	if len(commitments) == 0 {
		return used, nil
	}
	return used, db.read(ctx, func(now *snapshot) error {
		found, err := readAll(now, fmt.Sprintf(query, dimensionSQL()), func(rows *sql.Rows) (place int64, err error) {
			err = rows.Scan(&place)
			return place, err
		}, sql.Named("places", places), sql.Named("clients", clients), sql.Named("regions", regions),
			sql.Named("types", types), sql.Named("metrics", metrics), sql.Named("dimensions", dimensions))
		for _, place := range found {
			used[place] = true
		}
		return err
	})
}

// Refers implements costd.Maintainer. There are few states beside records, so that it
// looks for those first.
func (db *DB) Refers(ctx context.Context, r costd.Removal) (all []costd.Reference, err error) {
	defer costd.Wrap(&err, "duckdb.Refers")
	const query = `
		WITH referring AS (
			SELECT number, client_id, resource, 'clients' AS list, client_id AS id FROM state WHERE client_id IN (SELECT unnest($clients::BIGINT[]))
			UNION ALL SELECT number, client_id, resource, 'projects', project_id FROM state WHERE project_id IN (SELECT unnest($projects::BIGINT[]))
			UNION ALL SELECT number, client_id, resource, 'regions', region_id FROM state WHERE region_id IN (SELECT unnest($regions::BIGINT[]))
		), used AS (
			SELECT s.list, s.id, s.client_id, s.resource, min(p.day) AS day FROM part p JOIN referring s ON s.number = p.state AND s.client_id = p.client_id GROUP BY ALL
		)
		SELECT list, id, arg_min(used.client_id, (day, resource_id, used.client_id)), min(day), arg_min(resource_id, (day, resource_id, used.client_id))
		FROM used JOIN resource r ON r.number = used.resource GROUP BY list, id ORDER BY list, id`
	if len(r.Clients)+len(r.Projects)+len(r.Regions) == 0 {
		return nil, nil
	}
	err = db.read(ctx, func(now *snapshot) error {
		all, err = readAll(now, query, func(rows *sql.Rows) (f costd.Reference, err error) {
			err = rows.Scan(&f.List, &f.ID, &f.ClientID, &f.Day, &f.ResourceID)
			return f, err
		}, sql.Named("clients", numbersOf(r.Clients)), sql.Named("projects", numbersOf(r.Projects)), sql.Named("regions", numbersOf(r.Regions)))
		return err
	})
	return all, err
}

// numbersOf returns a list that is not nil, which the database would take for NULL.
func numbersOf(list []int64) []int64 { return append([]int64{}, list...) }
