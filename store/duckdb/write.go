package duckdb

import (
	"context"
	"database/sql"
	"hash/maphash"
	"maps"
	"slices"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// Write implements driver.DB. It compares each record with what is stored: first
// with the digests in memory, then, for the rest, by one query. One statement deletes the
// parts that are replaced, and one append adds those that are new. If nothing changes,
// nothing is written. Of several records with one identity in the batch, only the first is
// compared with what is stored and only the last is stored; their outcomes are those of
// writing them one by one.
func (db *DB) Write(ctx context.Context, records []costd.Record) (_ []costd.Outcome, err error) {
	defer costd.Wrap(&err, "duckdb.Write")
	if len(records) > costd.MaxBatch {
		return nil, costd.Errorf(costd.TooLarge, "a batch has at most %d records, not %d; split it", costd.MaxBatch, len(records))
	}
	for i := range records {
		if err := check(&records[i]); err != nil {
			return nil, err
		}
	}
	histories := group(records)
	var outcomes []costd.Outcome
	var numbers *numbering
	var changes *changeSet
	err = db.writeThen(ctx, func(tx *sql.Tx) (err error) {
		numbers = newNumbering(&db.dictionary)
		changes, err = db.apply(ctx, tx, histories, numbers)
		if err == nil && changes.commit == 0 {
			return errNothingToWrite
		}
		return err
	}, func() {
		numbers.commit()
		outcomes = play(len(records), histories, changes.stored)
		if changes.commit > 0 {
			db.touched.note(changes.days)
			db.digests.note(changes)
			db.journal.note(changes)
		}
	})
	if err != nil {
		return nil, err
	}
	return outcomes, nil
}

// A history is the records of one identity within a batch, in order.
type history struct {
	identity
	records []*costd.Record
	indexes []int // of the records in the batch
}

func (h *history) first() *costd.Record { return h.records[0] }
func (h *history) last() *costd.Record  { return h.records[len(h.records)-1] }

// single reports whether the history begins and ends with the same content.
func (h *history) single() bool {
	return h.first() == h.last() || sameContent(h.first(), h.last())
}

// group returns the histories of a batch in the order of their first records.
func group(records []costd.Record) []history {
	histories := make([]history, 0, len(records))
	numbers := make(map[uint64]int, len(records)) // by the hash of the identity, or the next one that is free
	seed := maphash.MakeSeed()
	// One array serves all histories of one record, which are nearly all.
	pointers, indexes := make([]*costd.Record, len(records)), make([]int, len(records))
	for i := range records {
		r := &records[i]
		k := identify(r)
		hash := maphash.Comparable(seed, k)
		n, known := numbers[hash]
		for known && histories[n].identity != k {
			hash++
			n, known = numbers[hash]
		}
		if known {
			h := &histories[n]
			h.records, h.indexes = append(h.records, r), append(h.indexes, i)
			continue
		}
		numbers[hash] = len(histories)
		pointers[i], indexes[i] = r, i
		histories = append(histories, history{identity: k, records: pointers[i : i+1 : i+1], indexes: indexes[i : i+1 : i+1]})
	}
	return histories
}

// A finding says what the store had of an identity before the batch.
type finding struct {
	known bool
	same  bool // with the content of the history's first record
}

// play returns the outcome of every record of the batch.
func play(n int, histories []history, stored []finding) []costd.Outcome {
	outcomes := make([]costd.Outcome, n)
	for i := range histories {
		h := &histories[i]
		known, same := stored[i].known, stored[i].same
		for j, r := range h.records {
			if j > 0 {
				previous := h.records[j-1]
				known, same = !previous.Deleted, sameContent(previous, r)
			}
			outcomes[h.indexes[j]] = outcome(r.Deleted, known, same)
		}
	}
	return outcomes
}

func outcome(deletion, known, same bool) costd.Outcome {
	switch {
	case deletion && known:
		return costd.Deleted
	case deletion, known && same:
		return costd.Unchanged
	case known:
		return costd.Replaced
	}
	return costd.Accepted
}

// sameContent reports whether two records of one identity are stored the same.
func sameContent(a, b *costd.Record) bool {
	return !a.Deleted && !b.Deleted &&
		a.ProjectID == b.ProjectID && a.RegionID == b.RegionID && a.Type == b.Type &&
		a.ResourceID == b.ResourceID && a.Metric == b.Metric && a.Flavor == b.Flavor && a.Name == b.Name &&
		a.Start.Equal(b.Start) && a.Attributes == b.Attributes &&
		sameSize(a.Size, b.Size) && maps.Equal(a.Tags, b.Tags) && slices.EqualFunc(a.Parts, b.Parts, samePart)
}

func sameSize(a, b *decimal.Decimal) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

func samePart(a, b costd.Part) bool {
	return a.Day == b.Day && a.Start.Equal(b.Start) && a.End.Equal(b.End) &&
		a.Quantity.Grid == b.Quantity.Grid && a.Quantity.Units.Cmp(b.Quantity.Units) == 0
}

// countSQL numbers the commit: it is greater than every revision that was given before.
const countSQL = "UPDATE commit_count SET number = greatest(number, $issued) + 1 RETURNING number"

// apply stores the last record of every history and returns what that changes. If
// all is stored as it should be it writes nothing.
func (db *DB) apply(ctx context.Context, tx *sql.Tx, histories []history, numbers *numbering) (c *changeSet, err error) {
	c = &changeSet{}
	if len(histories) == 0 {
		return c, nil
	}
	if c.stagings, err = numbers.number(ctx, tx, db.engine.writer, histories); err != nil {
		return nil, err
	}
	if c.stored, err = db.find(ctx, tx, c.stagings); err != nil {
		return nil, err
	}
	if err := db.store(ctx, tx, c, numbers); err != nil || c.commit == 0 {
		return c, err
	}
	c.days = c.touched()
	return c, db.touched.unroll(ctx, tx, c.days)
}

// store replaces what is stored of the histories by their last records, unless
// that is the same. New numbers are stored first, if anything is.
func (db *DB) store(ctx context.Context, tx *sql.Tx, c *changeSet, numbers *numbering) (err error) {
	var removed []*staging
	var rows []partRow
	for i := range c.stagings {
		if s := &c.stagings[i]; !c.keeps(i) {
			if c.stored[i].known {
				removed = append(removed, s)
			}
			rows = s.appendRows(rows)
		}
	}
	if len(removed) == 0 && len(rows) == 0 {
		return nil
	}
	if err := numbers.store(ctx, db.engine.writer); err != nil {
		return err
	}
	if len(removed) > 0 {
		if c.removed, err = remove(ctx, tx, removed); err != nil {
			return err
		}
	}
	if err := appendRows(ctx, db.engine.writer, "", "part", inOrder(rows), new(partAppender).append); err != nil {
		return err
	}
	return tx.QueryRowContext(ctx, countSQL, sql.Named("issued", db.journal.last())).Scan(&c.commit)
}
