package duckdb_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/store/embedded"
	"costd.dev/costd/store/storetest"
)

// A worker makes operations on clients, regions and keys of its own, so that it knows
// what they must be. After an error it knows two states, or more, that they may be in;
// the next answers tell which.
type worker struct {
	*injection
	random     *rand.Rand
	number     int64
	mu         sync.Mutex // for the reads at full width
	usage      []*storetest.Memory
	catalog    []catalogModel
	remembered map[string]remembered
	clock      int64
}

// A remembered is an answer that may be given again while the revision is the same.
type remembered struct {
	db       *embedded.Store
	revision int64
	answer   []string
}

// A catalogModel is what the worker put into the catalog: names of regions by their ID,
// and by the ID of each key when it was last used.
type catalogModel struct {
	regions map[int64]string
	keys    map[string]int64
}

func (m catalogModel) clone() catalogModel {
	return catalogModel{maps.Clone(m.regions), maps.Clone(m.keys)}
}

func newWorker(in *injection, number int64, seed uint64) *worker {
	return &worker{injection: in, random: rand.New(rand.NewPCG(seed, uint64(number)+2)), number: number,
		usage: []*storetest.Memory{{}}, catalog: []catalogModel{{map[int64]string{}, map[string]int64{}}},
		remembered: map[string]remembered{}}
}

// work makes operations until all are made.
func (w *worker) work() {
	for w.left.Add(-1) >= 0 && !w.Failed() {
		w.gate.RLock()
		ctx, end := w.hangingUp()
		w.operate(ctx)
		end()
		w.gate.RUnlock()
	}
}

// operate makes one operation.
func (w *worker) operate(ctx context.Context) {
	db := w.db.Load()
	switch n := w.random.IntN(2000); {
	case n < 800:
		w.write(ctx, w.batch())
	case n < 1500:
		w.read(ctx, w.query(), w.page())
	case n < 1600:
		w.readCatalog(ctx)
	case n < 1700:
		w.changeRegion(ctx)
	case n < 1800:
		w.changeKey(ctx)
	case n < 1900:
		w.judge("Check", db.Check(ctx))
	case n < 1930:
		_, err := db.RollUp(ctx, 0)
		w.judge("RollUp", err)
	case n < 1950:
		_, err := db.Stats(ctx)
		w.judge("Stats", err)
	case n < 1970:
		_, err := db.Uses(ctx, time.Now())
		w.judge("Uses", err)
	case n < 1980:
		w.judge("Backup", db.Backup(ctx, io.Discard))
	case n < 1990:
		_, err := db.Audit(ctx, w.look)
		w.judge("Audit", err)
	case n < 1992:
		w.write(ctx, w.large())
	case n < 1994:
		w.reopen(n%2 == 0)
	default:
		w.write(ctx, w.batch())
	}
}

// clients are the clients of the worker: two, and one with many resources.
func (w *worker) client(n int64) int64 { return 10*(w.number+1) + n }

const largeClient = 2

// batch draws records that meet others: the same identities, resources that change,
// deletions.
func (w *worker) batch() []costd.Record {
	records := make([]costd.Record, 1+w.random.IntN(12))
	for i := range records {
		records[i] = w.record(w.client(int64(w.random.IntN(2))), fmt.Sprint("r", w.random.IntN(8)))
	}
	return records
}

// large draws records of more resources than a page holds in memory.
func (w *worker) large() []costd.Record {
	records := make([]costd.Record, 2300)
	for i := range records {
		records[i] = w.record(w.client(largeClient), fmt.Sprint("r", i))
	}
	return records
}

func (w *worker) record(client int64, resource string) costd.Record {
	pick := func(texts ...string) string { return texts[w.random.IntN(len(texts))] }
	start := october.From.Time().Add(time.Duration(w.random.IntN(96)-48) * time.Hour)
	end := start.Add(time.Duration(1+29*w.random.IntN(2)) * time.Hour)
	r := costd.Record{Usage: costd.Usage{
		ID: pick("", "", "1", "2"), ClientID: client, ProjectID: int64(w.random.IntN(2)), RegionID: 7, Type: costd.Instance,
		ResourceID: resource, Metric: pick("m", "M"), Start: start, End: end, Flavor: pick("f", "g"), Name: pick("a", "b", "c"),
		Deleted: w.random.IntN(6) == 0,
	}}
	if w.random.IntN(2) == 0 {
		r.Tags = map[string]string{"k": pick("v", "w")}
	}
	for !r.Deleted && start.Before(end) {
		until := (costd.DayOf(start) + 1).Time()
		if until.After(end) {
			until = end
		}
		quantity, _ := costd.NewQuantity(decimal.Fraction(1+w.random.Int64N(1000), 1))
		r.Parts = append(r.Parts, costd.Part{Day: costd.DayOf(start), Start: start, End: until, Quantity: quantity})
		start = until
	}
	return r
}

