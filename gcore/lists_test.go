package gcore_test

import (
	"fmt"
	"strings"
	"testing"

	"costd.dev/costd"
)

const listsCatalog = `
clients: [{id: 1001, name: Acme, currency: EUR, show_prices: true}]
regions: [{id: 76, name: Luxembourg-2}, {id: 8, name: Manassas}, {id: 9, name: Amsterdam}]
projects:
  - {id: 503, client_id: 1001, name: b}
  - {id: 501, client_id: 1001, name: c}
  - {id: 502, client_id: 1001, name: a}
prices:
  - {type: baremetal, metric: bm1_min, region_id: 8, feature: Server, currency: EUR, unit: H, unit_size: 60, unit_price: "1.5", effective_from: 2026-01-01}
  - {type: baremetal, metric: bm1_min, region_id: 8, feature: Server, currency: EUR, unit: H, unit_size: 60, unit_price: "2.5", effective_from: 2026-06-01}
commitments:
  - {id: "1", client_id: 1001, type: baremetal, metric: bm1_min, region_id: 8, dimension: bm1, count: 1, unit_price: "1", active_from: 2026-01-01, active_to: 2026-07-01}
  - {id: "2", client_id: 1001, type: baremetal, metric: bm1_min, region_id: 8, dimension: bm1, count: 1, unit_price: "1", active_from: 2026-03-01}
  - {id: "3", client_id: 1001, type: baremetal, metric: bm1_min, region_id: 76, dimension: bm1, count: 3, unit_price: "0.58353750", active_from: 2026-04-03, active_to: 2027-04-03}
  - {id: "4", client_id: 1001, type: volume, metric: vol_gbm, region_id: 76, dimension: standard, count: 3, price_per_month: "100", unit_price: "0", active_from: 2026-12-01, active_to: 2027-01-01}
`

// names returns the field of every item of a list, and its count.
func (s *server) names(t *testing.T, path, key, field string) (string, int) {
	t.Helper()
	r := s.call(t, "GET", path, key, "")
	if r.StatusCode != 200 {
		t.Fatalf("%s: %d %s", path, r.StatusCode, r.body)
	}
	var list struct {
		Count   int
		Results []map[string]any
	}
	parse(t, r.body, &list)
	var names []string
	for _, item := range list.Results {
		names = append(names, fmt.Sprint(item[field]))
	}
	return strings.Join(names, " "), list.Count
}

// The clock says November 23, 2026.
func TestLists(t *testing.T) {
	s := newServer(t)
	s.apply(t, listsCatalog)
	key := s.key(t, costd.RoleAdministrator, 1001)
	for _, tt := range []struct {
		path, field, want string
		count             int
	}{
		{reservationsPath, "active_billing_plan_id", "4 3 2 1", 4},
		{reservationsPath + "?order_by=active_from.asc", "active_billing_plan_id", "1 2 3 4", 4},
		{reservationsPath + "?order_by=active_to.asc", "active_billing_plan_id", "1 4 3 2", 4},
		{reservationsPath + "?order_by=active_to.desc", "active_billing_plan_id", "2 3 4 1", 4},
		{reservationsPath + "?show_inactive=false", "active_billing_plan_id", "3 2", 2},
		{reservationsPath + "?metric_name=vol_gbm", "active_billing_plan_id", "4", 1},
		{reservationsPath + "?region_id=8", "active_billing_plan_id", "2 1", 2},
		{reservationsPath + "?region_id=0", "active_billing_plan_id", "", 0},
		{reservationsPath + "?time_from=2026-02-01&time_to=2026-03-01", "active_billing_plan_id", "1", 1},
		{reservationsPath + "?time_from=2026-02-28T23:00:00-02:00&time_to=2026-03-02", "active_billing_plan_id", "2 1", 2},
		{projectsPath, "id", "501 502 503", 3},
		{projectsPath + "?order_by=name.asc", "id", "502 503 501", 3},
		{projectsPath + "?order_by=name.desc&limit=2", "id", "501 503", 3},
		{projectsPath + "?order_by=created_at.desc&limit=1&offset=1", "id", "502", 3},
		{projectsPath + "?offset=3", "id", "", 3},
		{projectsPath + "?name=a&include_deleted=true", "id", "502", 1},
		{projectsPath + "?limit=1", "is_default", "true", 3},
		{regionsPath + "?order_by=display_name.asc", "slug", "amsterdam luxembourg-2 manassas", 3},
		{regionsPath + "?display_name=MANASSAS&product=inference&show_volume_types=true", "id", "8", 1},
	} {
		got, count := s.names(t, tt.path, key, tt.field)
		if got != tt.want || count != tt.count {
			t.Errorf("%s: %s %q, count %d; want %q, %d", tt.path, tt.field, got, count, tt.want, tt.count)
		}
	}
}

