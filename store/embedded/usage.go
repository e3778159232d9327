package embedded

import (
	"context"
	"iter"

	"costd.dev/costd"
)

// Lines implements costd.UsageStore.
func (s *Store) Lines(ctx context.Context, q costd.Query) ([]costd.LineUsage, error) {
	return s.engine.Lines(ctx, q)
}

// Resources implements costd.UsageStore.
func (s *Store) Resources(ctx context.Context, q costd.Query, p costd.Page) (int, iter.Seq2[costd.ResourceUsage, error], error) {
	return s.engine.Resources(ctx, q, p)
}

// LinesAndResources implements costd.UsageStore.
func (s *Store) LinesAndResources(ctx context.Context, q costd.Query, p costd.Page) ([]costd.LineUsage, int, iter.Seq2[costd.ResourceUsage, error], error) {
	return s.engine.LinesAndResources(ctx, q, p)
}

// Stats returns figures of the store; see costd.StoreStats.
func (s *Store) Stats(ctx context.Context) (costd.StoreStats, error) {
	stats, err := s.DB.Stats(ctx)
	stats.AggregateBytes = s.engine.CacheBytes()
	return stats, err
}

// Forget drops what is kept in memory of usage, so that the next query reads it again.
func (s *Store) Forget() { s.engine.Forget() }
