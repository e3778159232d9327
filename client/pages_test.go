package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"reflect"
	"testing"

	"costd.dev/costd/client"
)

// collect reads a sequence that must not fail.
func collect[T any](t *testing.T, all iter.Seq2[T, error]) []T {
	t.Helper()
	var items []T
	for item, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, item)
	}
	return items
}

// keys identifies rows about resources.
func keys(rows []client.Row) []string {
	var all []string
	for _, row := range rows {
		r := row.Base()
		all = append(all, fmt.Sprint(r.UUID, r.Metric, r.ProjectID, r.RegionID, row.Dimension(), r.BillingValue, string(r.Raw)))
	}
	return all
}

// Whatever the size of the pages and the order, each row comes once, in the same
// place.
func TestPagesNeitherOverlapNorMiss(t *testing.T) {
	c := site(t).client(fleetKey)
	for order, limits := range map[client.Order][]int{
		client.OrderProjectAsc:       {1, 10, 54},
		client.OrderBillingValueDesc: {7, 53},
		client.OrderLastSeenDesc:     {27, 55},
	} {
		costs, usage := resourcesOfOctober, usageOfOctober
		costs.OrderBy, usage.OrderBy = []client.Order{order}, []client.Order{order}
		wantCosts, wantUsage := keys(collect(t, c.AllCostResources(t.Context(), costs))), keys(collect(t, c.AllUsageResources(t.Context(), usage)))
		if len(unique(wantCosts)) != 54 || len(unique(wantUsage)) != 54 {
			t.Fatalf("%v: %d and %d rows", order, len(wantCosts), len(wantUsage))
		}
		for _, limit := range limits {
			costs.Limit, usage.Limit = limit, limit
			if got := keys(collect(t, c.AllCostResources(t.Context(), costs))); !reflect.DeepEqual(got, wantCosts) {
				t.Errorf("%v: costs by %d:\n%q\nwant\n%q", order, limit, got, wantCosts)
			}
			if got := keys(collect(t, c.AllUsageResources(t.Context(), usage))); !reflect.DeepEqual(got, wantUsage) {
				t.Errorf("%v: usage by %d:\n%q\nwant\n%q", order, limit, got, wantUsage)
			}
		}
		costs.Limit, costs.Offset = 10, 37
		if got := keys(collect(t, c.AllCostResources(t.Context(), costs))); !reflect.DeepEqual(got, wantCosts[37:]) {
			t.Errorf("%v: costs from 37:\n%q\nwant\n%q", order, got, wantCosts[37:])
		}
	}
}

func unique(texts []string) map[string]bool {
	set := map[string]bool{}
	for _, s := range texts {
		set[s] = true
	}
	return set
}

// A sequence asks for a page when its rows are wanted, can be ranged over again,
// and a page is what was asked for.
func TestPagesComeWhenWanted(t *testing.T) {
	f := failing()
	c := site(t).through(t, f.around, fleetKey)
	request := resourcesOfOctober
	request.Limit = 10
	rows := c.AllCostResources(t.Context(), request)
	for range 2 {
		n := 0
		for range rows {
			if n++; n == 11 {
				break
			}
		}
	}
	if f.count() != 4 {
		t.Errorf("%d requests for twice 11 rows in pages of 10", f.count())
	}
	page, err := c.CostResources(t.Context(), client.CostResourcesRequest{TimeFrom: day(1), TimeTo: day(32)})
	if err != nil || page.Count != 54 || len(page.Results) != 10 {
		t.Errorf("%+v, %v", page, err)
	}
	none := request
	none.Types = append(none.Types, "volume")
	none.Projects = []int64{502}
	none.Regions = []int64{8}
	if got := collect(t, c.AllCostResources(t.Context(), none)); len(got) != 0 || f.count() != 6 {
		t.Errorf("%d rows of nothing after %d requests", len(got), f.count())
	}
}

// An error ends a sequence; the rows before it stand.
func TestPagesEndWithAnError(t *testing.T) {
	f := failing(func(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) }, status(403, ""))
	c := site(t).through(t, f.around, fleetKey)
	request := resourcesOfOctober
	request.Limit = 20
	rows, failures := 0, 0
	for _, err := range c.AllCostResources(t.Context(), request) {
		if err == nil {
			rows++
		} else if failures++; !errors.Is(err, client.ErrForbidden) {
			t.Error(err)
		}
	}
	if rows != 20 || failures != 1 || f.count() != 2 {
		t.Errorf("%d rows and %d errors in %d requests", rows, failures, f.count())
	}
}

func TestPagesHeedTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := failing()
	request := usageOfOctober
	request.Limit = 5
	rows := 0
	for _, err := range site(t).through(t, f.around, fleetKey).AllUsageResources(ctx, request) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			break
		}
		if rows++; rows == 3 {
			cancel()
		}
	}
	if rows != 5 || f.count() != 1 {
		t.Errorf("%d rows in %d requests", rows, f.count())
	}
}

// A server may send fewer rows than were asked for, and may run out of rows before
// its own count.
func TestPagesOfOtherServers(t *testing.T) {
	capped := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body) // what is missing fails the comparison
			body = bytes.Replace(body, []byte(`"limit":1000`), []byte(`"limit":7`), 1)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			next.ServeHTTP(w, r)
		})
	}
	want := keys(collect(t, site(t).client(fleetKey).AllCostResources(t.Context(), resourcesOfOctober)))
	if got := keys(collect(t, site(t).through(t, capped, fleetKey).AllCostResources(t.Context(), resourcesOfOctober))); !reflect.DeepEqual(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
	f := always(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		io.WriteString(w, `{"count": 5, "results": [], "price_status": "show"}`)
	})
	if got := collect(t, site(t).through(t, f.around, fleetKey).AllCostResources(t.Context(), resourcesOfOctober)); len(got) != 0 || f.count() != 1 {
		t.Errorf("%d rows in %d requests", len(got), f.count())
	}
}
