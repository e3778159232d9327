package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
)

// testAudit changes things, and wants an entry about each, by whom the context says; and
// none about what was refused or changed nothing.
func testAudit(t *testing.T, s Stores) {
	by := func(name string) costd.Actor { return costd.Actor{Name: name, RequestID: "request of " + name} }
	anna, ben := costd.WithActor(t.Context(), by("anna")), costd.WithActor(t.Context(), by("ben"))
	began := time.Now()
	version, err := s.Catalog.Apply(anna, 0, someEntries())
	_, again := s.Catalog.Apply(anna, version, someEntries())
	_, stale := s.Catalog.Apply(anna, version+1, costd.Entries{})
	refused := s.Catalog.CreateKey(ben, someKey("a"))
	exists := s.Catalog.CreateKey(ben, someKey("a"))
	refusal := costd.Errorf(costd.Invalid, "it stays")
	kept := s.Catalog.DeleteKey(ben, "a", func([]costd.Key) error { return refusal })
	deleted := s.Catalog.DeleteKey(ben, "a", nil)
	used := s.Catalog.MarkUsed(ben, map[string]time.Time{"a": began})
	recorded := s.Catalog.Record(t.Context(), costd.AuditBackup, "copy", "")
	if err := errors.Join(err, again, refused, deleted, used, recorded); err != nil || stale == nil || exists == nil || kept == nil {
		t.Fatal(err, stale, exists, kept)
	}
	want := []string{
		fmt.Sprintf("1 anna catalog.apply %d", version), "2 ben key.create a", "3 ben key.delete a", "4 " + costd.ActorLocal + " backup copy",
	}
	wantAudit(t, s, costd.AuditQuery{Limit: 100}, want...)
	wantAudit(t, s, costd.AuditQuery{Limit: 2}, want[:2]...)
	wantAudit(t, s, costd.AuditQuery{After: 1, Limit: 2}, want[1:3]...)
	wantAudit(t, s, costd.AuditQuery{Actor: "ben", Limit: 100}, want[1:3]...)
	wantAudit(t, s, costd.AuditQuery{Action: costd.AuditKeyDelete, Limit: 100}, want[2])
	wantAudit(t, s, costd.AuditQuery{Actor: "anna", Action: costd.AuditKeyDelete, Limit: 100})
	wantAudit(t, s, costd.AuditQuery{Since: began.Add(-time.Second), Limit: 100}, want...)
	wantAudit(t, s, costd.AuditQuery{Since: time.Now().Add(time.Hour), Limit: 100})
	entries, err := s.Catalog.AuditEntries(t.Context(), costd.AuditQuery{Limit: 100})
	head, errHead := s.Catalog.AuditHead(t.Context())
	if err := errors.Join(err, errHead); err != nil || head != (costd.AuditHead{Number: 4, Hash: entries[3].Hash}) {
		t.Errorf("head %+v, %v; want that of %+v", head, err, entries[3])
	}
	if e := entries[1]; e.RequestID != "request of ben" || e.Time.Before(began.Add(-time.Second)) || e.Time.Location() != time.UTC {
		t.Errorf("entry %+v", e)
	}
}

// wantAudit wants a query of the log to select these entries.
func wantAudit(t *testing.T, s Stores, q costd.AuditQuery, want ...string) {
	t.Helper()
	entries, err := s.Catalog.AuditEntries(t.Context(), q)
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprintf("%d %s %s %s", e.Number, e.Name, e.Action, e.Subject))
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v selects %q, %v; want %q", q, got, err, want)
	}
}
