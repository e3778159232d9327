package report_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/report"
)

// countedCatalog is a store that counts how often all entries are read, and holds each
// reading until it may go on.
type countedCatalog struct {
	costd.Catalog
	versions, reads atomic.Int64
	goOn            chan struct{}
}

func (c *countedCatalog) Version(ctx context.Context) (int64, error) {
	c.versions.Add(1)
	return c.Catalog.Version(ctx)
}

func (c *countedCatalog) Entries(ctx context.Context) (costd.Entries, int64, error) {
	c.reads.Add(1)
	<-c.goOn
	return c.Catalog.Entries(ctx)
}

// Fifty reports after a change of the catalog read it once, and all see the change.
func TestOneReadingForAll(t *testing.T) {
	db := openStore(t)
	apply := func(name string) {
		t.Helper()
		change := costd.Entries{Clients: []costd.Client{{ID: 1, Name: "a", Currency: "EUR"}}, Regions: []costd.Region{{ID: 1, Name: name}}}
		if _, err := (&catalog.Service{Store: db}).Apply(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	counted := &countedCatalog{Catalog: db, goOn: make(chan struct{})}
	service := &report.Service{Usage: db, Catalog: counted}
	for round, name := range []string{"Before", "After"} {
		apply(name)
		counted.versions.Store(0)
		const reports = 50
		var all sync.WaitGroup
		for range reports {
			all.Go(func() {
				regions, err := service.Regions(t.Context())
				if err != nil || len(regions) != 1 || regions[0].Name != name {
					t.Errorf("regions %+v, %v; want %s", regions, err, name)
				}
			})
		}
		for counted.versions.Load() < reports { // until every report has missed the change
			runtime.Gosched()
		}
		counted.goOn <- struct{}{}
		close(counted.goOn)
		all.Wait()
		counted.goOn = make(chan struct{})
		if got := counted.reads.Load(); got != int64(round+1) {
			t.Errorf("%d readings after %d changes", got, round+1)
		}
	}
}

// A report whose caller leaves while the catalog is read for many fails alone.
func TestACallerThatLeavesWhileTheCatalogIsRead(t *testing.T) {
	counted := &countedCatalog{Catalog: openStore(t), goOn: make(chan struct{})}
	service := &report.Service{Catalog: counted}
	leaving, leave := context.WithCancel(t.Context())
	var first, second error
	var all sync.WaitGroup
	all.Go(func() { _, first = service.Regions(leaving) })
	for counted.reads.Load() == 0 {
		runtime.Gosched()
	}
	all.Go(func() { _, second = service.Regions(t.Context()) })
	for counted.versions.Load() < 2 {
		runtime.Gosched()
	}
	leave()
	close(counted.goOn)
	all.Wait()
	if second != nil {
		t.Errorf("the one that stayed: %v", second)
	}
	_ = first // it may have been answered before it left
}
