package storetest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

func day(s string) costd.Day {
	d, err := costd.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

// someEntries returns entries that use every field, ordered by their keys.
func someEntries() costd.Entries {
	activeTo := day("2027-01-01")
	price := costd.Price{Type: costd.Instance, Metric: "m", Currency: "EUR", Feature: "Größe <&> {region}\x00", Unit: "H",
		UnitSize: decimal.FromInt(60), UnitPrice: decimal.MustParse("0.00000000000000000001"), EffectiveFrom: day("2026-01-01")}
	prices := []costd.Price{price, price, price, price, price}
	prices[1].EffectiveFrom = day("2026-11-01")
	prices[2].ClientID = 1001
	prices[3].RegionID, prices[3].Currency = 76, "CHF"
	prices[4].Metric, prices[4].UnitPrice = "m2", decimal.MustParse("12345678901234567890123456789012345678")
	return costd.Entries{
		Clients:  []costd.Client{{ID: 2, Name: "Ä", Currency: "EUR", ShowPrices: true}, {ID: 10, Name: "", Currency: "USD"}},
		Regions:  []costd.Region{{ID: -1, Name: "neg"}, {ID: 9, Name: "b"}, {ID: 76, Name: "Luxembourg-2"}},
		Projects: []costd.Project{{ID: 501, ClientID: 2, Name: "training"}},
		Prices:   prices,
		Commitments: []costd.Commitment{
			{ID: "B", ClientID: 2, Type: costd.Instance, Metric: "m", RegionID: 76, Dimension: "f", Count: 2, Unit: "H", UnitSize: decimal.FromInt(60),
				UnitSizeMonth: decimal.FromInt(744), UnitPrice: decimal.MustParse("12.50"), PricePerMonth: size("18600"), OvercommitUnitPrice: size("0"),
				Feature: "F", ActiveFrom: day("2026-01-01"), ActiveTo: &activeTo, HardwareInfo: &costd.HardwareInfo{CPU: "2x", RAM: "1 TB", Disk: "8x"}},
			{ID: "a", ClientID: 2, Type: costd.Volume, Metric: "v", UnitSize: decimal.FromInt(1), ActiveFrom: day("1969-12-31")},
		},
	}
}

func apply(t *testing.T, s Stores, base int64, change costd.Entries) int64 {
	t.Helper()
	version, err := s.Catalog.Apply(t.Context(), base, change)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	return version
}

// wantEntries wants the catalog to hold exactly these, at this version.
func wantEntries(t *testing.T, s Stores, want costd.Entries, wantVersion int64) {
	t.Helper()
	got, version, err := s.Catalog.Entries(t.Context())
	if err != nil || version != wantVersion {
		t.Fatalf("Entries: version %d, %v; want %d", version, err, wantVersion)
	}
	for i, lists := 0, reflect.ValueOf(got); i < lists.NumField(); i++ {
		g, w := lists.Field(i), reflect.ValueOf(want).Field(i)
		if fmt.Sprintf("%+v", dereferenced(g)) != fmt.Sprintf("%+v", dereferenced(w)) {
			t.Errorf("%s are\n\t%+v\nwant\n\t%+v", lists.Type().Field(i).Name, dereferenced(g), dereferenced(w))
		}
	}
	if alone, err := s.Catalog.Version(t.Context()); err != nil || alone != wantVersion {
		t.Errorf("Version: %d, %v; want %d", alone, err, wantVersion)
	}
}

// dereferenced returns texts of the elements of a list, with what pointers point at.
func dereferenced(list reflect.Value) (texts []string) {
	for i := range list.Len() {
		element, text := list.Index(i), ""
		for f := range element.NumField() {
			field := element.Field(f)
			if field.Kind() == reflect.Pointer && !field.IsNil() {
				text += "*"
				field = field.Elem()
			}
			text += fmt.Sprintf("%s: %+q; ", element.Type().Field(f).Name, fmt.Sprint(field.Interface()))
		}
		texts = append(texts, text)
	}
	return texts
}

func testCatalog(t *testing.T, s Stores) {
	wantEntries(t, s, costd.Entries{}, 0)
	entries := someEntries()
	shuffled := someEntries()
	slices.Reverse(shuffled.Clients)
	slices.Reverse(shuffled.Regions)
	slices.Reverse(shuffled.Prices)
	slices.Reverse(shuffled.Commitments)
	version := apply(t, s, 0, shuffled)
	if version <= 0 {
		t.Errorf("version %d after the first change", version)
	}
	wantEntries(t, s, entries, version)
	if again := apply(t, s, version, entries); again != version {
		t.Errorf("a change that changes nothing makes version %d of %d", again, version)
	}
	if again := apply(t, s, version, costd.Entries{}); again != version {
		t.Errorf("no change makes version %d of %d", again, version)
	}
	// Entries are replaced by their keys and added; the rest stays.
	change := costd.Entries{
		Clients: []costd.Client{{ID: 10, Name: "new", Currency: "USD"}, {ID: 11, Name: "first", Currency: "EUR"}, {ID: 11, Name: "last", Currency: "EUR"}},
		Prices:  []costd.Price{entries.Prices[2]},
	}
	change.Prices[0].UnitPrice = decimal.FromInt(3)
	next := apply(t, s, version, change)
	if next <= version {
		t.Errorf("version %d after %d", next, version)
	}
	entries.Clients = append(entries.Clients[:1], change.Clients[0], change.Clients[2])
	entries.Prices[2] = change.Prices[0]
	wantEntries(t, s, entries, next)
	// What a caller does to its entries afterwards does not change the store's.
	fee, hardware := decimal.FromInt(1), costd.HardwareInfo{CPU: "1x"}
	entries.Commitments[1].PricePerMonth, entries.Commitments[1].HardwareInfo = size("1"), &costd.HardwareInfo{CPU: "1x"}
	own := entries.Commitments[1]
	own.PricePerMonth, own.HardwareInfo = &fee, &hardware
	change = costd.Entries{Commitments: []costd.Commitment{own}}
	next = apply(t, s, next, change)
	fee, hardware.CPU, change.Commitments[0].Count = decimal.FromInt(2), "2x", 9
	wantEntries(t, s, entries, next)
}

// testConflict applies changes to a version that is no longer the catalog's.
func testConflict(t *testing.T, s Stores) {
	version := apply(t, s, 0, someEntries())
	for _, base := range []int64{0, version - 1, version + 1} {
		if base == version {
			continue
		}
		if _, err := s.Catalog.Apply(t.Context(), base, costd.Entries{Regions: []costd.Region{{ID: 5}}}); costd.ErrorCode(err) != costd.Unavailable {
			t.Errorf("Apply to version %d of %d: %v, want Unavailable", base, version, err)
		}
	}
	wantEntries(t, s, someEntries(), version)

	// Of many who change the same version one succeeds; who tries again does in the end.
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for {
				_, base, err := s.Catalog.Entries(t.Context())
				if err == nil {
					_, err = s.Catalog.Apply(t.Context(), base, costd.Entries{Projects: []costd.Project{{ID: int64(1000 + i), Name: fmt.Sprint(i)}}})
				}
				if err == nil {
					return
				}
				if costd.ErrorCode(err) != costd.Unavailable {
					t.Errorf("Apply: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
	entries, got, err := s.Catalog.Entries(t.Context())
	if err != nil || len(entries.Projects) != 9 || got < version+8 {
		t.Errorf("after 8 changes: %d projects, version %d after %d, %v", len(entries.Projects), got, version, err)
	}
}

func someKey(id string) costd.Key {
	return costd.Key{ID: id, Role: costd.RoleProject, ClientID: 1001, Projects: []int64{502, -1}, Hash: [32]byte{0, 255, 39},
		Created: time.Date(2026, 10, 12, 8, 30, 0, 123456789, time.UTC), Name: "größe", Expires: time.Date(2027, 1, 1, 0, 0, 0, 1, time.UTC),
		LastUsed: time.Date(2026, 10, 13, 0, 0, 0, 0, time.UTC)}
}

func testKeys(t *testing.T, s Stores) {
	operator := costd.Key{ID: "B", Role: costd.RoleOperator, Created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3600))}
	project := someKey("a")
	for _, key := range []costd.Key{project, operator} {
		if err := s.Catalog.CreateKey(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Catalog.CreateKey(t.Context(), someKey("B")); costd.ErrorCode(err) != costd.Invalid {
		t.Errorf("a second key B: %v, want Invalid", err)
	}
	operator.Created = operator.Created.UTC()
	wantKeys(t, s, operator, project)
	// What a caller does to a key does not change the store's.
	got, _ := s.Catalog.Key(t.Context(), "a")
	got.Projects[0] = 0
	wantKeys(t, s, operator, project)
	for _, id := range []string{"A", "a ", ""} {
		if _, err := s.Catalog.Key(t.Context(), id); costd.ErrorCode(err) != costd.NotFound {
			t.Errorf("key %q: %v, want NotFound", id, err)
		}
		if err := s.Catalog.DeleteKey(t.Context(), id, nil); costd.ErrorCode(err) != costd.NotFound {
			t.Errorf("deleting key %q: %v, want NotFound", id, err)
		}
	}
	operator.LastUsed = operator.Created.Add(time.Second)
	for _, used := range []map[string]time.Time{
		nil, {"gone": operator.Created},
		{"gone": operator.Created, "a": project.LastUsed.Add(-1), "B": operator.LastUsed.In(time.FixedZone("", 3600))},
		{"B": operator.LastUsed.Add(-1)},
	} {
		if err := s.Catalog.MarkUsed(t.Context(), used); err != nil {
			t.Fatal(err)
		}
	}
	wantKeys(t, s, operator, project)
	if err := s.Catalog.DeleteKey(t.Context(), "B", nil); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, s, project)
	if err := s.Catalog.CreateKey(t.Context(), operator); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, s, operator, project)
	wantEntries(t, s, costd.Entries{}, 0) // keys are not entries
}

// testGuardedDeletes deletes two keys at once, each of which may go only while the
// other stays: one of them is left, however often that is tried.
func testGuardedDeletes(t *testing.T, s Stores) {
	refusal := costd.Errorf(costd.Invalid, "the last one stays")
	notTheLast := func(rest []costd.Key) error {
		if len(rest) == 0 {
			return refusal
		}
		return nil
	}
	for round := range 20 {
		left, right := someKey(fmt.Sprint("a", round)), someKey(fmt.Sprint("b", round))
		for _, key := range []costd.Key{left, right} {
			if err := s.Catalog.CreateKey(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		deleted := make(chan error)
		for _, id := range []string{left.ID, right.ID} {
			go func() { deleted <- s.Catalog.DeleteKey(t.Context(), id, notTheLast) }()
		}
		one, other := <-deleted, <-deleted
		keys, err := s.Catalog.Keys(t.Context())
		if err != nil || len(keys) != 1 || (one == nil) == (other == nil) || costd.ErrorCode(cmp.Or(one, other)) != costd.Invalid {
			t.Fatalf("round %d: %v and %v left %+v, %v; want one key, one error", round, one, other, keys, err)
		}
		wantKeys(t, s, keys[0]) // also one by one
		if err := s.Catalog.DeleteKey(t.Context(), keys[0].ID, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func wantKeys(t *testing.T, s Stores, want ...costd.Key) {
	t.Helper()
	got, err := s.Catalog.Keys(t.Context())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("Keys: %+v, %v; want %+v", got, err, want)
	}
	for _, key := range want {
		if got, err := s.Catalog.Key(t.Context(), key.ID); err != nil || !reflect.DeepEqual(got, key) {
			t.Errorf("Key: %+v, %v; want %+v", got, err, key)
		}
	}
}

// testCheck finds a working store healthy, also while it is written.
func testCheck(t *testing.T, s Stores) {
	for i := range 3 {
		if err := s.Usage.Check(t.Context()); err != nil {
			t.Error(err)
		}
		accept(t, s, newRecord(fmt.Sprint(i), "vm-1", 1, 1))
	}
}
