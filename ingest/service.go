package ingest

import (
	"context"
	"errors"
	"io"

	"costd"
)

// A Service takes usage into a store. It may be used by several goroutines.
type Service struct {
	Store costd.UsageStore
}

// Ingest decodes a body and stores its records. What the result does not reject is
// durable. An error means that nothing was stored: those of Decode, and those of
// the store.
func (s *Service) Ingest(ctx context.Context, body io.Reader, format Format) (_ costd.IngestResult, err error) {
	defer costd.Wrap(&err, "ingest.Ingest")
	items, err := Decode(body, format)
	if err != nil {
		return costd.IngestResult{}, err
	}
	return s.write(ctx, items)
}

// Write stores at most costd.MaxBatch records, as Ingest does.
func (s *Service) Write(ctx context.Context, usages []costd.Usage) (_ costd.IngestResult, err error) {
	defer costd.Wrap(&err, "ingest.Write")
	if len(usages) > costd.MaxBatch {
		return costd.IngestResult{}, tooManyRecords()
	}
	items := make([]Item, len(usages))
	for i := range usages {
		items[i].Usage = usages[i]
	}
	return s.write(ctx, items)
}

func (s *Service) write(ctx context.Context, items []Item) (costd.IngestResult, error) {
	result := costd.IngestResult{Rejected: []costd.Rejection{}}
	records := make([]costd.Record, 0, len(items))
	for i := range items {
		record, err := items[i].record()
		if err != nil {
			result.Rejected = append(result.Rejected, rejection(i, items[i].ID, err))
			continue
		}
		records = append(records, record)
	}
	if len(records) == 0 {
		return result, nil
	}
	outcomes, err := s.Store.Write(ctx, records)
	if err != nil {
		return costd.IngestResult{}, err
	}
	for _, outcome := range outcomes {
		*counter(&result, outcome)++
	}
	return result, nil
}

func (i *Item) record() (costd.Record, error) {
	if i.Err != nil {
		return costd.Record{}, i.Err
	}
	return NewRecord(i.Usage)
}

func rejection(index int, id string, err error) costd.Rejection {
	r := costd.Rejection{Index: index, ID: id, Error: "internal error"}
	if len(id) > maxID {
		r.ID = "" // it is what is wrong, and of any length
	}
	if e, ok := errors.AsType[*costd.Error](err); ok {
		r.Error = e.Message
	}
	return r
}

func counter(r *costd.IngestResult, outcome costd.Outcome) *int {
	switch outcome {
	case costd.Replaced:
		return &r.Replaced
	case costd.Unchanged:
		return &r.Unchanged
	case costd.Deleted:
		return &r.Deleted
	}
	return &r.Accepted
}
