package gcore_test

import (
	"fmt"
	"testing"

	"costd.dev/costd"
)

const twoClients = `
clients:
  - {id: 1001, name: Acme, currency: EUR, show_prices: true}
  - {id: 2002, name: Other, currency: EUR, show_prices: true}
regions: [{id: 76, name: Luxembourg-2}]
projects:
  - {id: 501, client_id: 1001, name: one}
  - {id: 502, client_id: 1001, name: two}
  - {id: 601, client_id: 2002, name: foreign}
prices:
  - {type: instance, metric: m_min, feature: Instance, currency: EUR, unit: H, unit_size: 60, unit_price: "1", effective_from: 2026-01-01}
commitments:
  - {id: acme, client_id: 1001, type: instance, metric: m_min, region_id: 76, dimension: f, count: 1, unit_price: "1", active_from: 2026-01-01}
  - {id: other, client_id: 2002, type: instance, metric: m_min, region_id: 76, dimension: f, count: 1, unit_price: "1", active_from: 2026-01-01}
`

// hours writes usage of so many hours on October 1.
func hours(client, project int64, resource string, hours int) string {
	return fmt.Sprintf(`{"client_id":%d,"project_id":%d,"region_id":76,"type":"instance","resource_id":%q,"metric":"m_min","flavor":"f",`+
		`"name":%[3]q,"start":"2026-10-01T00:00:00Z","end":"2026-10-01T%02[4]d:00:00Z"}`+"\n", client, project, resource, hours)
}

// Every route with every kind of key.
func TestRoles(t *testing.T) {
	s := newServer(t)
	s.apply(t, twoClients)
	keys := map[string]string{
		"none":          "",
		"operator":      s.key(t, costd.RoleOperator, 0),
		"ingest":        s.key(t, costd.RoleIngest, 0),
		"administrator": s.key(t, costd.RoleAdministrator, 1001),
		"project":       s.key(t, costd.RoleProject, 1001, 501),
	}
	adminOnly := map[string]int{"none": 401, "operator": 403, "ingest": 403, "project": 403, "administrator": 200}
	clientOnly := map[string]int{"none": 401, "operator": 403, "ingest": 403, "project": 200, "administrator": 200}
	for _, tt := range []struct {
		method, path, body string
		want               map[string]int
	}{
		{"POST", monthlyPath, ``, adminOnly},
		{"POST", totalsPath, `{` + period + `}`, clientOnly},
		{"POST", resourcesPath, `{` + period + `}`, clientOnly},
		{"POST", usagePath, `{` + period + `}`, clientOnly},
		{"GET", reservationsPath, ``, adminOnly},
		{"GET", projectsPath, ``, clientOnly},
		{"GET", regionsPath, ``, clientOnly},
		{"GET", projectsPath + "/501", ``, clientOnly},
		{"GET", regionsPath + "/76", ``, clientOnly},
		{"GET", mePath, ``, clientOnly},
	} {
		for role, want := range tt.want {
			r := s.call(t, tt.method, tt.path, keys[role], tt.body)
			if r.StatusCode != want {
				t.Errorf("%s with key %s: %d %s, want %d", tt.path, role, r.StatusCode, r.body, want)
			}
			if want == 403 && parseError(t, r).ExceptionClass != "ForbiddenError" {
				t.Errorf("%s with key %s: %s", tt.path, role, r.body)
			}
		}
	}
}

// Keys see their own client and projects, asked or not, and nothing of others.
func TestKeysSeeTheirOwn(t *testing.T) {
	s := newServer(t)
	s.apply(t, twoClients)
	s.send(t, hours(1001, 501, "a", 1)+hours(1001, 502, "b", 2)+hours(1001, 999, "c", 4)+hours(2002, 601, "d", 8))
	admin := s.key(t, costd.RoleAdministrator, 1001)
	one := s.key(t, costd.RoleProject, 1001, 501)
	both := s.key(t, costd.RoleProject, 1001, 501, 502)
	other := s.key(t, costd.RoleAdministrator, 2002)
	for _, tt := range []struct{ name, key, projects, want string }{
		{"admin", admin, "", "420"},
		{"admin asking for one", admin, "502", "120"},
		{"admin asking for one the catalog does not know", admin, "999", "240"},
		{"admin asking for a foreign one", admin, "601", "403"},
		{"admin asking for a foreign one too", admin, "501,601", "403"},
		{"admin asking for one that does not exist", admin, "998", "403"},
		{"project", one, "", "60"},
		{"project asking for its own", one, "501", "60"},
		{"project asking for another", one, "502", "403"},
		{"project asking for both", one, "501,502", "403"},
		{"project asking for a foreign one", one, "601", "403"},
		{"project asking for an unknown one", one, "998", "403"},
		{"two projects", both, "", "180"},
		{"two projects asking for one", both, "502", "120"},
		{"other client", other, "", "480"},
	} {
		for _, path := range []string{totalsPath, resourcesPath, usagePath} {
			body := fmt.Sprintf(`{%s,"projects":[%s]}`, period, tt.projects)
			if tt.want == "403" {
				if r := s.call(t, "POST", path, tt.key, body); r.StatusCode != 403 {
					t.Errorf("%s, %s: %d %s, want 403", tt.name, path, r.StatusCode, r.body)
				}
				continue
			}
			got := s.report(t, path, tt.key, body)
			if sum := sumValues(t, got.Results) + sumValues(t, got.Resources); fmt.Sprint(sum) != tt.want {
				t.Errorf("%s, %s: %d minutes, want %s", tt.name, path, sum, tt.want)
			}
		}
	}
	if got := s.report(t, usagePath, one, `{`+period+`,"projects":null}`); sumValues(t, got.Totals) != 60 {
		t.Errorf("null projects show %v", got.Totals)
	}
	checkLists(t, s, one, other)
}

// checkLists checks what the keys of a project and of another client see of lists.
func checkLists(t *testing.T, s *server, project, other string) {
	t.Helper()
	for _, tt := range []struct {
		path, key string
		count     int
	}{
		{projectsPath, project, 1},
		{projectsPath, other, 1},
		{reservationsPath, other, 1},
	} {
		var list struct {
			Count   int
			Results []struct{ ID int64 }
		}
		parse(t, s.call(t, "GET", tt.path, tt.key, "").body, &list)
		if list.Count != tt.count || len(list.Results) != tt.count {
			t.Errorf("%s shows %+v", tt.path, list)
		}
	}
}

func sumValues(t *testing.T, rows []row) int64 {
	t.Helper()
	var sum int64
	for _, r := range rows {
		n, err := r.BillingValue.Int64()
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}
