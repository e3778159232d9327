package client_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/decimal"
)

func TestProjects(t *testing.T) {
	c := site(t).client(fleetKey)
	for _, limit := range []int{0, 1, 2} {
		projects := collect(t, c.AllProjects(t.Context(), client.ProjectsRequest{Limit: limit, OrderBy: client.OrderProjectsNameDesc}))
		want := client.Project{ID: 501, ClientID: 1001, Name: "training", State: "ACTIVE", IsDefault: true, CreatedAt: time.Unix(0, 0).UTC()}
		if len(projects) != 2 || projects[0] != want || projects[1].ID != 502 {
			t.Errorf("limit %d: %+v", limit, projects)
		}
	}
	for order, first := range map[client.ProjectOrder]int64{"": 501, client.OrderProjectsCreatedAsc: 501, client.OrderProjectsCreatedDesc: 502, client.OrderProjectsNameAsc: 502} {
		page, err := c.Projects(t.Context(), client.ProjectsRequest{Limit: 1, OrderBy: order})
		if err != nil || page.Count != 2 || len(page.Results) != 1 || page.Results[0].ID != first {
			t.Errorf("%q: %+v, %v", order, page, err)
		}
	}
	named := collect(t, c.AllProjects(t.Context(), client.ProjectsRequest{Name: `=web, "prod"`, IncludeDeleted: true}))
	if len(named) != 1 || named[0].ID != 502 {
		t.Errorf("%+v", named)
	}
}

func TestRegions(t *testing.T) {
	c := site(t).client(fleetKey)
	var names []string
	for _, r := range collect(t, c.AllRegions(t.Context(), client.RegionsRequest{Limit: 1, OrderBy: client.OrderRegionsNameAsc})) {
		names = append(names, fmt.Sprintln(r.ID, r.DisplayName, r.Slug, r.State, r.HasAI))
	}
	if want := []string{"76 Luxembourg-2 luxembourg-2 ACTIVE true\n", "8 Manassas manassas ACTIVE true\n"}; !reflect.DeepEqual(names, want) {
		t.Errorf("%q", names)
	}
	for order, first := range map[client.RegionOrder]int64{"": 8, client.OrderRegionsCreatedAsc: 8, client.OrderRegionsCreatedDesc: 76, client.OrderRegionsNameDesc: 8} {
		page, err := c.Regions(t.Context(), client.RegionsRequest{Limit: 1, OrderBy: order})
		if err != nil || page.Count != 2 || page.Results[0].ID != first {
			t.Errorf("%q: %+v, %v", order, page, err)
		}
	}
}

// The hosted service writes times of projects and regions without a zone.
func TestTimesOfLists(t *testing.T) {
	for wire, want := range map[string]time.Time{
		`null`:                       {},
		`"2020-04-10T11:37:57"`:      time.Date(2020, 4, 10, 11, 37, 57, 0, time.UTC),
		`"2020-04-10T11:37:57.5"`:    time.Date(2020, 4, 10, 11, 37, 57, 5e8, time.UTC),
		`"2020-04-10T11:37:57Z"`:     time.Date(2020, 4, 10, 11, 37, 57, 0, time.UTC),
		`"2020-04-10T13:37+02:00"`:   {}, // not a time
		`"2020-04-10T13:37:57+0200"`: time.Date(2020, 4, 10, 11, 37, 57, 0, time.UTC),
	} {
		var p client.Project
		perr := json.Unmarshal([]byte(`{"id":7,"name":"n","created_at":`+wire+`,"deleted_at":null}`), &p)
		var r client.Region
		rerr := json.Unmarshal([]byte(`{"id":7,"display_name":"n","created_at":`+wire+`}`), &r)
		if want.IsZero() && wire != "null" {
			if perr == nil || rerr == nil {
				t.Errorf("%s is taken for a time", wire)
			}
			continue
		}
		if perr != nil || p != (client.Project{ID: 7, Name: "n", CreatedAt: want}) {
			t.Errorf("%s: project %+v, %v", wire, p, perr)
		}
		if rerr != nil || !reflect.DeepEqual(r, client.Region{ID: 7, DisplayName: "n", CreatedAt: want}) {
			t.Errorf("%s: region %+v, %v", wire, r, rerr)
		}
	}
}

