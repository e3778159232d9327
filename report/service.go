package report

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"costd.dev/costd"
	"costd.dev/costd/rating"
)

// A Service answers from the stores. Use it by pointer; it may be used from
// several goroutines.
type Service struct {
	Usage   costd.UsageStore
	Catalog costd.Catalog
	Now     func() time.Time // nil: time.Now

	cached atomic.Pointer[view]
	making singleflight.Group // of views, by version
	bills  billMemory
}

// Today returns the current UTC day.
func (s *Service) Today() costd.Day { return costd.DayOf(s.now()) }

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// A view is one version of the catalog, made ready for answers.
type view struct {
	version int64
	entries costd.Entries
	book    *rating.Book
	names   Names
	owners  map[int64]int64 // project to client
	stamps  stamps
}

// view returns the catalog as it is now. Making one costs far more than an answer,
// so the last is kept until the catalog's version changes, and all who then ask at
// once share one.
func (s *Service) view(ctx context.Context) (*view, error) {
	version, err := s.Catalog.Version(ctx)
	if err != nil {
		return nil, err
	}
	before := s.cached.Load()
	if before != nil && before.version == version {
		return before, nil
	}
	// A caller that leaves must not fail the others, so that the making goes on without.
	made := s.making.DoChan(strconv.FormatInt(version, 10), func() (any, error) {
		return s.makeView(context.WithoutCancel(ctx), version)
	})
	select {
	case r := <-made:
		v, _ := r.Val.(*view)
		return v, r.Err
	case <-ctx.Done():
		return nil, &costd.Error{Code: costd.Unavailable, Message: "the request was given up", Err: context.Cause(ctx)}
	}
}

// makeView makes the view of the catalog at the version or a later one, unless that
// was done since it was missed.
func (s *Service) makeView(ctx context.Context, version int64) (*view, error) {
	before := s.cached.Load()
	if before != nil && before.version >= version {
		return before, nil
	}
	entries, version, err := s.Catalog.Entries(ctx)
	if err != nil {
		return nil, err
	}
	v := newView(before, entries, version)
	s.cached.Store(v)
	return v, nil
}

// newView returns the view of a version of the catalog; before is an earlier one, or
// nil. The two share what is the same in both.
func newView(before *view, entries costd.Entries, version int64) *view {
	if before == nil {
		before = &view{book: rating.NewBook(costd.Entries{})}
	}
	changes := costd.Diff(before.entries, entries)
	return &view{
		version: version, entries: entries, stamps: before.stamps.with(changes, entries.Clients, version),
		book: before.book.With(changes), names: before.names.with(changes),
		owners: costd.Patch(before.owners, changes.Projects, func(p *costd.Project) (int64, int64) { return p.ID, p.ClientID }),
	}
}

// client returns the view and a client in it, or NotFound.
func (s *Service) client(ctx context.Context, id int64) (*view, costd.Client, error) {
	v, err := s.view(ctx)
	if err != nil {
		return nil, costd.Client{}, err
	}
	client, ok := v.book.Client(id)
	if !ok {
		return nil, costd.Client{}, costd.Errorf(costd.NotFound, "the catalog has no client %d; ask the operator to add it", id)
	}
	return v, client, nil
}

// Names tells what regions and projects are called.
type Names struct {
	regions, projects map[int64]string
	owners            map[int64]int64 // project to client
	client            int64           // whose projects have names here
}

// namesFor returns the names that a client may see: usage can be of a project that is
// another client's by mistake, whose name is not for this one.
func (v *view) namesFor(client int64) Names {
	names := v.names
	names.owners, names.client = v.owners, client
	return names
}

// with returns the names as they are after the changes.
func (n Names) with(changes costd.Changes) Names {
	return Names{
		regions:  costd.Patch(n.regions, changes.Regions, func(r *costd.Region) (int64, string) { return r.ID, r.Name }),
		projects: costd.Patch(n.projects, changes.Projects, func(p *costd.Project) (int64, string) { return p.ID, p.Name }),
	}
}

// Region returns the name of the region, or its id as text if it is unknown.
func (n Names) Region(id int64) string { return name(n.regions, id) }

// Project returns the name of the client's project, or the id as text of any other.
func (n Names) Project(id int64) string {
	if n.owners[id] != n.client {
		return strconv.FormatInt(id, 10)
	}
	return name(n.projects, id)
}

func name(names map[int64]string, id int64) string {
	if s := names[id]; s != "" {
		return s
	}
	return strconv.FormatInt(id, 10)
}