// write writes the records and notes what the store may have now.
func (w *worker) write(ctx context.Context, records []costd.Record) {
	outcomes, err := w.db.Load().Write(ctx, records)
	w.judge("Write", err)
	var next []*storetest.Memory
	for _, before := range w.usage {
		after := before.Clone()
		want, _ := after.Write(ctx, records)
		if err != nil {
			next = append(next, before)
		}
		if err != nil && changes(want) || err == nil && slices.Equal(outcomes, want) {
			next = append(next, after)
		}
	}
	if len(next) == 0 {
		w.fail("a write has the outcomes %v, which no state of %d explains", outcomes, len(w.usage))
		return
	}
	if w.usage = next; len(next) > 4 {
		w.settle()
	}
}

func changes(outcomes []costd.Outcome) bool {
	return slices.ContainsFunc(outcomes, func(o costd.Outcome) bool { return o != costd.Unchanged })
}

// settle reads all usage of the worker until it is known what the store has.
func (w *worker) settle() {
	for n := range int64(largeClient + 1) {
		q := costd.Query{ClientID: w.client(n), Period: manyMonths}
		for try := 0; !w.read(context.Background(), q, &costd.Page{}) && !w.Failed(); try++ {
			if try > 10_000 {
				w.fail("%d reads in turn fail", try)
			}
			time.Sleep(time.Millisecond) // the store may be about to be opened again
		}
	}
	w.usage = w.usage[:1] // the others say the same
}

func (w *worker) query() costd.Query {
	n := int64(w.random.IntN(2))
	if w.random.IntN(50) == 0 {
		n = largeClient
	}
	return w.someQuery(n, w.random.IntN(5))
}

// allUsage is the query for all usage of a client.
const allUsage = 1

// someQuery returns one of five queries of a client.
func (w *worker) someQuery(client int64, n int) costd.Query {
	q := costd.Query{ClientID: w.client(client), Period: october}
	switch n {
	case allUsage:
		q.Period = manyMonths
	case 2:
		q.Projects = []int64{1}
	case 3:
		q.Tags = &costd.TagFilter{Conditions: []costd.TagCondition{{Key: "k", Value: "v", Strict: true}}}
	case 4:
		q.Period.To = q.Period.From + 2
	}
	return q
}

// page returns no page, all rows, or some of them.
func (w *worker) page() *costd.Page {
	if w.random.IntN(2) == 0 {
		return nil
	}
	return &costd.Page{Offset: w.random.IntN(2), Limit: w.random.IntN(4)}
}

// read compares what the store says with what it may say, and reports whether it did.
func (w *worker) read(ctx context.Context, q costd.Query, page *costd.Page) bool {
	db := w.db.Load()
	revision, err := db.Revision(ctx, q.ClientID, q.Period)
	if err != nil {
		w.judge("Revision", err)
		return false
	}
	answer, err := storetest.Answer(ctx, db, q, page)
	if w.judge("reading", err); err != nil {
		return false
	}
	w.agree(q, page, answer)
	key := fmt.Sprintf("%+v %+v", q, page)
	if q.Tags != nil {
		key = fmt.Sprintf("tags of %+v %+v %+v", q.ClientID, q.Period, page)
	}
	before := w.remembered[key]
	if before.db == db && before.revision == revision && !slices.Equal(before.answer, answer) {
		w.fail("%s has changed, and the revision has not:\n%s\nis now\n%s", key, strings.Join(before.answer, "\n"), strings.Join(answer, "\n"))
	}
	w.remembered[key] = remembered{db, revision, answer}
	return true
}

// agree keeps the states that explain the answer.
func (w *worker) agree(q costd.Query, page *costd.Page, answer []string) {
	var wants []string
	next := slices.DeleteFunc(slices.Clone(w.usage), func(m *storetest.Memory) bool {
		want, _ := storetest.Answer(context.Background(), m, q, page)
		if slices.Equal(want, answer) {
			return false
		}
		wants = append(wants, strings.Join(want, "\n"))
		return true
	})
	if len(next) == 0 {
		w.fail("the answer to %+v, page %+v is\n%s\nwant\n%s", q, page, strings.Join(answer, "\n"), strings.Join(wants, "\nor\n"))
		return
	}
	w.usage = next
}

