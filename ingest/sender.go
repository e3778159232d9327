package ingest

import (
	"context"

	"costd.dev/costd"
)

// senderKey is where a context has its sender.
type senderKey struct{}

// WithSender returns a context for the requests of a sender, an id of any form. A sender
// that is named can take half of the room for what waits; requests without one share all
// of it.
func WithSender(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, senderKey{}, id)
}

func sender(ctx context.Context) string {
	id, _ := ctx.Value(senderKey{}).(string)
	return id
}

// memory returns roughly how many bytes records take.
func memory(records []costd.Record) (bytes int64) {
	for i := range records {
		r := &records[i]
		n := recordBytes + len(r.Parts)*partBytes + len(r.ID) + len(r.ResourceID) + len(r.Metric) + len(r.Flavor) + len(r.Name)
		if r.Attributes != (costd.Attributes{}) {
			for _, f := range attributeFields {
				n += len(*f.at(&r.Attributes))
			}
		}
		for key, value := range r.Tags {
			n += tagBytes + len(key) + len(value)
		}
		bytes += int64(n)
	}
	return bytes
}
