package report_test

import (
	"context"
	"log/slog"
	"testing"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/ingest"
	"costd.dev/costd/internal/fleettest"
	"costd.dev/costd/report"
	"costd.dev/costd/store/embedded"
)

// october is the month of random fleets.
var october = fleettest.October

// openStore opens an empty embedded store.
func openStore(t testing.TB) *embedded.Store {
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

// serve returns a service on a store of its own with the catalog and usage.
func serve(t *testing.T, entries costd.Entries, usage []costd.Usage) *report.Service {
	t.Helper()
	db := openStore(t)
	if _, err := (&catalog.Service{Store: db}).Apply(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	result, err := (&ingest.Service{Store: db}).Write(t.Context(), usage)
	if err != nil || len(result.Rejected) > 0 {
		t.Fatalf("%v, rejected %v", err, result.Rejected)
	}
	return &report.Service{Usage: db, Catalog: db}
}

// A lab makes random fleets, each of a client of its own, in one store.
type lab struct {
	db      *embedded.Store
	service *report.Service
	clients int64
}

func newLab(t *testing.T) *lab {
	db := openStore(t)
	return &lab{db: db, service: &report.Service{Usage: db, Catalog: db}}
}

// fleet draws a fleet and puts it into the store.
func (l *lab) fleet(t *rapid.T) fleettest.Fleet {
	l.clients++
	f := fleettest.Draw(t, 1000+l.clients)
	l.apply(t, f.Entries)
	result, err := (&ingest.Service{Store: l.db}).Write(context.Background(), f.Usage)
	if err != nil || len(result.Rejected) > 0 {
		t.Fatalf("%v, rejected %v", err, result.Rejected)
	}
	return f
}

func (l *lab) apply(t *rapid.T, change costd.Entries) {
	version, err := l.db.Version(context.Background())
	if err == nil {
		_, err = l.db.Apply(context.Background(), version, change)
	}
	if err != nil {
		t.Fatal(err)
	}
}
