package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"

	"costd.dev/costd"
)

// CatalogAt returns the catalog as it was at a version, each list ordered by its key.
func (c *Client) CatalogAt(ctx context.Context, version int64) (costd.Entries, error) {
	return decode[costd.Entries](c.do(ctx, call{method: "GET", path: "/api/v1/catalog?version=" + strconv.FormatInt(version, 10), accept: "application/json"}))
}

// CatalogAsOf returns the catalog as it was at an instant, each list ordered by its key.
func (c *Client) CatalogAsOf(ctx context.Context, at time.Time) (costd.Entries, error) {
	query := url.Values{"as_of": {at.UTC().Format(time.RFC3339Nano)}}
	return decode[costd.Entries](c.do(ctx, call{method: "GET", path: "/api/v1/catalog?" + query.Encode(), accept: "application/json"}))
}

// CatalogVersions returns the versions of the catalog after since, in their order, each
// with what it changed. It asks for the next page when it has yielded one.
func (c *Client) CatalogVersions(ctx context.Context, since int64) iter.Seq2[costd.Version, error] {
	type page struct {
		Versions []costd.Version
		Next     int64
	}
	return func(yield func(costd.Version, error) bool) {
		for {
			p, err := decode[page](c.do(ctx, call{method: "GET", path: "/api/v1/catalog/changes?since=" + strconv.FormatInt(since, 10)}))
			if err != nil {
				yield(costd.Version{}, err)
				return
			}
			for _, v := range p.Versions {
				if !yield(v, nil) {
					return
				}
			}
			if since = p.Next; since == 0 {
				return
			}
		}
	}
}
