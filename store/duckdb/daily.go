package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"slices"

	"costd.dev/costd"
	"costd.dev/costd/usage"
	usagedb "costd.dev/costd/usage/driver"
)

// load reads the aggregate of m from the database. The caller holds building.
func (db *DB) load(ctx context.Context, m *liveMonth) error {
	p := m.month.Period()
	days := make([]costd.Day, 0, p.Days())
	for day := p.From; day < p.To; day++ {
		days = append(days, day)
	}
	if err := db.reload(ctx, m, days); err != nil {
		return err
	}
	m.aggregate = m.builder.Finish()
	db.live.built(m, false)
	return nil
}

// reload reads days of m again, in order, from the database, and waits until all
// that it saw there was told. The caller holds building. Reads wait for each other:
// their memory is not counted yet.
func (db *DB) reload(ctx context.Context, m *liveMonth, days []costd.Day) error {
	select {
	case db.live.builds <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-db.live.builds }()
	l := loader{liveMonth: m, days: days, room: db.live.largest() - m.builder.Bytes()}
	if err := db.read(ctx, l.read); err != nil {
		return err
	}
	db.counts.daysRead.Add(int64(len(days)))
	if l.room < 0 {
		m.builder, m.aggregate = usage.NewBuilder(m.month), nil
		db.live.built(m, true)
		return errNoAggregate
	}
	if err := db.live.wait(ctx, l.commit); err != nil {
		return err
	}
	m.builder.Replace(days, l.commit, l.sums, l.states)
	return nil
}

// A loader reads days of a client-month.
type loader struct {
	*liveMonth
	days   []costd.Day
	commit int64 // as of which
	sums   []usagedb.Sum
	states map[int64]*usagedb.State // those of the sums that the builder does not know
	room   int64                    // bytes that there may be more; less than 0 if there are too many
}

// read reads the entries and the states that they need.
func (l *loader) read(now *snapshot) error {
	if err := now.tx.QueryRowContext(now.ctx, "SELECT number FROM commit_count").Scan(&l.commit); err != nil {
		return err
	}
	if err := l.readEntries(now); err != nil || l.room < 0 {
		return err
	}
	return l.readStates(now)
}

// entriesSQL reads entries from a table or view of roll-ups.
const entriesSQL = `
SELECT day, state, grid, upper_half, lower_half, first_start, last_end, record_start, id
FROM %s WHERE client_id = %d AND day BETWEEN %d AND %d AND day IN (%s)`

// readEntries reads the roll-ups of the days that have one, and of the others adds
// up the parts.
func (l *loader) readEntries(now *snapshot) error {
	l.states = map[int64]*usagedb.State{}
	rolled, others, err := rolledDays(now, l.client, l.days)
	if err != nil {
		return err
	}
	if err := l.readFrom(now, "rollup", rolled); err != nil {
		return err
	}
	return l.readFrom(now, "summed_part", others)
}

func (l *loader) readFrom(now *snapshot, table string, days []costd.Day) error {
	if len(days) == 0 {
		return nil
	}
	rows, err := now.tx.QueryContext(now.ctx, fmt.Sprintf(entriesSQL, table, l.client, slices.Min(days), slices.Max(days), literals(days)))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() && l.room >= 0 {
		var e usagedb.Sum
		var upper, lower *big.Int
		if err := rows.Scan(&e.Day, &e.State, &e.Grid, &upper, &lower, &e.First, &e.End, &e.Start, &e.ID); err != nil {
			return err
		}
		e.Units = usagedb.AmountOf(upper.Add(upper.Lsh(upper, 64), lower))
		l.sums = append(l.sums, e)
		l.room -= usage.EntryBytes
		if !l.builder.Knows(e.State) {
			l.states[e.State] = nil
		}
	}
	return rows.Err()
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

func (l *loader) readStates(now *snapshot) error {
	numbers := make([]int64, 0, len(l.states))
	for number := range l.states {
		numbers = append(numbers, number)
	}
	if len(numbers) == 0 {
		return nil
	}
	slices.Sort(numbers)
	rows, err := now.tx.QueryContext(now.ctx, statesSQL, sql.Named("client", l.client), sql.Named("numbers", numbers))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() && l.room >= 0 {
		s, err := scanState(rows)
		if err != nil {
			return err
		}
		l.states[s.Number] = &s.State
		l.room -= s.Bytes() + usage.CellBytes
	}
	if err := rows.Err(); err != nil || l.room < 0 {
		return err
	}
	for number, s := range l.states {
		if s == nil {
			return fmt.Errorf("client %d has parts of state %d, which there is not", l.client, number)
		}
	}
	return nil
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
