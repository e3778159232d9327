package usage

import (
	"context"
	"errors"
	"iter"

	"costd.dev/costd"
	"costd.dev/costd/usage/driver"
)

// maxJoined is how many months in a row are joined: 366 days touch 13.
const maxJoined = 13

// Options say how an Engine works. The zero value will do.
type Options struct {
	// CacheBytes bounds the aggregates that are kept in memory; 0 is DefaultCacheBytes, and
	// less than 0 is none: every query is folded from a scan.
	CacheBytes int64
	// Folder is where rows wait that are too many for memory, in files without a name; "" is
	// the system's folder for temporary files.
	Folder string
}

// An Engine answers queries on the usage that a database keeps. It implements
// costd.UsageStore. What it remembers it compares with the database's revision at every
// query, so that several engines on one database answer alike.
type Engine struct {
	db     driver.DB
	cache  *cache
	folder string
}

var _ costd.UsageStore = (*Engine)(nil)

// New returns an engine over a database.
func New(db driver.DB, o Options) *Engine {
	if o.CacheBytes == 0 {
		o.CacheBytes = DefaultCacheBytes
	}
	return &Engine{db: db, cache: newCache(o.CacheBytes), folder: o.Folder}
}

// Write implements costd.UsageStore.
func (e *Engine) Write(ctx context.Context, records []costd.Record) ([]costd.Outcome, error) {
	return e.db.Write(ctx, records)
}

// Revision implements costd.UsageStore.
func (e *Engine) Revision(ctx context.Context, clientID int64, p costd.Period) (int64, error) {
	return e.db.Revision(ctx, clientID, p)
}

// Check implements costd.UsageStore.
func (e *Engine) Check(ctx context.Context) error { return e.db.Check(ctx) }

// CacheBytes returns about how many bytes of memory the aggregates take.
func (e *Engine) CacheBytes() int64 { return e.cache.size() }

// Forget drops all aggregates, so that the next query reads its own.
func (e *Engine) Forget() { e.cache.clear() }

// Lines implements costd.UsageStore.
func (e *Engine) Lines(ctx context.Context, q costd.Query) (lines []costd.LineUsage, err error) {
	defer costd.Wrap(&err, "usage.Lines")
	if err := checkQuery(q); err != nil {
		return nil, err
	}
	a, err := e.aggregate(ctx, q)
	if err == nil {
		return a.Lines(q)
	}
	if !errors.Is(err, driver.ErrTooLarge) {
		return nil, err
	}
	f := newLineFold(q)
	if err := e.scan(ctx, q, f.add); err != nil {
		return nil, err
	}
	return f.lines()
}

// Resources implements costd.UsageStore. The days of all rows of the page are added up
// before it returns. Rows that are too many for memory wait in a file: then the sequence
// has to be read or its context be cancelled, which removes the file.
func (e *Engine) Resources(ctx context.Context, q costd.Query, p costd.Page) (count int, rows iter.Seq2[costd.ResourceUsage, error], err error) {
	defer costd.Wrap(&err, "usage.Resources")
	if err := errors.Join(checkQuery(q), checkPage(p)); err != nil {
		return 0, nil, err
	}
	a, err := e.aggregate(ctx, q)
	if err == nil {
		count, rows, err = a.Resources(q, p)
		return count, ended(ctx, rows), err
	}
	if !errors.Is(err, driver.ErrTooLarge) {
		return 0, nil, err
	}
	return e.foldRows(ctx, q, p, func(*Aggregate) error { return nil })
}

// LinesAndResources implements costd.UsageStore: both are of the same aggregate or scan.
func (e *Engine) LinesAndResources(ctx context.Context, q costd.Query, p costd.Page) (lines []costd.LineUsage, count int, rows iter.Seq2[costd.ResourceUsage, error], err error) {
	defer costd.Wrap(&err, "usage.LinesAndResources")
	if err := errors.Join(checkQuery(q), checkPage(p)); err != nil {
		return nil, 0, nil, err
	}
	a, err := e.aggregate(ctx, q)
	if err == nil {
		if lines, err = a.Lines(q); err != nil {
			return nil, 0, nil, err
		}
		count, rows, err = a.Resources(q, p)
		return lines, count, ended(ctx, rows), err
	}
	if !errors.Is(err, driver.ErrTooLarge) {
		return nil, 0, nil, err
	}
	f := newLineFold(q)
	if count, rows, err = e.foldRows(ctx, q, p, f.add); err == nil {
		lines, err = f.lines()
	}
	return lines, count, rows, err
}

