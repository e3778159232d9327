package catalog

import (
	"context"
	"time"

	"costd.dev/costd"
)

// At returns the catalog as it was at a version, each list ordered by its key, or NotFound.
func (s *Service) At(ctx context.Context, version int64) (_ costd.Entries, err error) {
	defer costd.Wrap(&err, "catalog.At")
	return s.Store.EntriesAt(ctx, version)
}

// AsOf returns the catalog as it was at an instant, or NotFound for one before the
// history began.
func (s *Service) AsOf(ctx context.Context, at time.Time) (_ costd.Entries, err error) {
	defer costd.Wrap(&err, "catalog.AsOf")
	version, err := s.Store.VersionAt(ctx, at)
	if err != nil {
		return costd.Entries{}, err
	}
	return s.Store.EntriesAt(ctx, version)
}

// Versions returns the versions after since in their order, with as many changed entries
// together, but one at least, if there is one.
func (s *Service) Versions(ctx context.Context, since int64, entries int) (_ []costd.Version, err error) {
	defer costd.Wrap(&err, "catalog.Versions")
	return s.Store.Versions(ctx, since, entries)
}
