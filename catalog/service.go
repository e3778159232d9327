package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"costd.dev/costd"
)

// maxAttempts bounds how often Apply starts over because someone else changed the
// catalog meanwhile. Every time someone succeeds, so only a crowd exhausts it.
const maxAttempts = 10

// A Service changes and reads the catalog. It may be used by several goroutines.
type Service struct {
	Store costd.Catalog
	// Usage tells which commitments cover something; nil: nothing is said about that.
	Usage Usage
}

// A Usage knows the lines that usage is of. A costd.Maintainer is one.
type Usage interface {
	Used(ctx context.Context, metrics []string) ([]costd.Line, error)
}

// Apply adds the entries of change to the catalog and replaces those with the same
// key, all or nothing; what change does not name stays. Applying the same again
// changes nothing, not even the version. An Invalid error names every mistake that
// the catalog would have afterwards. What may stand and is most likely a mistake is
// among the warnings, also of entries that were there before.
func (s *Service) Apply(ctx context.Context, change costd.Entries) (costd.Applied, error) {
	return s.ApplyFile(ctx, &File{Entries: change})
}

// ApplyFile is Apply for the entries of a file, of whose mistakes it names the lines.
func (s *Service) ApplyFile(ctx context.Context, f *File) (_ costd.Applied, err error) {
	defer costd.Wrap(&err, "catalog.Apply")
	change := f.Entries
	used, err := s.used(ctx, change)
	if err != nil {
		return costd.Applied{}, err
	}
	current, version, err := s.Store.Entries(ctx)
	for attempt := 1; err == nil; attempt++ {
		if err := check(current, f); err != nil {
			return costd.Applied{}, err
		}
		needed, applied := difference(current, change)
		s.warn(&applied, f, used, current.Prices)
		if total := applied.Total(); total.Created+total.Changed == 0 {
			applied.Version = version
			return applied, nil
		}
		applied.Version, err = s.Store.Apply(ctx, version, needed)
		if err == nil || costd.ErrorCode(err) != costd.Unavailable || attempt == maxAttempts {
			return applied, err
		}
		// Unavailable also says that someone else was quicker; then the version moved.
		refused, base := err, version
		if current, version, err = s.Store.Entries(ctx); err == nil && version == base {
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

// difference returns the entries of change that are not in current like that, and
// counts them.
func difference(current, change costd.Entries) (costd.Entries, costd.Applied) {
	var a costd.Applied
	return costd.Entries{
		Clients:     diffList(&a.Clients, current.Clients, change.Clients, clientKey),
		Regions:     diffList(&a.Regions, current.Regions, change.Regions, regionKey),
		Projects:    diffList(&a.Projects, current.Projects, change.Projects, projectKey),
		Prices:      diffList(&a.Prices, current.Prices, change.Prices, priceKey),
		Commitments: diffList(&a.Commitments, current.Commitments, change.Commitments, commitmentKey),
	}, a
}

func diffList[T any, K comparable](counts *costd.Counts, current, change []T, key func(*T) K) []T {
	have := index(current, key)
	var needed []T
	for i := range change {
		entry := &change[i]
		old, ok := have[key(entry)]
		switch {
		case !ok:
			counts.Created++
		case same(old, entry):
			counts.Unchanged++
			continue
		default:
			counts.Changed++
		}
		needed = append(needed, *entry)
	}
	return needed
}

// same compares entries by their written form, in which equal numbers look equal.
func same[T any](a, b *T) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	if errX != nil || errY != nil {
		panic(fmt.Sprint("catalog entries can be marshaled: ", errX, errY))
	}
	return bytes.Equal(x, y)
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
