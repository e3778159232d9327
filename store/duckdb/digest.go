package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"hash/maphash"
	"slices"

	"costd.dev/costd"
	usagedb "costd.dev/costd/usage/driver"
)

// A digest maps the hash of each identity that one client's day has or had, to the hash
// of what is stored of it. Without an entry the record is new. With the same content hash
// it is stored unchanged: the content includes the identity, so that two hashes of 64
// bits agree. For everything else, and for the content 0 of a deleted record, the
// database is asked.
type digest struct {
	stored map[uint64]uint64
	// unknown is set if the day has too many records to be digested.
	unknown bool
}

// Digests are those of the days that were written to last, so that neither new records
// nor repeated ones are looked for in the database. They are guarded by DB.writing.
type digests struct {
	recents[clientDay, *digest]
	seed maphash.Seed
	// scattered has the days without a digest of which a batch had few records.
	scattered map[clientDay]struct{}
}

const (
	// digestsBytes is the default limit of digests: a day of 100 million hourly
	// records a month fits.
	digestsBytes = 128 << 20
	// recordDigestBytes is about what a record takes in a digest.
	recordDigestBytes = 28
	emptyDigestBytes  = 256
	// manyRecords is how many records a batch must have of a day to read its digest.
	manyRecords = 8
	// maxScattered bounds the days that are remembered without a digest: some MB.
	maxScattered = 100_000
)

// newDigests returns digests within a number of bytes; less than 0 says that there are
// none.
func newDigests(limit int64) digests {
	return digests{newRecents[clientDay, *digest](limit), maphash.MakeSeed(), map[clientDay]struct{}{}}
}

// reset forgets everything.
func (d *digests) reset() { *d = newDigests(d.limit) }

func (d *digests) keep(k clientDay, g *digest) {
	d.put(k, g, emptyDigestBytes+recordDigestBytes*int64(len(g.stored)))
}

// load makes the digests that are missing of the days on which the stagings begin, as far
// as they are worth it.
func (d *digests) load(ctx context.Context, tx *sql.Tx, stagings []staging) error {
	if d.limit < 0 {
		return nil
	}
	d.trim()
	missing := d.worthReading(stagings)
	if len(missing) == 0 {
		return nil
	}
	if err := d.read(ctx, tx, missing); err != nil {
		return err
	}
	for k, g := range missing {
		d.keep(k, g)
	}
	return nil
}

// worthReading returns empty digests for the days that have none and of which the batch has
// many records, or of which an earlier batch had some. A few records scattered over many
// days, as corrections are, are asked of the database instead: to read all that is stored
// of their days would take a thousand times as long.
func (d *digests) worthReading(stagings []staging) map[clientDay]*digest {
	records := map[clientDay]int{}
	for i := range stagings {
		if k := stagings[i].clientDay(); records[k] > 0 || d.get(k) == nil {
			records[k]++
		}
	}
	if len(d.scattered) > maxScattered {
		clear(d.scattered)
	}
	worth := map[clientDay]*digest{}
	for k, n := range records {
		if _, again := d.scattered[k]; again || n >= manyRecords {
			worth[k] = &digest{stored: map[uint64]uint64{}}
			delete(d.scattered, k)
		} else {
			d.scattered[k] = struct{}{}
		}
	}
	return worth
}

// digestSQL reads the parts of days of clients. The bounds let whole blocks be passed over.
const digestSQL = `
SELECT client_id, record_day, id, resource, record_start, day, state, part_start, part_end,
	(units >> 64)::UBIGINT, (units & 18446744073709551615)::UBIGINT, grid
FROM part SEMI JOIN (SELECT unnest($clients::BIGINT[]) AS client_id, unnest($days::INTEGER[]) AS record_day) wanted
	USING (client_id, record_day)
WHERE client_id BETWEEN %d AND %d AND record_day BETWEEN %d AND %d`

