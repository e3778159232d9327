package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"

	"costd.dev/costd"
	usagedb "costd.dev/costd/usage/driver"
)

// maxBuilds bounds the concurrent reads of days. Their memory is counted only when they end.
const maxBuilds = 2

// maxRetries is how often a read is repeated because the journal was reset during it.
const maxRetries = 5

// Daily implements driver.DB. If parts were only added, the journal has them. Else the days
// that changed are read from a snapshot, once the journal has every commit that it shows.
func (db *DB) Daily(ctx context.Context, clientID int64, months []usagedb.Since) (deltas []usagedb.Delta, err error) {
	if err := db.usable(ctx); err != nil {
		return nil, err
	}
	db.journal.follow(clientID, months)
	deltas, stale := db.journal.since(clientID, months, 0)
	if !stale {
		return deltas, nil
	}
	leave, err := db.build(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	for range maxRetries {
		epoch := db.journal.epoch()
		if deltas, err = db.readDaily(ctx, clientID, months); err != nil || db.journal.epoch() == epoch {
			return deltas, err
		}
	}
	return nil, unavailable(nil, "the database was interrupted; try again")
}

// build waits until fewer than maxBuilds reads of days are under way. leave ends the read.
func (db *DB) build(ctx context.Context) (leave func(), err error) {
	select {
	case db.builds <- struct{}{}:
		return func() { <-db.builds }, nil
	case <-ctx.Done():
		return nil, storeError(ctx.Err())
	}
}

// usable returns an error if the store is closed, its folder is not its own any more, or
// the context has ended.
func (db *DB) usable(ctx context.Context) error {
	if db.isClosed() {
		return errClosed
	}
	if err := db.own(); err != nil {
		return err
	}
	return storeError(ctx.Err())
}

// readDaily returns the deltas as of a snapshot.
func (db *DB) readDaily(ctx context.Context, client int64, months []usagedb.Since) (deltas []usagedb.Delta, err error) {
	err = db.read(ctx, func(now *snapshot) error {
		commit, err := db.told(now)
		if err != nil {
			return err
		}
		deltas, _ = db.journal.since(client, months, commit)
		for i := range months {
			l := loader{delta: &deltas[i], client: client, knows: months[i].Knows, room: months[i].Room}
			if err := l.read(now); err != nil {
				return err
			}
			db.counts.daysRead.Add(int64(len(deltas[i].Days)))
		}
		return nil
	})
	return deltas, err
}

// told returns the number of the last commit that the snapshot shows. It waits until the
// journal has that commit: otherwise a report from the snapshot could be followed by one from
// the journal that shows less.
func (db *DB) told(now *snapshot) (commit int64, err error) {
	if err := now.tx.QueryRowContext(now.ctx, "SELECT number FROM commit_count").Scan(&commit); err != nil {
		return 0, err
	}
	return commit, db.journal.wait(now.ctx, commit)
}

// A loader reads days of a client-month.
type loader struct {
	delta  *usagedb.Delta // gets the sums of its days
	client int64
	knows  func(state int64) bool
	room   int64 // bytes that there may be more
}

// read reads the sums, and the states that they need. The error is driver.ErrTooLarge if
// there is no room for them.
func (l *loader) read(now *snapshot) error {
	if len(l.delta.Days) == 0 {
		return nil
	}
	l.delta.States = map[int64]*usagedb.State{}
	rolled, others, err := rolledDays(now, l.client, l.delta.Days)
	if err != nil {
		return err
	}
	if err := l.readFrom(now, "rollup", rolled); err != nil {
		return err
	}
	if err := l.readFrom(now, "summed_part", others); err != nil {
		return err
	}
	bytes, err := readStates(now, l.client, l.delta.States)
	if l.room -= bytes; err == nil && l.room < 0 {
		err = usagedb.ErrTooLarge
	}
	return err
}

// sumColumns are the columns of a sum that readSum reads, from a table or view of roll-ups. The
// units come as three words of 64 bits: the database's whole numbers have 128 at most.
const sumColumns = `day, state, grid,
	((upper_half + (lower_half >> 64)) >> 64)::UBIGINT, ((upper_half + (lower_half >> 64)) & 18446744073709551615)::UBIGINT,
	(lower_half & 18446744073709551615)::UBIGINT, first_start, last_end, record_start, id`

func readSum(row []driver.Value) usagedb.Sum {
	return usagedb.Sum{
		Day: costd.Day(row[0].(int32)), State: row[1].(int64), Grid: costd.Grid(row[2].(uint8)),
		Units: usagedb.AmountOfWords(row[3].(uint64), row[4].(uint64), row[5].(uint64)),
		First: row[6].(int64), Seen: usagedb.Seen{End: row[7].(int64), Start: row[8].(int64), ID: row[9].(string)},
	}
}

// readFrom reads the sums of days from a table or view of roll-ups.
func (l *loader) readFrom(now *snapshot, table string, days []costd.Day) error {
	if len(days) == 0 {
		return nil
	}
	const query = "SELECT " + sumColumns + " FROM %s WHERE client_id = %d AND %s"
	return now.each(fmt.Sprintf(query, table, l.client, dayIn(days)), func(row []driver.Value) error {
		s := readSum(row)
		if l.room -= usagedb.SumBytes; l.room < 0 {
			return usagedb.ErrTooLarge
		}
		l.delta.Sums = append(l.delta.Sums, s)
		if !l.knows(s.State) {
			l.delta.States[s.State] = nil
		}
		return nil
	})
}

// stateColumns are the columns of a state that scanState reads.
const stateColumns = `project_id, region_id, type, flavor, name, size,
	volume_type, file_share_type, instance_type, ip_address, attached_to_vm, port_id, network_id, subnet_id,
	vm_id, instance_name, source_volume_uuid, schedule_id, size_unit, tags`

const statesSQL = `
SELECT s.number, s.resource, r.resource_id, r.metric, ` + stateColumns + `
FROM state s
JOIN (SELECT unnest($numbers::BIGINT[]) AS number) wanted ON s.number = wanted.number
JOIN resource r ON r.number = s.resource AND r.client_id = s.client_id
WHERE s.client_id = $client`

// readStates reads the states of a client that the map has as nil, and returns about how
// many bytes they take.
func readStates(now *snapshot, client int64, states map[int64]*usagedb.State) (bytes int64, err error) {
	if len(states) == 0 {
		return 0, nil
	}
	numbers := slices.Sorted(maps.Keys(states))
	_, err = readAll(now, statesSQL, func(rows *sql.Rows) (none struct{}, err error) {
		s, err := scanState(rows)
		if err == nil {
			states[s.Number] = &s.State
			bytes += s.Bytes() + usagedb.StateBytes
		}
		return none, err
	}, sql.Named("client", client), sql.Named("numbers", numbers))
	for number, s := range states {
		if err == nil && s == nil {
			err = fmt.Errorf("client %d has parts of state %d, which there is not", client, number)
		}
	}
	return bytes, err
}

// scanState reads a state and what precedes its columns: first the values that are
// given, then its number and the number, id and metric of its resource.
func scanState(rows *sql.Rows, before ...any) (*state, error) {
	s := &state{resource: &resource{}}
	var size any
	var tags string
	values := append(before, &s.Number, &s.resource.number, &s.ResourceID, &s.Metric, &s.ProjectID, &s.RegionID, &s.Type, &s.Flavor, &s.Name, &size)
	for _, attribute := range s.Attributes.Fields() {
		values = append(values, attribute.Value)
	}
	err := rows.Scan(append(values, &tags)...)
	if err != nil {
		return nil, err
	}
	if s.Size, err = decodeSize(size); err != nil {
		return nil, err
	}
	s.Tags, err = decodeTags(tags)
	s.own()
	return s, err
}