func TestReservationPrices(t *testing.T) {
	s := newServer(t)
	s.apply(t, listsCatalog)
	key := s.key(t, costd.RoleAdministrator, 1001)
	for _, tt := range []struct{ path, field, want string }{
		// a year of three servers, as the reference shows it
		{reservationsPath + "?region_id=76", "commit", "0.58353750 434.15190000 15629.46840000"},
		// a stated price per month is for all pieces, and says what one and its unit cost
		{reservationsPath + "?metric_name=vol_gbm", "commit", "0.04480287 33.33333333 100.00000000"},
		// without a price of its own, overcommit has the price book's of the day
		{reservationsPath + "?region_id=8&order_by=active_from.asc", "active_overcommit", "2.50000000 1860.00000000 11160.00000000"},
		{reservationsPath + "?region_id=8&time_from=2026-02-01&time_to=2026-03-01", "active_overcommit", "1.50000000 1116.00000000 6696.00000000"},
		// and if there is neither, no price is shown
		{reservationsPath + "?metric_name=vol_gbm", "active_overcommit", "  "},
	} {
		var list struct{ Results []map[string]any }
		parse(t, s.call(t, "GET", tt.path, key, "").body, &list)
		item := list.Results[len(list.Results)-1]
		if strings.Contains(tt.path, "order_by") {
			item = list.Results[0]
		}
		prices := item[tt.field].(map[string]any)
		got := fmt.Sprint(prices["price_per_unit"], " ", prices["price_per_month"], " ", prices["price_total"])
		if got != tt.want {
			t.Errorf("%s: %s costs %s, want %s", tt.path, tt.field, got, tt.want)
		}
	}
}

// Pages are ordered as asked for, in either spelling, and the default is
// documented: ten rows by project.
func TestOrderOfResources(t *testing.T) {
	s := newServer(t)
	s.apply(t, twoClients)
	var usage strings.Builder
	for i := range 12 {
		usage.WriteString(hours(1001, int64(501+i%2), fmt.Sprintf("r%02d", i), 1+i))
	}
	s.send(t, usage.String())
	key := s.key(t, costd.RoleAdministrator, 1001)
	for _, tt := range []struct{ fields, want string }{
		{``, "r00 r02 r04 r06 r08 r10 r01 r03 r05 r07"},
		{`,"offset":10`, "r09 r11"},
		{`,"order_by":[],"sorting":[]`, "r00 r02 r04 r06 r08 r10 r01 r03 r05 r07"},
		{`,"limit":3,"order_by":["billing_value.desc"]`, "r11 r10 r09"},
		{`,"limit":3,"order_by":["last_name.asc"],"offset":1`, "r01 r02 r03"},
		{`,"limit":3,"order_by":["project.desc","last_seen.desc"]`, "r11 r09 r07"},
		{`,"limit":3,"sorting":[{"project":"desc"},{"billing_value":"desc"}]`, "r11 r09 r07"},
		{`,"limit":3,"sorting":[{"project":"desc","billing_value":"desc"}]`, "r11 r09 r07"},
		{`,"limit":2,"order_by":["billing_value.asc"],"sorting":[{"project":"desc"}]`, "r00 r01"},
	} {
		for _, path := range []string{resourcesPath, usagePath} {
			got := s.report(t, path, key, `{`+period+tt.fields+`}`)
			var names []string
			for _, r := range append(got.Results, got.Resources...) {
				names = append(names, r.UUID)
			}
			if strings.Join(names, " ") != tt.want || got.Count != 12 {
				t.Errorf("%s %s: %v of %d, want %s", path, tt.fields, names, got.Count, tt.want)
			}
		}
	}
}

