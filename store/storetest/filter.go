package storetest

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// wantResources wants the query to select exactly these resources, in both reports.
func wantResources(t *testing.T, s Stores, what string, q costd.Query, want ...string) {
	t.Helper()
	_, rows := resources(t, s, q, costd.Page{})
	var got []string
	selected := decimal.Rational{}
	for _, row := range rows {
		got = append(got, row.ResourceID)
		selected = selected.Add(total(row.Days))
	}
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("%s: resources %q, want %q", what, got, want)
	}
	for _, line := range lines(t, s, q) {
		for _, day := range line.Days {
			selected = selected.Sub(day.Selected)
		}
	}
	if !selected.IsZero() {
		t.Errorf("%s: resource rows and lines differ by %v", what, selected)
	}
}

// testLists selects by each of the lists and by the period.
func testLists(t *testing.T, s Stores) {
	accept(t, s,
		newRecord("", "a", 1, 1),
		newRecord("", "b", 1, 1, func(r *costd.Record) { r.RegionID = 77 }),
		newRecord("", "c", 1, 1, func(r *costd.Record) { r.ProjectID = 502 }),
		newRecord("", "d", 1, 1, func(r *costd.Record) { r.Type = costd.Baremetal }),
		newRecord("", "e", 25, 1),
		newRecord("", "f", 1, 1, func(r *costd.Record) { r.ClientID = 1002 }),
	)
	for _, tt := range []struct {
		what   string
		change func(*costd.Query)
		want   []string
	}{
		{"all", func(q *costd.Query) {}, []string{"a", "b", "c", "d", "e"}},
		{"another client", func(q *costd.Query) { q.ClientID = 1002 }, []string{"f"}},
		{"an unknown client", func(q *costd.Query) { q.ClientID = 1003 }, nil},
		{"a region", func(q *costd.Query) { q.Regions = []int64{77} }, []string{"b"}},
		{"regions", func(q *costd.Query) { q.Regions = []int64{77, 1, 76} }, []string{"a", "b", "c", "d", "e"}},
		{"no such region", func(q *costd.Query) { q.Regions = []int64{1} }, nil},
		{"a project", func(q *costd.Query) { q.Projects = []int64{502} }, []string{"c"}},
		{"a type", func(q *costd.Query) { q.Types = []costd.Type{costd.Baremetal} }, []string{"d"}},
		{"types", func(q *costd.Query) { q.Types = []costd.Type{costd.Baremetal, costd.Instance} }, []string{"a", "b", "c", "d", "e"}},
		{"a day", func(q *costd.Query) { q.Period = costd.Period{From: today, To: today + 1} }, []string{"a", "b", "c", "d"}},
		{"no day", func(q *costd.Query) { q.Period = costd.Period{From: today, To: today} }, nil},
		{"all together", func(q *costd.Query) {
			q.Regions, q.Projects, q.Types = []int64{76}, []int64{501}, []costd.Type{costd.Instance}
		}, []string{"a", "e"}},
	} {
		q := all
		tt.change(&q)
		wantResources(t, s, tt.what, q, tt.want...)
	}
}

// testManyValues gives lists and filters thousands of values.
func testManyValues(t *testing.T, s Stores) {
	accept(t, s, newRecord("", "vm-1", 1, 1), newRecord("", "vm-2", 1, 1))
	filter := &costd.Filter{Type: costd.Instance, Field: costd.FieldUUID}
	q := all
	q.Filter = filter
	for i := range int64(5000) {
		filter.Values = append(filter.Values, fmt.Sprint("other ", i))
		q.Regions, q.Projects = append(q.Regions, i), append(q.Projects, i)
	}
	wantResources(t, s, "none of many", q)
	filter.Values = append(filter.Values, "vm-2")
	wantResources(t, s, "one of many", q, "vm-2")
}

