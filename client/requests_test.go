package client_test

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/client"
)

// Requests with everything in them are on the wire what the reports take: the
// server refuses unknown fields and wrong values.
func TestFullRequests(t *testing.T) {
	wire := make(chan string, 1)
	c := site(t).through(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body) // what is missing fails the comparison
			r.Body = io.NopCloser(bytes.NewReader(body))
			wire <- r.Method + " " + r.URL.String() + " " + string(body)
			next.ServeHTTP(w, r)
		})
	}, fleetKey)
	tags := &client.TagFilter{ConditionType: client.MatchAll, Conditions: []client.TagCondition{{Key: "env", Value: "PRO", Strict: new(false)}}}
	filter := client.FilterInstanceFlavor.In("g1-standard-1-2")
	monthly := client.MonthlyTotalsRequest{YearMonth: october, Regions: []int64{76}, Types: []costd.Type{costd.Instance},
		SchemaFilter: filter, Tags: tags, Rounding: new(false)}
	costs := client.CostTotalsRequest{TimeFrom: day(1), TimeTo: day(31), EnableLastDay: true, Projects: []int64{501}, Regions: []int64{76},
		Types: []costd.Type{costd.Instance}, SchemaFilter: filter, Tags: tags, Rounding: new(false)}
	resources := client.CostResourcesRequest{TimeFrom: day(1), TimeTo: day(31), EnableLastDay: true, Projects: []int64{501}, Regions: []int64{76},
		Types: []costd.Type{costd.Instance}, SchemaFilter: filter, Tags: tags, Rounding: new(false), Limit: 1, Offset: 1, OrderBy: []client.Order{client.OrderLastNameDesc}}
	usage := client.UsageRequest{TimeFrom: day(1), TimeTo: day(31), EnableLastDay: true, Projects: []int64{501}, Regions: []int64{76},
		Types: []costd.Type{costd.Instance}, SchemaFilter: filter, Tags: tags, Limit: 1, Offset: 1, OrderBy: []client.Order{client.OrderLastNameDesc}}
	reservations := client.ReservationsRequest{MetricName: "bm1-hf-medium_min", RegionID: 8, OrderBy: client.OrderActiveToAsc,
		TimeFrom: day(1), TimeTo: day(32), ActiveOnly: true}
	projects := client.ProjectsRequest{Name: "training", IncludeDeleted: true, OrderBy: client.OrderProjectsNameDesc, Limit: 1, Offset: 1}
	regions := client.RegionsRequest{DisplayName: "Manassas", Product: "inference", ShowVolumeTypes: true, OrderBy: client.OrderRegionsNameDesc, Limit: 1, Offset: 1}
	for _, request := range []any{monthly, costs, resources, usage, reservations, projects, regions} {
		for v, i := reflect.ValueOf(request), 0; i < v.NumField(); i++ {
			if v.Field(i).IsZero() {
				t.Errorf("%T: %s is not set", request, v.Type().Field(i).Name)
			}
		}
	}
	const selected = `"regions":[76],"types":["instance"],"schema_filter":{"type":"instance","field":"flavor","values":["g1-standard-1-2"]},` +
		`"tags":{"conditions":[{"key":"env","value":"PRO","strict":false}],"condition_type":"AND"}`
	const period = `"time_from":"2026-10-01T00:00:00Z","time_to":"2026-10-31T00:00:00Z","enable_last_day":true,"projects":[501],`
	const window = `"limit":1,"offset":1,"order_by":["last_name.desc"]`
	for _, tt := range []struct {
		want string
		call func() error
	}{
		{`POST /cloud/v1/reservation_cost_report/totals {"year_month":"2026-10",` + selected + `,"rounding":false}`,
			func() error { _, err := c.MonthlyTotals(t.Context(), monthly); return err }},
		{`POST /cloud/v1/reservation_cost_report/totals {"year_month":"2026-10",` + selected + `,"rounding":false,"response_format":"csv_totals"}`,
			func() error { f, err := c.MonthlyTotalsCSV(t.Context(), monthly); return closed(f, err) }},
		{`POST /cloud/v1/cost_report/totals {` + period + selected + `,"rounding":false}`,
			func() error { _, err := c.CostTotals(t.Context(), costs); return err }},
		{`POST /cloud/v1/cost_report/totals {` + period + selected + `,"rounding":false,"response_format":"csv_totals"}`,
			func() error { f, err := c.CostTotalsCSV(t.Context(), costs); return closed(f, err) }},
		{`POST /cloud/v1/cost_report/resources {` + period + selected + `,"rounding":false,` + window + `}`,
			func() error { _, err := c.CostResources(t.Context(), resources); return err }},
		{`POST /cloud/v1/cost_report/resources {` + period + selected + `,"rounding":false,` + window + `,"response_format":"csv_records"}`,
			func() error { f, err := c.CostResourcesCSV(t.Context(), resources); return closed(f, err) }},
		{`POST /cloud/v1/usage_report {` + period + selected + `,` + window + `}`,
			func() error { _, err := c.UsageReport(t.Context(), usage); return err }},
		{`GET /cloud/v2/reservations?metric_name=bm1-hf-medium_min&order_by=active_to.asc&region_id=8&show_inactive=false&time_from=2026-10-01T00%3A00%3A00Z&time_to=2026-11-01T00%3A00%3A00Z `,
			func() error { _, err := c.Reservations(t.Context(), reservations); return err }},
		{`GET /cloud/v1/projects?include_deleted=true&limit=1&name=training&offset=1&order_by=name.desc `,
			func() error { _, err := c.Projects(t.Context(), projects); return err }},
		{`GET /cloud/v1/regions?display_name=Manassas&limit=1&offset=1&order_by=display_name.desc&product=inference&show_volume_types=true `,
			func() error { _, err := c.Regions(t.Context(), regions); return err }},
		{`POST /cloud/v1/reservation_cost_report/totals {}`,
			func() error { _, err := c.MonthlyTotals(t.Context(), client.MonthlyTotalsRequest{}); return err }},
		{`GET /cloud/v2/reservations `,
			func() error { _, err := c.Reservations(t.Context(), client.ReservationsRequest{}); return err }},
		{`GET /iam/clients/me `, func() error { _, err := c.Account(t.Context()); return err }},
	} {
		err := tt.call()
		if got := <-wire; err != nil || got != tt.want {
			t.Errorf("%v\ngot  %s\nwant %s", err, got, tt.want)
		}
	}
}

