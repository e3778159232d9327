package catalog

import (
	"context"
	"time"

	"costd.dev/costd"
)

// maxAttempts bounds how often Apply starts over because someone else changed the
// catalog meanwhile. Every time someone succeeds, so only a crowd exhausts it.
const maxAttempts = 10

// A Service changes and reads the catalog. It may be used by several goroutines.
type Service struct {
	Store costd.Catalog
	// Usage tells which commitments cover something, and what usage refers to; nil: nothing
	// is said about that, and no client, project or region can be removed.
	Usage Usage
	Now   func() time.Time // nil: time.Now
}

// A Usage knows the lines that usage is of, and what it refers to. A costd.Maintainer is
// one.
type Usage interface {
	Used(ctx context.Context, metrics []string) ([]costd.Line, error)
	UsedBy(ctx context.Context, commitments []costd.Commitment) ([]bool, error)
	Refers(ctx context.Context, r costd.Removal) ([]costd.Reference, error)
}

// Apply adds the entries of change to the catalog and replaces those with the same
// key, all or nothing; what change does not name stays. Applying the same again
// changes nothing, not even the version. An Invalid error names every mistake that
// the catalog would have afterwards. What may stand and is most likely a mistake is
// among the warnings, also of entries that were there before.
func (s *Service) Apply(ctx context.Context, change costd.Entries) (costd.Applied, error) {
	return s.ApplyFile(ctx, &File{Entries: change})
}

// ApplyFile is Apply for the entries of a file, of whose mistakes it names the lines. It
// also removes what the file wants removed. It returns Conflict if usage refers to a
// client, project or region that would go, or a key belongs to it.
func (s *Service) ApplyFile(ctx context.Context, f *File) (_ costd.Applied, err error) {
	defer costd.Wrap(&err, "catalog.Apply")
	plan, err := s.plan(ctx, f)
	for attempt := 1; err == nil; attempt++ {
		if plan.Changes.None() {
			return plan.Applied, nil
		}
		plan.Applied.Version, err = s.Store.Apply(ctx, plan.Version, f.Entries, plan.Changes.Removed())
		if err == nil || costd.ErrorCode(err) != costd.Unavailable || attempt == maxAttempts {
			return plan.Applied, err
		}
		// Unavailable also says that someone else was quicker; then the version moved.
		refused, base := err, plan.Version
		if plan, err = s.plan(ctx, f); err == nil && plan.Version == base {
			err = refused
		}
	}
	return costd.Applied{}, err
}

// Entries returns the whole catalog, each list ordered by its key, and its version.
func (s *Service) Entries(ctx context.Context) (_ costd.Entries, version int64, err error) {
	defer costd.Wrap(&err, "catalog.Entries")
	return s.Store.Entries(ctx)
}

// countEffect counts what applying change to a catalog does to it.
func countEffect(effect costd.Changes, change costd.Entries) costd.Applied {
	return costd.Applied{
		Clients:     count(effect.Clients, len(change.Clients)),
		Regions:     count(effect.Regions, len(change.Regions)),
		Projects:    count(effect.Projects, len(change.Projects)),
		Prices:      count(effect.Prices, len(change.Prices)),
		Commitments: count(effect.Commitments, len(change.Commitments)),
	}
}

// count counts the changes that a number of entries with different keys make, beside
// those of entries that go.
func count[T any](changes []costd.Change[T], entries int) costd.Counts {
	counts := costd.Counts{Unchanged: entries}
	for _, c := range changes {
		switch {
		case c.After == nil:
			counts.Removed++
			continue
		case c.Before == nil:
			counts.Created++
		default:
			counts.Changed++
		}
		counts.Unchanged--
	}
	return counts
}

// index finds the entries of a list by their key.
func index[T any, K comparable](list []T, key func(*T) K) map[K]*T {
	byKey := make(map[K]*T, len(list))
	for i := range list {
		byKey[key(&list[i])] = &list[i]
	}
	return byKey
}

// The keys by which entries are matched, as their types in package costd say.

func clientKey(c *costd.Client) int64          { return c.ID }
func regionKey(r *costd.Region) int64          { return r.ID }
func projectKey(p *costd.Project) int64        { return p.ID }
func commitmentKey(c *costd.Commitment) string { return c.ID }

type priceID struct {
	costd.Type
	metric, currency   string
	regionID, clientID int64
	from               costd.Day
}

func priceKey(p *costd.Price) priceID {
	return priceID{p.Type, p.Metric, p.Currency, p.RegionID, p.ClientID, p.EffectiveFrom}
}
