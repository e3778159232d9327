package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"costd.dev/costd"
)

// batchRecords is how many records SendUsage puts into a request: few enough that
// one is answered within a second, many enough that the way there costs little.
const batchRecords = 10_000

// SendUsage sends records in their order, in several requests if there are many.
// The result adds up those of the requests; its indexes are those of the list.
// After an error it is that of the requests that were answered: sending everything
// again changes nothing about them.
func (c *Client) SendUsage(ctx context.Context, records []costd.Usage) (costd.IngestResult, error) {
	sum := costd.IngestResult{Rejected: []costd.Rejection{}}
	offset := 0
	for batch := range slices.Chunk(records, batchRecords) {
		var body bytes.Buffer
		enc := json.NewEncoder(&body)
		for i := range batch {
			if err := enc.Encode(&batch[i]); err != nil {
				return sum, fmt.Errorf("record %d: %w", offset+i, err)
			}
		}
		result, err := c.SendNDJSON(ctx, body.Bytes())
		if err != nil {
			return sum, err
		}
		add(&sum, result, offset)
		offset += len(batch)
	}
	return sum, nil
}

func add(sum *costd.IngestResult, result costd.IngestResult, offset int) {
	sum.Accepted += result.Accepted
	sum.Replaced += result.Replaced
	sum.Unchanged += result.Unchanged
	sum.Deleted += result.Deleted
	for _, r := range result.Rejected {
		r.Index += offset
		sum.Rejected = append(sum.Rejected, r)
	}
	for _, w := range result.Warnings {
		w.Example.Index += offset
		sum.Warnings = costd.AddWarning(sum.Warnings, w)
	}
}

// SendNDJSON sends records that are written already, one on each line, in one
// request. What the result does not reject is durable.
func (c *Client) SendNDJSON(ctx context.Context, records []byte) (costd.IngestResult, error) {
	request := call{method: "POST", path: "/api/v1/usage", body: records, contentType: "application/x-ndjson"}
	if c.compress {
		compressed, err := compress(records)
		if err != nil {
			return costd.IngestResult{}, err
		}
		request.body, request.encoding = compressed, "gzip"
	}
	return decode[costd.IngestResult](c.do(ctx, request))
}

func compress(body []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed) // most of what there is to gain
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}