// One project and one region are answered as the lists show them.
func TestOneProjectAndOneRegion(t *testing.T) {
	s := newServer(t)
	s.apply(t, twoClients)
	s.apply(t, `regions: [{id: 9, name: Paris, country: FR}]`)
	admin := s.key(t, costd.RoleAdministrator, 1001)
	member := s.key(t, costd.RoleProject, 1001, 502)
	for _, tt := range []struct {
		path, key, want string // of the body
		status          int
	}{
		{projectsPath + "/501", admin, `{"id":501,"client_id":1001,`, 200},
		{projectsPath + "/501", admin, `"is_default":true,"name":"one"`, 200},
		{projectsPath + "/502", member, `"is_default":false,"name":"two"`, 200},
		{projectsPath + "/502?limit=1", admin, `{"limit":`, 400},
		{projectsPath + "/x", admin, `"NotFoundError"`, 404},
		{regionsPath + "/9", member, `"display_name":"Paris"`, 200},
		{regionsPath + "/9?show_volume_types=true", admin, `"country":"FR"`, 200},
		{regionsPath + "/76", admin, `"country":"ZZ"`, 200},
		{regionsPath + "/1", admin, `"NotFoundError"`, 404},
		{regionsPath + "/9?show_volume_types=2", admin, `{"show_volume_types":`, 400},
	} {
		r := s.call(t, "GET", tt.path, tt.key, "")
		if r.StatusCode != tt.status || !strings.Contains(r.body, tt.want) {
			t.Errorf("%s: %d %s, want %d and %s", tt.path, r.StatusCode, r.body, tt.status, tt.want)
		}
	}
}

// Nobody learns from an answer whether another client has a project.
func TestForeignAndNonexistentProjectsLookAlike(t *testing.T) {
	s := newServer(t)
	s.apply(t, twoClients)
	s.send(t, hours(2002, 601, "d", 8))
	for _, key := range []string{s.key(t, costd.RoleAdministrator, 1001), s.key(t, costd.RoleProject, 1001, 501)} {
		ask := func(id string) (answers []string) {
			for _, path := range []string{totalsPath, resourcesPath, usagePath, projectsPath + "/" + id} {
				method, body := "POST", fmt.Sprintf(`{%s,"projects":[%s]}`, period, id)
				if strings.HasPrefix(path, projectsPath) {
					method, body = "GET", ""
				}
				r := s.call(t, method, path, key, body)
				var e struct{ Exception_class, Message string }
				parse(t, r.body, &e)
				answers = append(answers, fmt.Sprint(r.StatusCode, e.Exception_class, strings.ReplaceAll(e.Message, id, "ID")))
			}
			return answers
		}
		foreign, nonexistent := ask("601"), ask("998")
		if fmt.Sprint(foreign) != fmt.Sprint(nonexistent) || !strings.HasPrefix(foreign[0], "403") || !strings.HasPrefix(foreign[3], "404") {
			t.Errorf("foreign:\n%s\nnonexistent:\n%s", strings.Join(foreign, "\n"), strings.Join(nonexistent, "\n"))
		}
	}
}

// The contract has no null where /iam/clients/me could only answer one.
func TestMeHasNoNull(t *testing.T) {
	s := newServer(t)
	s.apply(t, twoClients)
	if r := s.call(t, "GET", mePath, s.key(t, costd.RoleAdministrator, 1001), ""); strings.Contains(r.body, "null") {
		t.Errorf("got %s", r.body)
	}
}

// A table of records is whole: what a page would be cut by does not cut it.
func TestRecordsAreWholeWhateverThePage(t *testing.T) {
	s := newServer(t)
	s.apply(t, twoClients)
	s.send(t, hours(1001, 501, "r1", 1)+hours(1001, 501, "r2", 2)+hours(1001, 501, "r3", 3))
	key := s.key(t, costd.RoleAdministrator, 1001)
	for _, window := range []string{"", `,"limit":1`, `,"offset":1`, `,"offset":3`, `,"limit":1,"offset":2`} {
		text := s.post(t, resourcesPath, key, `{`+period+`,"response_format":"csv_records"`+window+`}`)
		if rows := strings.Count(text, "\r\n") - 1; rows != 3 {
			t.Errorf("with %q the table has %d rows, want 3", window, rows)
		}
	}
}
