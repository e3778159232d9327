package storetest

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"sync"

	"costd.dev/costd"
)

// A Memory is the oracle of this suite as a store: plain maps, every answer added
// up from the records anew. Tests of a whole server compare what it says with what
// it would say on a Memory. The zero value is empty and ready to use.
type Memory struct {
	mu       sync.RWMutex
	clients  map[int64]*oracle
	revision int64
}

var _ costd.UsageStore = (*Memory)(nil)

// Write implements costd.UsageStore.
func (m *Memory) Write(_ context.Context, records []costd.Record) ([]costd.Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.clients == nil {
		m.clients = map[int64]*oracle{}
	}
	m.revision++
	outcomes := make([]costd.Outcome, len(records))
	for i := range records {
		o := m.clients[records[i].ClientID]
		if o == nil {
			o = newOracle()
			m.clients[records[i].ClientID] = o
		}
		outcomes[i] = o.writeOne(records[i])
	}
	return outcomes, nil
}

// Lines implements costd.UsageStore.
func (m *Memory) Lines(_ context.Context, q costd.Query) ([]costd.LineUsage, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.of(q.ClientID).lines(q), nil
}

// Resources implements costd.UsageStore.
func (m *Memory) Resources(ctx context.Context, q costd.Query, p costd.Page) (int, iter.Seq2[costd.ResourceUsage, error], error) {
	_, count, rows, err := m.LinesAndResources(ctx, q, p)
	return count, rows, err
}

// LinesAndResources implements costd.UsageStore.
func (m *Memory) LinesAndResources(_ context.Context, q costd.Query, p costd.Page) ([]costd.LineUsage, int, iter.Seq2[costd.ResourceUsage, error], error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	o := m.of(q.ClientID)
	count, rows := o.resources(q, p)
	return o.lines(q), count, func(yield func(costd.ResourceUsage, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}, nil
}

// of returns what is known of a client.
func (m *Memory) of(clientID int64) *oracle {
	if o := m.clients[clientID]; o != nil {
		return o
	}
	return newOracle()
}

// Revision implements costd.UsageStore. Every write counts as a change of
// everything.
func (m *Memory) Revision(context.Context, int64, costd.Period) (int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.revision, nil
}

// Check implements costd.UsageStore.
func (m *Memory) Check(context.Context) error { return nil }

// Clone returns a Memory with the same records, which is changed apart from m.
func (m *Memory) Clone() *Memory {
	m.mu.RLock()
	defer m.mu.RUnlock()
	clone := &Memory{clients: map[int64]*oracle{}, revision: m.revision}
	for id, o := range m.clients {
		clone.clients[id] = &oracle{records: maps.Clone(o.records)}
	}
	return clone
}

// Answer returns in words all that a store says to a query: the lines, the count and the
// rows of the page; with a nil page the lines only.
func Answer(ctx context.Context, s costd.UsageStore, q costd.Query, page *costd.Page) ([]string, error) {
	if page == nil {
		lines, err := s.Lines(ctx, q)
		return textsOf(lines, lineText), err
	}
	lines, count, seq, err := s.LinesAndResources(ctx, q, *page)
	if err != nil {
		return nil, err
	}
	rows, err := drain(seq)
	return append(append(textsOf(lines, lineText), fmt.Sprint(count, " rows")), textsOf(rows, rowText)...), err
}

// Len returns the number of records.
func (m *Memory) Len() (n int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, o := range m.clients {
		n += len(o.records)
	}
	return n
}