// wantRead makes one of the reads at full width, which must succeed.
func (w *worker) wantRead(slot int64, n int) {
	q, page := w.someQuery(slot%(largeClient+1), n), &costd.Page{}
	if n != allUsage {
		page.Offset = int(slot)
	}
	answer, err := storetest.Answer(w.Context(), w.db.Load(), q, page)
	if err != nil {
		w.fail("a read after the faults: %v", err)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.agree(q, page, answer)
}

// noteCatalog notes a change of the catalog that had no error, or may have happened.
func (w *worker) noteCatalog(what string, err error, possible func(catalogModel) bool, change func(catalogModel)) {
	code := costd.ErrorCode(err)
	var next []catalogModel
	for _, before := range w.catalog {
		after := before.clone()
		change(after)
		switch {
		case err == nil && possible(before):
			next = append(next, after)
		case code == costd.Unavailable && possible(before):
			next = append(next, before, after)
		case code == costd.Unavailable, (code == costd.Invalid || code == costd.NotFound) && !possible(before):
			next = append(next, before)
		}
	}
	if len(next) == 0 {
		w.fail("%s: %v, which no state explains of %v", what, err, w.catalog)
		return
	}
	w.catalog = distinct(next)
}

func distinct(models []catalogModel) (all []catalogModel) {
	seen := map[string]bool{}
	for _, m := range models {
		if text := fmt.Sprint(m); !seen[text] {
			seen[text] = true
			all = append(all, m)
		}
	}
	return all
}

// changeRegion gives a region a name.
func (w *worker) changeRegion(ctx context.Context) {
	db := w.db.Load()
	region := costd.Region{ID: 1000*(w.number+1) + w.random.Int64N(3), Name: fmt.Sprint("name ", w.random.IntN(4))}
	base, err := db.Version(ctx)
	if err != nil {
		w.judge("Version", err)
		return
	}
	version, err := db.Apply(ctx, base, costd.Entries{Regions: []costd.Region{region}})
	w.judge("Apply", err)
	changed := err != nil || version > base
	w.noteCatalog("Apply", err, func(m catalogModel) bool { return (m.regions[region.ID] != region.Name) == changed },
		func(m catalogModel) { m.regions[region.ID] = region.Name })
	if err == nil && changed {
		if _, again := w.versions.LoadOrStore(version, true); again {
			w.fail("two changes have made version %d of the catalog", version)
		}
	}
}

// changeKey makes, deletes or uses a key.
func (w *worker) changeKey(ctx context.Context) {
	db := w.db.Load()
	id := fmt.Sprintf("key-%d-%d", w.number, w.random.IntN(3))
	exists := func(m catalogModel) bool { _, exists := m.keys[id]; return exists }
	none := func(m catalogModel) bool { return !exists(m) }
	switch w.random.IntN(3) {
	case 0:
		key := costd.Key{ID: id, Role: costd.RoleIngest, Created: time.Unix(1, 0)}
		w.noteCatalog("CreateKey", db.CreateKey(ctx, key), none, func(m catalogModel) { m.keys[id] = 0 })
	case 1:
		w.noteCatalog("DeleteKey", db.DeleteKey(ctx, id, nil), exists, func(m catalogModel) { delete(m.keys, id) })
	case 2:
		w.clock++
		at := time.Unix(w.clock, 0)
		always := func(catalogModel) bool { return true }
		w.noteCatalog("MarkUsed", db.MarkUsed(ctx, map[string]time.Time{id: at}), always, func(m catalogModel) {
			if exists(m) {
				m.keys[id] = at.Unix()
			}
		})
	}
}

// readCatalog compares the catalog with what it may be.
func (w *worker) readCatalog(ctx context.Context) {
	entries, _, err := w.db.Load().Entries(ctx)
	keys, failed := w.db.Load().Keys(ctx)
	if err = errors.Join(err, failed); err != nil {
		w.judge("Entries and Keys", err)
		return
	}
	w.judge("Entries and Keys", nil)
	got := catalogModel{map[int64]string{}, map[string]int64{}}
	for _, r := range entries.Regions {
		if r.ID/1000 == w.number+1 {
			got.regions[r.ID] = r.Name
		}
	}
	for _, key := range keys {
		if strings.HasPrefix(key.ID, fmt.Sprintf("key-%d-", w.number)) {
			got.keys[key.ID] = 0
			if !key.LastUsed.IsZero() {
				got.keys[key.ID] = key.LastUsed.Unix()
			}
		}
	}
	if !slices.ContainsFunc(w.catalog, func(m catalogModel) bool { return fmt.Sprint(m) == fmt.Sprint(got) }) {
		w.fail("the catalog has %v, want one of %v", got, w.catalog)
		return
	}
	w.catalog = []catalogModel{got}
}

// wantCatalog reads the catalog, which must succeed.
func (w *worker) wantCatalog() {
	before := w.succeeded.Load()
	w.readCatalog(w.Context())
	if w.succeeded.Load() == before {
		w.fail("the catalog cannot be read after the faults")
	}
}