func TestAccount(t *testing.T) {
	account, err := site(t).client(acmeKey).Account(t.Context())
	want := &client.Account{ID: 7001, Name: "Acme", CompanyName: "Acme", Status: "active", BillType: "common", Capabilities: []string{"CLOUD"}}
	if err != nil || !reflect.DeepEqual(account, want) {
		t.Errorf("%+v, %v", account, err)
	}
}

func TestReservations(t *testing.T) {
	c := site(t).client(fleetKey)
	found, err := c.Reservations(t.Context(), client.ReservationsRequest{OrderBy: client.OrderActiveFromAsc})
	if err != nil || len(found) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	gpu, metal := found[0], found[1]
	if gpu.ResourceName != "bm3-ai-1xlarge-h100-80-8" || gpu.HardwareInfo != (costd.HardwareInfo{CPU: "2x Xeon", RAM: "2TB"}) ||
		!gpu.Commit.ActiveTo.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) || gpu.ActiveOvercommit.PricePerUnit.String() != "18.12345679" {
		t.Errorf("%+v", gpu)
	}
	if metal.ActiveBillingPlanID != 4711 || metal.RegionName != "Manassas" || metal.ResourceCount != 3 || metal.UnitName != "H" ||
		metal.UnitSizeMonth.String() != "744" || metal.UnitSizeTotal.String() != "2232" ||
		!metal.Commit.ActiveFrom.Equal(day(16)) || !metal.Commit.ActiveTo.IsZero() ||
		metal.Commit.PricePerUnit.String() != "0.5835375" || metal.Commit.PricePerMonth.String() != "434.1519" || metal.Commit.PriceTotal.String() != "1302.4557" {
		t.Errorf("%+v", metal)
	}
	for name, tt := range map[string]struct {
		request client.ReservationsRequest
		ids     []string
	}{
		"newest first": {client.ReservationsRequest{}, []string{"bm1-hf-medium", "bm3-ai-1xlarge-h100-80-8"}},
		"last to end":  {client.ReservationsRequest{OrderBy: client.OrderActiveToDesc}, []string{"bm1-hf-medium", "bm3-ai-1xlarge-h100-80-8"}},
		"first to end": {client.ReservationsRequest{OrderBy: client.OrderActiveToAsc, ActiveOnly: true}, []string{"bm3-ai-1xlarge-h100-80-8", "bm1-hf-medium"}},
		"region":       {client.ReservationsRequest{RegionID: 8}, []string{"bm1-hf-medium"}},
		"metric":       {client.ReservationsRequest{MetricName: "bm3-ai-1xlarge-h100-80-8_min"}, []string{"bm3-ai-1xlarge-h100-80-8"}},
		"period":       {client.ReservationsRequest{TimeFrom: day(1), TimeTo: day(16)}, []string{"bm3-ai-1xlarge-h100-80-8"}},
	} {
		found, err := c.Reservations(t.Context(), tt.request)
		var ids []string
		for _, r := range found {
			ids = append(ids, r.ResourceName)
		}
		if err != nil || !reflect.DeepEqual(ids, tt.ids) {
			t.Errorf("%s: %q, %v, want %q", name, ids, err, tt.ids)
		}
	}
}

// Prices that the server does not tell are nil, not zero.
func TestReservationsWithoutPrices(t *testing.T) {
	var p client.ReservationPrices
	const wire = `{"active_from": "2026-10-16T00:00:00", "active_to": null, "subscription_id": null, "price_per_unit": "", "price_per_month": null, "price_total": "0.00000000"}`
	if err := p.UnmarshalJSON([]byte(wire)); err != nil {
		t.Fatal(err)
	}
	if want := (client.ReservationPrices{ActiveFrom: day(16), PriceTotal: new(decimal.Decimal)}); !reflect.DeepEqual(p, want) {
		t.Errorf("%+v", p)
	}
	for _, wrong := range []string{`{"active_from": "yesterday"}`, `{"active_from": 5}`, `{"price_total": "much"}`, `[]`} {
		if err := p.UnmarshalJSON([]byte(wrong)); err == nil {
			t.Errorf("%s: no error", wrong)
		}
	}
}
