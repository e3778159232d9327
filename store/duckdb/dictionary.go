package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"hash/maphash"
	"slices"

	"costd.dev/costd"
)

// A dictionary knows the numbers of resources and states that were written recently,
// so that most batches need not ask the database. The write token guards it.
type dictionary struct {
	recents[resourceKey, *resource]
	// The greatest numbers that were given.
	lastResource, lastState int64
	// known has a hash of every resource there is, so that one of another hash is new;
	// nil if there are too many, or they have not been read yet.
	known map[uint64]struct{}
	seed  maphash.Seed
	// arrived has the resources that were stored while fillDictionary reads the others;
	// nil when it does not read.
	arrived map[resourceKey]struct{}
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
	if d.arrived != nil {
		d.arrived[k] = struct{}{}
	}
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

// load reads the greatest numbers, and forgets the rest. If that fails nothing changes,
// so that a dictionary that is lost still is.
func (d *dictionary) load(ctx context.Context, tx *sql.Tx) error {
	next := newDictionary()
	err := tx.QueryRowContext(ctx, "SELECT (SELECT COALESCE(max(number), 0) FROM resource), (SELECT COALESCE(max(number), 0) FROM state)").
		Scan(&next.lastResource, &next.lastState)
	if err == nil {
		*d = next
	}
	return err
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

// merge adds what was read of the database while the dictionary was in use. What the
// dictionary remembers itself is newer and stays.
func (d *dictionary) merge(read *dictionary) {
	d.known = read.known
	for k := range d.arrived {
		d.know(k)
	}
	for k, item := range d.items {
		read.put(k, item.value, item.bytes)
	}
	read.limit = d.limit
	d.recents = read.recents
	d.trim()
}

// fillDictionary reads which resources there are into the dictionary. It does not hold
// the write token while it reads, which takes seconds in a large store, so that writes
// need not wait; until it ends they look up in the database what they do not know.
func (db *DB) fillDictionary() {
	now, read, err := db.beginFill()
	if err != nil {
		return // the store is closed or has no database: nothing to read in advance
	}
	db.finishFill(now, read)
}

// finishFill reads the snapshot into the empty dictionary, and adds that to the one in use.
func (db *DB) finishFill(now *snapshot, read *dictionary) {
	err := read.fill(now)
	now.release()
	if db.acquire(db.closing) != nil {
		return
	}
	defer func() { <-db.writing }()
	d := &db.dictionary
	if d.seed != read.seed {
		return // the database was opened again, and is being read again
	}
	if err == nil {
		d.merge(read)
	} else {
		db.options.Logger.Warn("numbers could not be read in advance; they will be looked up", "error", err)
	}
	d.arrived = nil
}

// beginFill returns a snapshot and an empty dictionary to read it into, and notes from
// this snapshot on which resources arrive. It does not open the database again if that
// has failed, because it holds the write token that doing so needs.
func (db *DB) beginFill() (*snapshot, *dictionary, error) {
	if err := db.acquire(db.closing); err != nil {
		return nil, nil, err
	}
	defer func() { <-db.writing }()
	now, _, err := db.tryBegin(db.closing, (*engine).ownPool)
	if err != nil {
		return nil, nil, err
	}
	d := &db.dictionary
	d.arrived = map[resourceKey]struct{}{}
	return now, &dictionary{recents: newRecents[resourceKey, *resource](d.limit), seed: d.seed}, nil
}

// keep remembers a resource that has a number.
func (d *dictionary) keep(r *resource) {
	bytes := int64(256 + len(r.id) + len(r.metric))
	for _, s := range r.recent {
		bytes += s.Bytes()
	}
	d.put(r.resourceKey, r, bytes)
}

// remember makes s, which has a number, the latest state of its resource.
func (d *dictionary) remember(s *state) {
	r := s.resource
	r.recent = slices.DeleteFunc(r.recent, func(t *state) bool { return t.Number == s.Number })
	r.recent = slices.Insert(r.recent, 0, s)
	r.recent = r.recent[:min(len(r.recent), recentStates)]
	d.keep(r)
}
