package duckdb_test

import (
	"reflect"
	"testing"

	"costd.dev/costd"
)

// TestRefers finds the first usage of each client, project and region, and none once it
// is deleted.
func TestRefers(t *testing.T) {
	db := open(t, t.TempDir())
	records := append(fleet(1, 2, 30), fleet(2, 1, 3)...)
	records[3].ProjectID = 77 // one hour of one resource
	if _, err := db.Write(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	first, project := records[0], records[3]
	region := first.RegionID
	removal := costd.Removal{Clients: []int64{3, 1}, Regions: []int64{region, 999}, Projects: []int64{77, 78}, Commitments: []string{"a"}}
	reference := func(list string, id int64, r costd.Record) costd.Reference {
		return costd.Reference{List: list, ID: id, ClientID: r.ClientID, Day: costd.DayOf(r.Start), ResourceID: r.ResourceID}
	}
	want := []costd.Reference{reference("clients", 1, first), reference("projects", 77, project), reference("regions", region, first)}
	if got, err := db.Refers(t.Context(), removal); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for i := range records {
		records[i].Deleted, records[i].Parts = true, nil
	}
	if _, err := db.Write(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	for _, r := range []costd.Removal{removal, {}} {
		if got, err := db.Refers(t.Context(), r); err != nil || len(got) > 0 {
			t.Errorf("after all was deleted: %+v, %v", got, err)
		}
	}
}
