package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"costd.dev/costd"
)

// A Plan is what applying a file does to a catalog, and would do if it is not applied.
type Plan struct {
	Version int64         // of the catalog that the plan is for
	Before  costd.Entries // of that version; they are shared and must not be changed
	Changes costd.Changes
	Applied costd.Applied // what applying says; its version is that of the catalog before
}

// Plan returns what applying the file would do now, and changes nothing. Its errors are
// those of ApplyFile.
func (s *Service) Plan(ctx context.Context, f *File) (_ Plan, err error) {
	defer costd.Wrap(&err, "catalog.Plan")
	return s.plan(ctx, f)
}

func (s *Service) plan(ctx context.Context, f *File) (p Plan, err error) {
	used, err := s.used(ctx, f.Entries)
	if err != nil {
		return p, err
	}
	unused, err := s.unused(ctx, f.Entries)
	if err != nil {
		return p, err
	}
	if p.Before, p.Version, err = s.Store.Entries(ctx); err != nil {
		return p, err
	}
	f = f.pruned(p.Before)
	if err := check(p.Before, f); err != nil {
		return p, err
	}
	p.Changes = p.Before.Effect(f.Entries).With(p.Before, f.Remove)
	if err := s.checkInUse(ctx, p.Changes.Removed()); err != nil {
		return p, err
	}
	p.Applied = countEffect(p.Changes, f.Entries)
	p.Applied.Version = p.Version
	s.warn(&p.Applied, f, used, unused, p.Before.Prices)
	warnOfHidden(&p.Applied, f, p.Before, p.Changes)
	warnOfAbsent(&p.Applied, f, p.Before)
	return p, nil
}

// After returns what applying the file would make of a catalog, or an Invalid error that
// names every mistake.
func After(current costd.Entries, f *File) (costd.Entries, error) {
	if err := check(current, f); err != nil {
		return costd.Entries{}, err
	}
	return current.With(current.Effect(f.Entries).With(current, f.Remove)), nil
}

// pruned returns the file with all that it removes from a catalog.
func (f *File) pruned(current costd.Entries) *File {
	if !f.Prune {
		return f
	}
	g := *f
	g.Remove = Rest(current, f.Entries)
	return &g
}

// Rest returns the keys of what a catalog has and a file has not.
func Rest(current, file costd.Entries) costd.Removal {
	var none costd.Entries
	return costd.Diff(current, none.With(none.Effect(file))).Removed()
}

// maxShown bounds how many reasons a refusal lists.
const maxShown = 10

// checkInUse returns Conflict if usage refers to what goes, or keys belong to it.
func (s *Service) checkInUse(ctx context.Context, r costd.Removal) error {
	if len(r.Clients)+len(r.Projects)+len(r.Regions) == 0 {
		return nil
	}
	if s.Usage == nil {
		return costd.Errorf(costd.Unavailable, "the store of this server cannot tell whether usage refers to a client, project or region; none can be removed")
	}
	references, err := s.Usage.Refers(ctx, r)
	if err != nil {
		return err
	}
	keys, err := s.Store.Keys(ctx)
	if err != nil {
		return err
	}
	reasons := append(usageReasons(references), keyReasons(keys, r)...)
	if len(reasons) == 0 {
		return nil
	}
	more := ""
	if n := len(reasons) - maxShown; n > 0 {
		reasons, more = reasons[:maxShown], fmt.Sprintf("; and %d more", n)
	}
	return costd.Errorf(costd.Conflict, "nothing was changed: %s%s; keep them", strings.Join(reasons, "; "), more)
}

func usageReasons(references []costd.Reference) (reasons []string) {
	for _, f := range references {
		reasons = append(reasons, fmt.Sprintf("%s %d has usage: client %d, resource %s, on %s, the first",
			strings.TrimSuffix(f.List, "s"), f.ID, f.ClientID, f.ResourceID, f.Day))
	}
	return reasons
}

// keyReasons names the keys that belong to a client or project that goes.
func keyReasons(keys []costd.Key, r costd.Removal) (reasons []string) {
	for _, k := range keys {
		if k.ClientID != 0 && slices.Contains(r.Clients, k.ClientID) {
			reasons = append(reasons, fmt.Sprintf("client %d has the key %s; delete it first", k.ClientID, k.ID))
		}
		for _, id := range k.Projects {
			if slices.Contains(r.Projects, id) {
				reasons = append(reasons, fmt.Sprintf("project %d has the key %s; delete it first", id, k.ID))
			}
		}
	}
	return reasons
}
