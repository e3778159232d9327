package ingest_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/ingest"
	"costd.dev/costd/store/embedded"
)

// warned returns the service of a store whose catalog has region 3, and project 2 of
// client 1, on October 20.
func warned(t *testing.T) (*ingest.Service, *embedded.Store) {
	t.Helper()
	store := openStore(t)
	entries := costd.Entries{
		Clients:  []costd.Client{{ID: 1, Name: "a", Currency: "EUR"}},
		Regions:  []costd.Region{{ID: 3, Name: "r"}},
		Projects: []costd.Project{{ID: 2, ClientID: 1, Name: "p"}},
	}
	if _, err := store.Apply(t.Context(), 0, entries); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)
	return &ingest.Service{Store: store, Catalog: store, Now: func() time.Time { return now }}, store
}

// record writes an hour that begins on October 20 with the given fields in the place of
// those that are right.
func record(id string, fields ...string) string {
	all := map[string]string{"client_id": "1", "project_id": "2", "region_id": "3", "type": `"instance"`, "flavor": `"f"`,
		"start": `"2026-10-20T11:00:00Z"`, "end": `"2026-10-22T00:00:00Z"`}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		all[name] = value
	}
	text := fmt.Sprintf(`{"id":%q,"resource_id":"r","metric":"m"`, id)
	for name, value := range all {
		text += fmt.Sprintf(`,%q:%s`, name, value)
	}
	return text + "}\n"
}

// TestIngestWarns sends what is most likely a mistake: it is stored, counted and named.
func TestIngestWarns(t *testing.T) {
	service, _ := warned(t)
	for _, tt := range []struct {
		name, body string
		want       []string
	}{
		{"nothing is wrong", record("a") + record("b", `type="backup"`, `flavor=""`, `size=1`), nil},
		{"no flavor", record("c") + record("d", `flavor=""`) + record("e", `flavor=null`), []string{
			"dimension 2 {1 d} flavor: is missing; reports show instance usage without it on a line of its own, which no commitment covers"}},
		{"no volume type", record("f", `type="volume"`, `size=1`), []string{
			"dimension 1 {0 f} attributes.volume_type: is missing; reports show volume usage without it on a line of its own, which no commitment covers"}},
		{"unknown region", record("g", "region_id=4"), []string{
			"region 1 {0 g} region_id: the catalog has no region 4; add it, or correct the record"}},
		{"unknown project", record("", "project_id=5"), []string{
			"project 1 {0 } project_id: the catalog has no project 5; add it, or correct the record"}},
		{"foreign project", record("i", "client_id=6"), []string{
			"foreign_project 1 {0 i} project_id: project 2 belongs to another client than 6, which pays for the record; correct one of them"}},
		{"a day ahead", record("j", `start="2026-10-21T12:00:00Z"`), nil},
		{"more than a day ahead", record("k", `start="2026-10-21T12:00:01Z"`), []string{
			"future 1 {0 k} start: 2026-10-21T12:00:01Z is more than a day in the future; check the clock of the sender"}},
		{"several in one", record("l", "region_id=4", "project_id=5"), []string{
			"region 1 {0 l} region_id: the catalog has no region 4; add it, or correct the record",
			"project 1 {0 l} project_id: the catalog has no project 5; add it, or correct the record"}},
	} {
		got, err := service.Ingest(t.Context(), strings.NewReader(tt.body), ingest.NDJSON)
		if err != nil || got.Accepted != strings.Count(tt.body, "\n") || len(got.Rejected) > 0 {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
		var warnings []string
		for _, w := range got.Warnings {
			warnings = append(warnings, fmt.Sprintf("%s %d %v %s", w.Kind, w.Count, w.Example, w.Message))
		}
		if !reflect.DeepEqual(warnings, tt.want) {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, warnings, tt.want)
		}
	}
}

// TestIngestWarnsOfWhatIsTaken sends mistakes in records that are not taken, and in what
// they are taken away by.
func TestIngestWarnsOfWhatIsTaken(t *testing.T) {
	service, _ := warned(t)
	body := record("a", "region_id=4", "quantity=-1") + record("b", "region_id=4") + record("b", "region_id=4", "deleted=true")
	got, err := service.Ingest(t.Context(), strings.NewReader(body), ingest.NDJSON)
	want := []costd.Warning{{Kind: costd.WarningRegion, Count: 1, Example: costd.Example{Index: 1, ID: "b"},
		Message: "region_id: the catalog has no region 4; add it, or correct the record"}}
	if err != nil || !reflect.DeepEqual(got.Warnings, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestWriteWarns takes the other way in.
func TestWriteWarns(t *testing.T) {
	service, _ := warned(t)
	u := usage(costd.Instance, "2026-10-01T12:00:00Z", "2026-10-01T13:00:00Z")
	u.ClientID, u.ProjectID, u.RegionID, u.Flavor = 1, 2, 4, "f"
	got, err := service.Write(t.Context(), []costd.Usage{u})
	if err != nil || got.Accepted != 1 || len(got.Warnings) != 1 || got.Warnings[0].Kind != costd.WarningRegion {
		t.Errorf("%+v, %v", got, err)
	}
}

// counted counts how often a catalog is read whole.
type counted struct {
	costd.Catalog
	reads atomic.Int64
}

func (c *counted) Entries(ctx context.Context) (costd.Entries, int64, error) {
	c.reads.Add(1)
	return c.Catalog.Entries(ctx)
}

// TestIngestWarnsByTheCatalogOfNow applies what the first request warned of. The
// catalog is read whole once for each of its versions.
func TestIngestWarnsByTheCatalogOfNow(t *testing.T) {
	service, store := warned(t)
	catalog := &counted{Catalog: store}
	service.Catalog = catalog
	send := func() int {
		got, err := service.Ingest(t.Context(), strings.NewReader(record("a", "region_id=4")), ingest.NDJSON)
		if err != nil {
			t.Fatal(err)
		}
		return len(got.Warnings)
	}
	for range 2 {
		if send() != 1 {
			t.Error("no warning of region 4")
		}
	}
	_, version, _ := store.Entries(t.Context())
	if _, err := store.Apply(t.Context(), version, costd.Entries{Regions: []costd.Region{{ID: 4, Name: "s"}}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if send() != 0 {
			t.Error("a warning of region 4, which the catalog has")
		}
	}
	if n := catalog.reads.Load(); n != 2 {
		t.Errorf("%d reads of the whole catalog, which has had 2 versions", n)
	}
}