// read fills digests with what is stored. Those of which there is too much are left
// unknown, lest a few days fill the memory of all.
func (d *digests) read(ctx context.Context, tx *sql.Tx, of map[clientDay]*digest) error {
	var clients []int64
	var days []int32
	for k := range of {
		clients, days = append(clients, k.client), append(days, int32(k.day))
	}
	query := fmt.Sprintf(digestSQL, slices.Min(clients), slices.Max(clients), slices.Min(days), slices.Max(days))
	rows, err := tx.QueryContext(ctx, query, sql.Named("clients", clients), sql.Named("days", days))
	if err != nil {
		return err
	}
	defer rows.Close()
	room := d.limit
	var upper, lower uint64
	for rows.Next() {
		var k clientDay
		var i storedIdentity
		var p storedPart
		if err := rows.Scan(&k.client, &k.day, &i.id, &i.resource, &i.start, &p.day, &p.state, &p.start, &p.end,
			&upper, &lower, &p.grid); err != nil {
			return err
		}
		p.units = usagedb.AmountOfWords(0, upper, lower)
		g := of[k]
		if g == nil || g.unknown {
			continue
		}
		if room -= recordDigestBytes; room < 0 {
			g.stored, g.unknown = nil, true
			continue
		}
		if p.recordStart = i.start; i.id != "" {
			i.resource, i.start = 0, 0
		}
		i.clientDay = k
		p.identity = maphash.Comparable(d.seed, i)
		g.stored[p.identity] += maphash.Comparable(d.seed, p)
	}
	return rows.Err()
}

// A storedIdentity is an identity by the number of its resource.
type storedIdentity struct {
	clientDay
	id              string
	resource, start int64 // 0 if there is an id
}

// A storedPart is a part of a record with all that is stored of it.
type storedPart struct {
	identity           uint64
	recordStart, state int64
	day                costd.Day
	start, end         int64
	units              usagedb.Amount
	grid               costd.Grid
}

// identity returns the hash of what the staging is known by.
func (d *digests) identity(s *staging) uint64 {
	return maphash.Comparable(d.seed, storedIdentity{s.clientDay(), s.id, s.key, s.start})
}

// content returns the hash of what is stored of a record, which is the sum over its
// parts, as they come in any order.
func (d *digests) content(identity uint64, r *costd.Record, of *state) (sum uint64) {
	p := storedPart{identity: identity, recordStart: r.Start.UnixNano(), state: of.Number}
	for i := range r.Parts {
		part := &r.Parts[i]
		p.day, p.start, p.end = part.Day, part.Start.UnixNano(), part.End.UnixNano()
		p.units, p.grid = usagedb.AmountOf(part.Quantity.Units), part.Quantity.Grid
		sum += maphash.Comparable(d.seed, p)
	}
	return sum
}

// find returns what is stored of s. sure is false if only the database can tell.
func (d *digests) find(s *staging) (f finding, sure bool) {
	g := d.get(s.clientDay())
	if g == nil || g.unknown {
		return f, false
	}
	s.hash = d.identity(s)
	stored, known := g.stored[s.hash]
	if !known {
		return f, true
	}
	if r := s.history.first(); r.Deleted || !s.single() || stored != d.content(s.hash, r, s.first) {
		return f, false
	}
	return finding{known: true, same: true}, true
}

// note says what has been committed. Identities stay, even of what was deleted: with
// two of one hash, that of the other must not be taken to be new.
func (d *digests) note(c *changeSet) {
	changed := map[clientDay]*digest{}
	var last clientDay // most often it is the same one
	for i := range c.stagings {
		s := &c.stagings[i]
		if c.keeps(i) {
			continue
		}
		g := d.get(s.clientDay())
		if g == nil || g.unknown {
			continue
		}
		content := uint64(0) // says that the database has to be asked
		if r := s.history.last(); !r.Deleted {
			content = d.content(s.hash, r, s.stored())
		}
		g.stored[s.hash] = content
		if k := s.clientDay(); k != last || len(changed) == 0 {
			changed[k] = g
			last = k
		}
	}
	for k, g := range changed {
		d.keep(k, g)
	}
}