// testFields filters by each field. The dimensions and the type are of the usage
// itself; every other field is as last seen.
func testFields(t *testing.T, s Stores) {
	set := map[costd.Field]func(*costd.Record, string){
		costd.FieldFlavor:           func(r *costd.Record, v string) { r.Flavor = v },
		costd.FieldVolumeType:       func(r *costd.Record, v string) { r.Attributes.VolumeType = v },
		costd.FieldFileShareType:    func(r *costd.Record, v string) { r.Attributes.FileShareType = v },
		costd.FieldInstanceType:     func(r *costd.Record, v string) { r.Attributes.InstanceType = v },
		costd.FieldLastName:         func(r *costd.Record, v string) { r.Name = v },
		costd.FieldLastSize:         func(r *costd.Record, v string) { r.Size = size(v) },
		costd.FieldAttachedToVM:     func(r *costd.Record, v string) { r.Attributes.AttachedToVM = v },
		costd.FieldInstanceName:     func(r *costd.Record, v string) { r.Attributes.InstanceName = v },
		costd.FieldIPAddress:        func(r *costd.Record, v string) { r.Attributes.IPAddress = v },
		costd.FieldNetworkID:        func(r *costd.Record, v string) { r.Attributes.NetworkID = v },
		costd.FieldPortID:           func(r *costd.Record, v string) { r.Attributes.PortID = v },
		costd.FieldScheduleID:       func(r *costd.Record, v string) { r.Attributes.ScheduleID = v },
		costd.FieldSourceVolumeUUID: func(r *costd.Record, v string) { r.Attributes.SourceVolumeUUID = v },
		costd.FieldSubnetID:         func(r *costd.Record, v string) { r.Attributes.SubnetID = v },
		costd.FieldVMID:             func(r *costd.Record, v string) { r.Attributes.VMID = v },
	}
	client := int64(0)
	fields := slices.Sorted(maps.Keys(set))
	for i, info := range costd.Types {
		for j, field := range fields {
			if (i+j)%8 > 0 && field != info.RowDimension {
				continue // every field with every eighth type is enough
			}
			client++
			setField := set[field]
			record := func(resource string, hour int, value string, t costd.Type) costd.Record {
				r := newRecord("", resource, hour, 1, func(r *costd.Record) { r.ClientID, r.Type = client, t })
				setField(&r, value)
				return r
			}
			shown := func(v string) string {
				if field == costd.FieldLastSize {
					return costd.ShownSize(info.Type, "", size(v))
				}
				return v
			}
			other := costd.Instance
			if info.Type == other {
				other = costd.Volume
			}
			accept(t, s, record("changed", 3, "20.5", info.Type), record("changed", 1, "7", info.Type),
				record("constant", 2, "7", info.Type), record("foreign", 2, "7", other))
			q := costd.Query{ClientID: client, Period: october, Filter: &costd.Filter{Type: info.Type, Field: field, Values: []string{shown("7"), "x"}}}
			want := []string{"constant"}
			if field == info.RowDimension {
				want = []string{"changed", "constant"}
			}
			wantResources(t, s, fmt.Sprintf("%s by %s 7", info.Type, field), q, want...)
			q.Filter.Values = []string{shown("20.5")}
			wantResources(t, s, fmt.Sprintf("%s by %s 20.5", info.Type, field), q, "changed")
			q.Filter.Values = []string{"20.50", " 7", "7.", "07", "7.0"}
			wantResources(t, s, fmt.Sprintf("%s by other texts than the %s", info.Type, field), q)
			q.Types = []costd.Type{other}
			wantResources(t, s, "a filter on a type that is not listed", q)
		}
		q := costd.Query{ClientID: client, Period: october, Filter: &costd.Filter{Type: info.Type, Field: costd.FieldType, Values: []string{string(info.Type)}}}
		wantResources(t, s, "by type "+string(info.Type), q, "changed", "constant")
		q.Filter.Values[0] = "other"
		wantResources(t, s, "by another type than "+string(info.Type), q)
		q.Filter = &costd.Filter{Type: info.Type, Field: costd.FieldUUID, Values: []string{"constant", "foreign"}}
		wantResources(t, s, "by uuid", q, "constant")
	}
	q := all
	q.Filter = &costd.Filter{Type: costd.Instance, Field: "'; DROP TABLE usage", Values: []string{"x"}}
	if _, err := s.Usage.Lines(t.Context(), q); costd.ErrorCode(err) != costd.Invalid {
		t.Errorf("a filter by an unknown field: %v, want Invalid", err)
	}
}