func closed(f *client.CSV, err error) error {
	if err != nil {
		return err
	}
	return f.Close()
}

// Each filter leaves what it should of the 54 rows.
func TestFilters(t *testing.T) {
	c := site(t).client(fleetKey)
	tagged := func(kind client.ConditionType, conditions ...client.TagCondition) *client.TagFilter {
		return &client.TagFilter{ConditionType: kind, Conditions: conditions}
	}
	prod, ubuntu := client.TagCondition{Key: "env", Value: "prod"}, client.TagCondition{Key: "os_distro"}
	all := func(*client.Common) bool { return true }
	for name, tt := range map[string]struct {
		narrow func(*client.CostResourcesRequest)
		holds  func(*client.Common) bool
		rows   int
	}{
		"nothing": {func(*client.CostResourcesRequest) {}, all, 54},
		"project": {func(r *client.CostResourcesRequest) { r.Projects = []int64{502} },
			func(r *client.Common) bool { return r.ProjectID == 502 }, 25},
		"region": {func(r *client.CostResourcesRequest) { r.Regions = []int64{8} },
			func(r *client.Common) bool { return r.RegionID == 8 }, 1},
		"types": {func(r *client.CostResourcesRequest) { r.Types = []costd.Type{costd.Volume, costd.Image} },
			func(r *client.Common) bool { return r.Type == costd.Volume || r.Type == costd.Image }, 5},
		"names": {func(r *client.CostResourcesRequest) { r.SchemaFilter = client.FilterVolumeLastName.In("volume 1", "x") },
			func(r *client.Common) bool { return r.Type == costd.Volume && r.LastName == "volume 1" }, 1},
		"no name": {func(r *client.CostResourcesRequest) { r.SchemaFilter = client.FilterVolumeLastName.In() }, all, 0},
		"days": {func(r *client.CostResourcesRequest) { r.TimeFrom, r.TimeTo = day(2), day(6) },
			func(r *client.Common) bool { return !r.FirstSeen.Before(day(2)) && !r.LastSeen.After(day(6)) }, 25},
		"last day": {func(r *client.CostResourcesRequest) { r.TimeFrom, r.TimeTo, r.EnableLastDay = day(2), day(6), true },
			func(r *client.Common) bool { return !r.FirstSeen.Before(day(2)) && !r.LastSeen.After(day(7)) }, 50},
		"any tag":  {func(r *client.CostResourcesRequest) { r.Tags = tagged("", ubuntu, prod) }, all, 29},
		"all tags": {func(r *client.CostResourcesRequest) { r.Tags = tagged(client.MatchAll, ubuntu, prod) }, all, 0},
		"strict":   {func(r *client.CostResourcesRequest) { r.Tags = tagged("", client.TagCondition{Value: "PRO"}) }, all, 0},
		"contains": {func(r *client.CostResourcesRequest) {
			r.Tags = tagged("", client.TagCondition{Value: "PRO", Strict: new(false)})
		}, all, 29},
	} {
		request := resourcesOfOctober
		tt.narrow(&request)
		rows := collect(t, c.AllCostResources(t.Context(), request))
		if len(rows) != tt.rows {
			t.Errorf("%s: %d rows, want %d", name, len(rows), tt.rows)
		}
		for _, row := range rows {
			if !tt.holds(row.Base()) {
				t.Errorf("%s: %s", name, row.Base().Raw)
			}
		}
	}
}

