package storetest

import (
	"context"
	"iter"
	"sync/atomic"

	"costd.dev/costd"
)

// InTurn is a store over one database with two engines: the first writes, and both answer
// queries in turn. Both must see every write.
type InTurn struct {
	costd.UsageStore
	Other costd.UsageStore
	turn  atomic.Int64
}

// reader returns the engine whose turn it is.
func (s *InTurn) reader() costd.UsageStore {
	if s.turn.Add(1)%2 == 0 {
		return s.Other
	}
	return s.UsageStore
}

// Lines implements costd.UsageStore.
func (s *InTurn) Lines(ctx context.Context, q costd.Query) ([]costd.LineUsage, error) {
	return s.reader().Lines(ctx, q)
}

// Resources implements costd.UsageStore.
func (s *InTurn) Resources(ctx context.Context, q costd.Query, p costd.Page) (int, iter.Seq2[costd.ResourceUsage, error], error) {
	return s.reader().Resources(ctx, q, p)
}

// LinesAndResources implements costd.UsageStore.
func (s *InTurn) LinesAndResources(ctx context.Context, q costd.Query, p costd.Page) ([]costd.LineUsage, int, iter.Seq2[costd.ResourceUsage, error], error) {
	return s.reader().LinesAndResources(ctx, q, p)
}
