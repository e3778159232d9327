package catalog_test

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/store/embedded"
)

func openStore(t *testing.T) *embedded.Store {
	t.Helper()
	db, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func apply(t *testing.T, service *catalog.Service, file string) costd.Applied {
	t.Helper()
	applied, err := service.Apply(t.Context(), parse(t, file))
	if err != nil {
		t.Fatal(err)
	}
	return applied
}

func TestApply(t *testing.T) {
	service := &catalog.Service{Store: openStore(t)}
	first := apply(t, service, sample)
	if got, want := first.Total(), (costd.Counts{Created: 7}); got != want {
		t.Errorf("first: %+v, want %+v", got, want)
	}
	again := apply(t, service, sample)
	if got, want := again.Total(), (costd.Counts{Unchanged: 7}); got != want || again.Version != first.Version {
		t.Errorf("again: %+v at %d, want %+v at %d", got, again.Version, want, first.Version)
	}
	change := apply(t, service, `
regions: [{id: 76, name: Luxembourg}, {id: 77, name: Kyiv}]
clients: [{id: 1001, name: Acme, currency: EUR}]`)
	want := costd.Applied{Version: change.Version, Regions: costd.Counts{Created: 1, Changed: 1}, Clients: costd.Counts{Unchanged: 1}}
	if !reflect.DeepEqual(change, want) || change.Version <= first.Version {
		t.Errorf("change: %+v, want %+v after version %d", change, want, first.Version)
	}
	entries, version, err := service.Entries(t.Context())
	if err != nil || version != change.Version {
		t.Fatalf("entries at %d, %v; want %d", version, err, change.Version)
	}
	if want := []costd.Region{{ID: 76, Name: "Luxembourg"}, {ID: 77, Name: "Kyiv"}}; !reflect.DeepEqual(entries.Regions, want) {
		t.Errorf("regions %+v, want %+v", entries.Regions, want)
	}
	if len(entries.Prices) != 2 || len(entries.Commitments) != 2 {
		t.Errorf("%d prices and %d commitments, want 2 and 2", len(entries.Prices), len(entries.Commitments))
	}
}

// What the store returns is, written and read, the catalog it was given.
func TestAppliedFileComesBack(t *testing.T) {
	service := &catalog.Service{Store: openStore(t)}
	apply(t, service, sample)
	entries, _, err := service.Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file, err := catalog.Marshal(entries, catalog.YAML)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := apply(t, service, string(file)).Total(), (costd.Counts{Unchanged: 7}); got != want {
		t.Errorf("applying what came back: %+v, want %+v\n%s", got, want, file)
	}
}

func TestApplyChangesNothingOnMistakes(t *testing.T) {
	service := &catalog.Service{Store: openStore(t)}
	first := apply(t, service, sample)
	_, err := service.Apply(t.Context(), parse(t, `
regions: [{id: 77, name: Kyiv}]
projects: [{id: 502, client_id: 9, name: x}]`))
	if costd.ErrorCode(err) != costd.Invalid {
		t.Errorf("%v, want an invalid error", err)
	}
	entries, version, err := service.Entries(t.Context())
	if err != nil || version != first.Version || len(entries.Regions) != 1 {
		t.Errorf("version %d, %d regions, %v; want %d, 1", version, len(entries.Regions), err, first.Version)
	}
}

// Operators who change the catalog at the same time both get what they asked for.
func TestApplyAtTheSameTime(t *testing.T) {
	service := &catalog.Service{Store: openStore(t)}
	const operators = 4
	var all sync.WaitGroup
	for i := range operators {
		all.Go(func() {
			change := costd.Entries{Regions: []costd.Region{{ID: int64(i + 1), Name: fmt.Sprint("Region ", i)}}}
			if _, err := service.Apply(t.Context(), change); err != nil {
				t.Errorf("operator %d: %v", i, err)
			}
		})
	}
	all.Wait()
	entries, _, err := service.Entries(t.Context())
	if err != nil || len(entries.Regions) != operators {
		t.Errorf("%d regions, %v; want %d", len(entries.Regions), err, operators)
	}
}

func TestApplyToAClosedStore(t *testing.T) {
	store, err := embedded.Open(context.Background(), embedded.Options{Path: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	service := &catalog.Service{Store: store}
	if _, err := service.Apply(t.Context(), parse(t, sample)); costd.ErrorCode(err) != costd.Unavailable {
		t.Errorf("%v, want unavailable", err)
	}
}