// The filter fields are those that the server takes, no more and no fewer.
func TestFilterFields(t *testing.T) {
	c := site(t).client(fleetKey)
	known := filterFields(t)
	fields := map[costd.Field]bool{}
	for _, f := range known {
		fields[f.In().Field] = true
	}
	var taken []client.FilterField
	for _, info := range costd.Types {
		for field := range fields {
			f := client.FilterField(string(info.Type) + "." + string(field))
			_, err := c.CostTotals(t.Context(), client.CostTotalsRequest{TimeFrom: day(1), TimeTo: day(1), SchemaFilter: f.In("x")})
			if err == nil {
				taken = append(taken, f)
			} else {
				wantError(t, err, 400, "ValidationError")
			}
		}
	}
	slices.Sort(taken)
	slices.Sort(known)
	if !slices.Equal(taken, known) {
		t.Errorf("the server takes\n%q\nwe know\n%q", taken, known)
	}
}

// filterFields returns the constants of filterfields.go.
func filterFields(t *testing.T) (fields []client.FilterField) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "filterfields.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			fields = append(fields, client.FilterField(text))
		}
		return true
	})
	return fields
}

// Rows come in the order that was asked for.
func TestOrders(t *testing.T) {
	c := site(t).client(fleetKey)
	for field, compare := range map[string]func(a, b *client.Common) int{
		"billing_value": func(a, b *client.Common) int { return a.BillingValue.Cmp(b.BillingValue) },
		"first_seen":    func(a, b *client.Common) int { return a.FirstSeen.Compare(b.FirstSeen) },
		"last_seen":     func(a, b *client.Common) int { return a.LastSeen.Compare(b.LastSeen) },
		"project":       func(a, b *client.Common) int { return cmp.Compare(a.ProjectID, b.ProjectID) },
		"region":        func(a, b *client.Common) int { return cmp.Compare(a.RegionID, b.RegionID) },
		"type":          func(a, b *client.Common) int { return cmp.Compare(a.Type, b.Type) },
		"last_name":     nil, // rows of some types do not show it
	} {
		for direction, sign := range map[string]int{"asc": 1, "desc": -1} {
			request := resourcesOfOctober
			request.OrderBy = []client.Order{client.Order(field + "." + direction)}
			rows := collect(t, c.AllCostResources(t.Context(), request))
			sorted := compare == nil || slices.IsSortedFunc(rows, func(a, b client.Row) int { return sign * compare(a.Base(), b.Base()) })
			if !sorted || len(rows) != 54 {
				t.Errorf("%v: %d rows, sorted: %v", request.OrderBy, len(rows), sorted)
			}
		}
	}
}