// testSelected gives lines whole, and what of them is selected beside that.
func testSelected(t *testing.T, s Stores) {
	other := newRecord("", "c", 1, 1, func(r *costd.Record) { r.RegionID = 77 })
	accept(t, s, newRecord("", "a", 1, 1), newRecord("", "b", 2, 2), newRecord("", "b", 26, 3), other)
	q := all
	q.Filter = &costd.Filter{Type: costd.Instance, Field: costd.FieldUUID, Values: []string{"a"}}
	got := lines(t, s, q)
	if len(got) != 1 || got[0].Line.RegionID != 76 {
		t.Fatalf("lines %+v, want the one of region 76", got)
	}
	diff(t, "days", dayTexts(got[0].Days), []string{"2026-10-12: 60 of 180", "2026-10-13: 0 of 180"})
}

// testTags selects by the tags that resources had last.
func testTags(t *testing.T, s Stores) {
	tagged := func(resource string, hour int, tags map[string]string) costd.Record {
		return newRecord("", resource, hour, 1, func(r *costd.Record) { r.Tags = tags })
	}
	accept(t, s,
		tagged("a", 1, map[string]string{"os": "Ubuntu", "team": "Straße Ärger"}),
		tagged("b", 1, map[string]string{"os": "ubuntu"}),
		tagged("b", 2, map[string]string{"os": "debian", "x": `"%_\`}),
		tagged("c", 1, map[string]string{"os": "ubuntu"}),
		tagged("c", 2, nil), // the tags are gone
		tagged("d", 1, map[string]string{"OS": "DEBIAN", "team": "os"}),
	)
	type list []costd.TagCondition
	c := func(key, value string, strict bool) costd.TagCondition {
		return costd.TagCondition{Key: key, Value: value, Strict: strict}
	}
	for _, tt := range []struct {
		conditions list
		any, all   []string // resources that fulfil one condition, or every one
	}{
		{list{c("os", "", true)}, []string{"a", "b"}, []string{"a", "b"}},
		{list{c("os", "", false)}, []string{"a", "b"}, []string{"a", "b"}},
		{list{c("os", "Ubuntu", true)}, []string{"a"}, []string{"a"}},
		{list{c("os", "ubuntu", true)}, nil, nil},
		{list{c("os", "ubuntu", false)}, []string{"a"}, []string{"a"}},
		{list{c("os", "BUN", false)}, []string{"a"}, []string{"a"}},
		{list{c("os", "BUN", true)}, nil, nil},
		{list{c("", "DEBIAN", true)}, []string{"d"}, []string{"d"}},
		{list{c("", "DEBIAN", false)}, []string{"b", "d"}, []string{"b", "d"}},
		{list{c("", "STRASSE", false)}, nil, nil},
		{list{c("team", "STRAßE äRG", false)}, []string{"a"}, []string{"a"}},
		{list{c("x", "%", false)}, []string{"b"}, []string{"b"}},
		{list{c("x", "_\\", false)}, []string{"b"}, []string{"b"}},
		{list{c("x", "a_", false)}, nil, nil},
		{list{c("os", "debian", true), c("", "os", true)}, []string{"b", "d"}, nil},
		{list{c("team", "", true), c("", "debian", false)}, []string{"a", "b", "d"}, []string{"d"}},
		{list{c("os", "", true), c("os", "", true)}, []string{"a", "b"}, []string{"a", "b"}},
		{list{c("team", "", true), c("OS", "DEBIAN", true), c("team", "os", true)}, []string{"a", "d"}, []string{"d"}},
		{nil, nil, []string{"a", "b", "c", "d"}},
	} {
		q := all
		q.Tags = &costd.TagFilter{Conditions: tt.conditions}
		wantResources(t, s, fmt.Sprintf("any of %+v", tt.conditions), q, tt.any...)
		q.Tags = &costd.TagFilter{Conditions: tt.conditions, All: true}
		wantResources(t, s, fmt.Sprintf("all of %+v", tt.conditions), q, tt.all...)
	}
	// A filter and tags select what both select, and lists come before either: in
	// the first hour's project, b still runs Ubuntu.
	q := all
	q.Tags = &costd.TagFilter{Conditions: list{c("os", "", true)}}
	q.Filter = &costd.Filter{Type: costd.Instance, Field: costd.FieldUUID, Values: []string{"b", "d"}}
	wantResources(t, s, "a filter and tags", q, "b")
	moved := tagged("b", 1, map[string]string{"os": "ubuntu"})
	moved.ProjectID = 502
	write(t, s, []costd.Record{moved}, costd.Replaced)
	q = all
	q.Projects, q.Tags = []int64{502}, &costd.TagFilter{Conditions: list{c("os", "ubuntu", true)}}
	wantResources(t, s, "tags within a project", q, "b")
	q.Projects = nil
	wantResources(t, s, "tags in all projects", q)
}

// testSizes filters by sizes as reports show them, half to even and images in bytes.
func testSizes(t *testing.T, s Stores) {
	ids := map[string][]string{} // by the size that is shown
	sizes := []string{"", "0", "0.5", "0.500000001", "1.5", "2.5", "2.499999999", "3", "12345678901234567890.5", "99999999999999999999.999999999"}
	for _, typ := range []costd.Type{costd.Volume, costd.Image} {
		clear(ids)
		for i, unit := range []string{"", "Bytes", "GiB"} {
			for _, text := range sizes {
				r := newRecord("", fmt.Sprintf("%s %s%d", typ, text, i), 1, 1, func(r *costd.Record) {
					if r.Type, r.Attributes.SizeUnit = typ, unit; text != "" {
						r.Size = size(text)
					}
				})
				accept(t, s, r)
				shown := costd.ShownSize(typ, unit, r.Size)
				ids[shown] = append(ids[shown], r.ResourceID)
			}
		}
		for shown, want := range ids {
			q := all
			q.Filter = &costd.Filter{Type: typ, Field: costd.FieldLastSize, Values: []string{shown, "0.5"}}
			slices.Sort(want)
			wantResources(t, s, fmt.Sprintf("%s by the size %s", typ, shown), q, want...)
		}
	}
	for unit, want := range map[string]string{"": "11274289152", "bytes": "10", "BYTES": "10", "GiB": "11274289152"} {
		if got := costd.ShownSize(costd.Image, unit, size("10.5")); got != want {
			t.Errorf("an image of 10.5 %s is shown with the size %s, want %s", unit, got, want)
		}
	}
}

// testLastSize adds up the last sizes of backups.
func testLastSize(t *testing.T, s Stores) {
	backup := func(resource string, hour int, gib string) costd.Record {
		return newRecord("", resource, hour, 1, func(r *costd.Record) {
			r.Type, r.Metric, r.Size = costd.Backup, "backup_gbm", nil
			if gib != "" {
				r.Size = size(gib)
			}
		})
	}
	accept(t, s, backup("a", 1, "99"), backup("a", 2, "0.000000001"), backup("b", 3, "10"), backup("c", 1, "5"), backup("c", 2, ""))
	volume := backup("v", 1, "7")
	volume.Type = costd.Volume
	accept(t, s, volume)
	for _, tt := range []struct {
		resources []string
		want      string
	}{
		{nil, "10.000000001"}, {[]string{"a"}, "0.000000001"}, {[]string{"b", "c"}, "10"}, {[]string{"c"}, "0"},
	} {
		q := all
		if tt.resources != nil {
			q.Filter = &costd.Filter{Type: costd.Backup, Field: costd.FieldUUID, Values: tt.resources}
		}
		for _, line := range lines(t, s, q) {
			want := tt.want
			if line.Line.Type != costd.Backup {
				want = "0"
			}
			if line.LastSize.String() != want {
				t.Errorf("last size of %s %v is %s, want %s", line.Line.Type, tt.resources, line.LastSize, want)
			}
		}
	}
}
