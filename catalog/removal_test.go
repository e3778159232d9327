package catalog_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/catalog"
	"costd.dev/costd/decimal"
	"costd.dev/costd/ingest"
	"costd.dev/costd/store/embedded"
)

func applyFile(t *testing.T, service *catalog.Service, file string, prune bool) (costd.Applied, error) {
	t.Helper()
	f, err := catalog.Read([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	f.Prune = prune
	return service.ApplyFile(t.Context(), f)
}

// sampleShop returns a service whose catalog is the sample.
func sampleShop(t *testing.T) (*embedded.Store, *catalog.Service) {
	t.Helper()
	store := openStore(t)
	service := &catalog.Service{Store: store, Usage: store}
	apply(t, service, sample)
	return store, service
}

const removeAll = `remove:
  clients: [1001]
  regions: [76]
  projects: [501]
  prices:
    - {type: ai_cluster, metric: h100_min, region_id: 76, currency: EUR, effective_from: 2026-01-01}
    - {type: volume, metric: volume_gbm, currency: EUR, client_id: 1001, effective_from: 2026-01-01}
  commitments: [acme-h100, acme-bytes]
`

// TestRemove removes all there is, twice: the second time it is said that there is none.
func TestRemove(t *testing.T) {
	_, service := sampleShop(t)
	applied, err := applyFile(t, service, removeAll, false)
	if err != nil || applied.Total() != (costd.Counts{Removed: 7}) || len(applied.Warnings) > 0 {
		t.Fatalf("%+v, %v; want 7 removed", applied, err)
	}
	if entries, _, err := service.Entries(t.Context()); err != nil || !reflect.DeepEqual(costd.Diff(entries, costd.Entries{}), costd.Changes{}) {
		t.Errorf("what is left: %+v, %v", entries, err)
	}
	again, err := applyFile(t, service, removeAll, false)
	if err != nil || again.Version != applied.Version || again.Total() != (costd.Counts{}) || len(again.Warnings) != 7 {
		t.Errorf("again: %+v, %v; want a warning for each", again, err)
	}
	if w := again.Warnings[0]; w.Kind != catalog.WarnAbsent || w.Entry != "remove.clients[0]" || !strings.HasSuffix(w.Message, "(line 2)") {
		t.Errorf("warning %+v", w)
	}
}

// TestRemoveMistakes finds what cannot go, and changes nothing then.
func TestRemoveMistakes(t *testing.T) {
	_, service := sampleShop(t)
	for file, want := range map[string][]string{
		"remove: {clients: [1001], projects: [501]}":                    {"remove.clients[0]: is still the client of commitment acme-h100; remove that, too"},
		"remove: {regions: [76]}":                                       {"remove.regions[0]: is still the region of commitment acme-h100; remove that, too"},
		"remove: {regions: [76], commitments: [acme-h100, acme-bytes]}": {"remove.regions[0]: is still the region of the price of h100_min from 2026-01-01; remove that, too"},
		removeAll + "projects: [{id: 502, client_id: 1001, name: x}]":   {"projects[0] (502).client_id: is 1001, but there is no such client; add it under clients", "remove.clients[0]: is still the client of project 502; remove that, too"},
	} {
		_, err := applyFile(t, service, file, false)
		if got := withoutLines(mistakes(t, err)); !slices.Equal(got, want) {
			t.Errorf("%s\n%q\nwant\n%q", file, got, want)
		}
	}
	for file, want := range map[string][]string{
		"remove: {clients: [x, 1.5, ~]}":                             {`remove.clients[0]: "x" is not a whole number`, `remove.clients[1]: "1.5" is not a whole number`, "remove.clients[2]: is required"},
		"remove: {commitments: [\"a\\u009b\"]}":                      {"remove.commitments[0]: has the control character U+009B; remove it"},
		"remove: {commitments: ['']}":                                {"remove.commitments[0]: is required"},
		"remove: {commitments: [~, a]}":                              {"remove.commitments[0]: is required"},
		"remove: [1]":                                                {"remove: must be a mapping of fields"},
		"remove: {clients: 1001, prizes: []}":                        {"remove.clients: must be a list of keys", "remove.prizes: is not known here; did you mean prices?"},
		"remove: {prices: [{type: volume, metrics: m}]}":             {"remove.prices[0].currency: is required", "remove.prices[0].effective_from: is required", "remove.prices[0].metric: is required", "remove.prices[0].metrics: is not known here; did you mean metric?"},
		"regions: [{id: 76, name: x}]\nremove: {regions: [1, 76]}\n": {"remove.regions[1]: is also set under regions; keep one of them"},
	} {
		_, err := catalog.Read([]byte(file))
		if got := withoutLines(mistakes(t, err)); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("%s\n%q\nwant\n%q", file, got, want)
		}
	}
}

// TestRemoveInUse refuses to remove what usage refers to, until it is deleted, and what
// a key belongs to.
func TestRemoveInUse(t *testing.T) {
	store, service := sampleShop(t)
	_, _, err := (&access.Service{Catalog: store}).Create(t.Context(), costd.RoleProject, 1001, []int64{501})
	if err != nil {
		t.Fatal(err)
	}
	usage := costd.Usage{
		ID: "a", ClientID: 1001, ProjectID: 501, RegionID: 76, Type: costd.Volume, ResourceID: "v-1", Metric: "volume_gbm",
		Start: time.Date(2026, 10, 3, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 10, 4, 0, 0, 0, 0, time.UTC), Attributes: costd.Attributes{VolumeType: "ssd"},
	}
	size := decimal.FromInt(10)
	usage.Size = &size
	write := func(u costd.Usage) {
		t.Helper()
		if result, err := (&ingest.Service{Store: store}).Write(t.Context(), []costd.Usage{u}); err != nil || len(result.Rejected) > 0 {
			t.Fatal(result, err)
		}
	}
	write(usage)
	const where = " has usage: client 1001, resource v-1, on 2026-10-03, the first"
	wantConflict := func(reasons ...string) {
		t.Helper()
		_, err := applyFile(t, service, removeAll, false)
		if costd.ErrorCode(err) != costd.Conflict {
			t.Fatalf("%v, want a conflict", err)
		}
		for _, reason := range reasons {
			if !strings.Contains(err.Error(), reason) {
				t.Errorf("%v does not say %q", err, reason)
			}
		}
		if strings.Contains(err.Error(), "usage") && len(reasons) == 2 {
			t.Errorf("%v names usage", err)
		}
	}
	keys := []string{"client 1001 has the key ", "project 501 has the key "}
	wantConflict(append(keys, "client 1001"+where, "project 501"+where, "region 76"+where)...)
	if applied, err := applyFile(t, service, "remove: {commitments: [acme-h100]}", false); err != nil || applied.Total().Removed != 1 {
		t.Errorf("a commitment: %+v, %v", applied, err)
	}
	usage.Deleted = true
	write(usage)
	wantConflict(keys...)
	if _, err := applyFile(t, &catalog.Service{Store: store}, "remove: {projects: [501]}", false); costd.ErrorCode(err) != costd.Unavailable {
		t.Errorf("without knowing usage: %v, want Unavailable", err)
	}
}

// TestPrune makes the catalog equal to a file.
func TestPrune(t *testing.T) {
	_, service := sampleShop(t)
	const file = `
clients:  [{id: 1001, name: Acme, currency: EUR}, {id: 1002, name: New, currency: EUR}]
regions:  [{id: 76, name: Luxembourg}]
prices:
  - {type: ai_cluster, metric: h100_min, region_id: 76, currency: EUR, unit: H, unit_size: 60, unit_price: 19.90, effective_from: 2026-02-01}
`
	applied, err := applyFile(t, service, file, true)
	want := costd.Counts{Created: 2, Changed: 1, Unchanged: 1, Removed: 5}
	if err != nil || applied.Total() != want {
		t.Fatalf("%+v, %v; want %+v", applied.Total(), err, want)
	}
	entries, _, err := service.Entries(t.Context())
	if err != nil || !costd.Diff(entries, parse(t, file)).None() {
		t.Errorf("the catalog is %+v, %v", entries, err)
	}
	if again, err := applyFile(t, service, file, true); err != nil || again.Version != applied.Version {
		t.Errorf("again: %+v, %v", again, err)
	}
}
