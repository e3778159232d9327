package importer

import (
	"cmp"
	"slices"

	"costd.dev/costd"
)

// A Warning counts records that were taken and most likely have a mistake of one kind.
type Warning struct {
	Kind    costd.WarningKind
	Count   int64
	File    string // of the first of them, as in Row
	Number  int64  // likewise
	ID      string // likewise
	Message string // what is wrong with the first of them: the field and the remedy
}

// A tally is what became of records so far.
type tally struct {
	Summary
	warnings []Warning // each kind once
}

// A placedWarning is a warning with the place of its first row in a batch.
type placedWarning struct {
	place int
	Warning
}

// warnings adds those of the answer to a list.
func (q *request) warnings(list []placedWarning) ([]placedWarning, error) {
	for _, w := range q.Warnings {
		from, err := q.origin(w.Example.Index)
		if err != nil {
			return list, err
		}
		list = append(list, placedWarning{from.place, Warning{w.Kind, int64(w.Count), from.file, from.number, w.Example.ID, w.Message}})
	}
	return list, nil
}

// origin returns where the record at a place of the request came from.
func (q *request) origin(index int) (origin, error) {
	if index < 0 || index >= len(q.rows) {
		return origin{}, costd.Errorf(costd.Internal, "the server names record %d of a request of %d; is it a costd server?", index, len(q.rows))
	}
	return q.rows[index], nil
}

// warn adds the warnings of a batch. The first row of a kind is that of the earliest
// batch, and the earliest one in it.
func (t *tally) warn(batch []placedWarning) {
	slices.SortStableFunc(batch, func(a, b placedWarning) int { return cmp.Compare(a.place, b.place) })
	for _, w := range batch {
		same := slices.IndexFunc(t.warnings, func(other Warning) bool { return other.Kind == w.Kind })
		if same < 0 {
			t.warnings = append(t.warnings, w.Warning)
			continue
		}
		t.warnings[same].Count += w.Count
	}
}

func (im *Importer) warn(warnings []Warning) {
	if im.Warn == nil {
		return
	}
	for _, w := range warnings {
		im.Warn(w)
	}
}