// aggregate returns the aggregate that the query is about, as of all that was acknowledged
// when the call began, or driver.ErrTooLarge if there is none. That of several months is joined.
func (e *Engine) aggregate(ctx context.Context, q costd.Query) (a *Aggregate, err error) {
	first, last := costd.MonthOf(q.Period.From), costd.MonthOf(q.Period.To-1)
	if e.cache.budget <= 0 || q.Period.Days() <= 0 || last-first >= maxJoined {
		return nil, driver.ErrTooLarge
	}
	months := make([]*month, 0, last-first+1)
	for number := first; number <= last; number++ {
		m := e.cache.month(costd.ClientMonth{ClientID: q.ClientID, Month: number})
		if months = append(months, m); first == last {
			break
		}
		// Each is read by itself first, so that reads of one month do not wait until the
		// others are there.
		if err := m.while(ctx, func() error { return e.first(ctx, m) }); err != nil {
			return nil, err
		}
		if !e.cache.fits(months) {
			return nil, driver.ErrTooLarge
		}
	}
	err = whileAll(ctx, months, func() error {
		a, err = e.refresh(ctx, months)
		return err
	})
	return a, err
}

// first reads a month unless it was read before. The caller holds building.
func (e *Engine) first(ctx context.Context, m *month) error {
	if m.revision > 0 {
		return nil
	}
	_, err := e.refresh(ctx, []*month{m})
	return err
}

// refresh brings the months of one client, at least one, up to date, and returns their
// aggregate. The caller holds building of each.
func (e *Engine) refresh(ctx context.Context, months []*month) (*Aggregate, error) {
	since := make([]driver.Since, len(months))
	for i, m := range months {
		if m.tooLarge {
			return nil, driver.ErrTooLarge
		}
		since[i] = driver.Since{Month: m.Month, Revision: m.revision, Knows: m.builder.Knows, Room: e.cache.largest() - m.builder.Bytes()}
	}
	deltas, err := e.db.Daily(ctx, months[0].ClientID, since)
	if err != nil {
		if len(months) == 1 && errors.Is(err, driver.ErrTooLarge) {
			e.giveUp(months[0])
		}
		return nil, err
	}
	aggregates := make([]*Aggregate, len(months))
	for i, m := range months {
		if err := e.apply(m, &deltas[i]); err != nil {
			return nil, err
		}
		aggregates[i] = m.aggregate
	}
	return Join(aggregates), nil
}

// apply brings a month up to date. The caller holds building.
func (e *Engine) apply(m *month, d *driver.Delta) error {
	m.revision = d.Revision
	if len(d.Days) == 0 && len(d.Added) == 0 {
		return nil
	}
	m.builder.Apply(d)
	if m.builder.Bytes() > e.cache.largest() {
		e.giveUp(m)
		return driver.ErrTooLarge
	}
	m.aggregate = m.builder.Finish()
	e.cache.built(m)
	return nil
}

// giveUp notes that m is too large for the cache. The caller holds building.
func (e *Engine) giveUp(m *month) {
	m.reset()
	m.tooLarge = true
	e.cache.built(m)
}

// ended returns the rows, ended by an error when the context is.
func ended(ctx context.Context, rows iter.Seq2[costd.ResourceUsage, error]) iter.Seq2[costd.ResourceUsage, error] {
	return func(yield func(costd.ResourceUsage, error) bool) {
		for row, err := range rows {
			if ctx.Err() != nil {
				row, err = costd.ResourceUsage{}, requestEnded(ctx)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// requestEnded returns Unavailable for a context that has ended.
func requestEnded(ctx context.Context) error {
	return &costd.Error{Code: costd.Unavailable, Message: "the request was ended before it was done", Err: ctx.Err()}
}

// checkQuery returns Invalid for a filter by no field of usage.
func checkQuery(q costd.Query) error {
	if q.Filter != nil && !filterable[q.Filter.Field] {
		return costd.InvalidField("field", "%q is not a field to filter by", q.Filter.Field)
	}
	return nil
}

var filterable = func() map[costd.Field]bool {
	fields := map[costd.Field]bool{
		costd.FieldType: true, costd.FieldUUID: true, costd.FieldFlavor: true, costd.FieldLastName: true, costd.FieldLastSize: true,
	}
	for _, a := range new(costd.Attributes).Fields() {
		if a.Field != costd.FieldSizeUnit { // it is a part of a size
			fields[a.Field] = true
		}
	}
	return fields
}()

// checkPage returns Invalid for a page that cannot be.
func checkPage(p costd.Page) error {
	for _, key := range p.OrderBy {
		if !sortable[key.By] {
			return costd.InvalidField("order_by", "%q is not a field to order by", key.By)
		}
	}
	if p.Offset < 0 || p.Limit < 0 {
		return costd.InvalidField("offset", "neither offset nor limit may be negative")
	}
	return nil
}

var sortable = map[costd.SortField]bool{
	costd.SortBillingValue: true, costd.SortFirstSeen: true, costd.SortLastName: true, costd.SortLastSeen: true,
	costd.SortProject: true, costd.SortRegion: true, costd.SortType: true,
}
