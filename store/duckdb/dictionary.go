package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"hash/maphash"
	"slices"

	"costd.dev/costd"
)

// A dictionary knows the numbers of resources and states that were written of late,
// so that most batches need not ask the database. It is used by who holds writing.
type dictionary struct {
	recents[resourceKey, *resource]
	// The greatest numbers that were given.
	lastResource, lastState int64
	// known has a hash of every resource there is, so that one of another hash is new;
	// nil if there are too many, or they have not been read yet.
	known map[uint64]struct{}
	seed  maphash.Seed
	// lost says that it is not known what was committed last.
	lost bool
}

const (
	// dictionaryBytes is the default limit of a dictionary: the resources of
	// 100 million hourly records a month fit.
	dictionaryBytes = 128 << 20
	// maxKnown bounds the hashes of resources, which take some 20 bytes each.
	maxKnown = 1_000_000
	// recentStates is how many states of a resource are remembered: more than one,
	// as records of two states may arrive in turn.
	recentStates = 3
)

func newDictionary() dictionary {
	return dictionary{recents: newRecents[resourceKey, *resource](dictionaryBytes), seed: maphash.MakeSeed()}
}

// know takes note that there is a resource.
func (d *dictionary) know(k resourceKey) {
	if len(d.known) == maxKnown {
		d.known = nil
	}
	if d.known != nil {
		d.known[maphash.Comparable(d.seed, k)] = struct{}{}
	}
}

// isNew reports whether it is sure that there is no such resource yet.
func (d *dictionary) isNew(k resourceKey) bool {
	_, known := d.known[maphash.Comparable(d.seed, k)]
	return d.known != nil && !known
}

// load reads the greatest numbers, and forgets the rest.
func (d *dictionary) load(ctx context.Context, tx *sql.Tx) error {
	*d = newDictionary()
	return tx.QueryRowContext(ctx, "SELECT (SELECT COALESCE(max(number), 0) FROM resource), (SELECT COALESCE(max(number), 0) FROM state)").
		Scan(&d.lastResource, &d.lastState)
}

// fill learns which resources there are, and remembers them: all, or if there is no
// room for so many, those that sent usage last.
func (d *dictionary) fill(now *snapshot) error {
	const count = "SELECT (SELECT count(*) FROM resource), (SELECT count(*) FROM state), (SELECT COALESCE(max(day), 0) FROM client_day)"
	var resources, states int64
	var last costd.Day
	if err := now.tx.QueryRowContext(now.ctx, count).Scan(&resources, &states, &last); err != nil {
		return err
	}
	if resources > maxKnown {
		return nil
	}
	known := make(map[uint64]struct{}, resources)
	if _, err := readAll(now, "SELECT client_id, resource_id, metric FROM resource", func(rows *sql.Rows) (none struct{}, err error) {
		var k resourceKey
		err = rows.Scan(&k.client, &k.id, &k.metric)
		known[maphash.Comparable(d.seed, k)] = none
		return none, err
	}); err != nil {
		return err
	}
	d.known = known
	const typicalBytes, manyStates = 1 << 10, 8
	if states > manyStates*(resources+1) {
		return nil
	}
	room, which := d.limit/typicalBytes, "true"
	if resources > room {
		which = fmt.Sprintf("number IN (SELECT resource FROM part WHERE record_day >= %d)", last-1)
	}
	return d.learn(now, fmt.Sprintf("%s ORDER BY number DESC LIMIT %d", which, max(room, 0)))
}

// learn remembers the resources that SQL says after WHERE, and their latest states.
func (d *dictionary) learn(now *snapshot, which string) error {
	all, err := readAll(now, "SELECT number, client_id, resource_id, metric FROM resource WHERE "+which, scanNumbered)
	if err != nil {
		return err
	}
	if err := readRecentStates(now, all); err != nil {
		return err
	}
	d.recents = newRecents[resourceKey, *resource](d.limit)
	for _, r := range all {
		d.keep(r)
	}
	d.trim()
	return nil
}

// keep remembers a resource that has a number.
func (d *dictionary) keep(r *resource) {
	bytes := int64(256 + len(r.id) + len(r.metric))
	for _, s := range r.recent {
		bytes += s.bytes()
	}
	d.put(r.resourceKey, r, bytes)
}

// remember makes s, which has a number, the latest state of its resource.
func (d *dictionary) remember(s *state) {
	r := s.resource
	r.recent = slices.DeleteFunc(r.recent, func(t *state) bool { return t.number == s.number })
	r.recent = slices.Insert(r.recent, 0, s)
	r.recent = r.recent[:min(len(r.recent), recentStates)]
	d.keep(r)
}
