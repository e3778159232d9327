package openapi_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/demo"
	"costd.dev/costd/server"
)

const (
	jsonBody   = "Content-Type: application/json"
	yamlBody   = "Content-Type: application/yaml"
	ndjsonBody = "Content-Type: application/x-ndjson"
)

// TestAnswersAreAsDocumented asks for everything there is, on the demo's fleet, and
// for everything that can go wrong, until every documented status has been seen.
func TestAnswersAreAsDocumented(t *testing.T) {
	s := open(t)
	s.askForReports()
	s.askForLists()
	s.askForOwnPaths()
	s.useKeysAndCatalog()
	s.makeMistakes()
	s.makeOverflows()
	s.checkRoles()
	s.useWrongMethods()
	s.guessKeys()
	s.loseStore()
	for _, o := range operations(t) {
		for status := range o.Responses.Map() {
			switch {
			case s.seen[o.OperationID+" "+status]:
			case status == "500": // a fault of ours; TestEveryErrorIsDocumented has it
			case o.Tags[0] == "Care" && !s.maintained():
			default:
				t.Errorf("%s never answered %s", o.OperationID, status)
			}
		}
	}
	for _, info := range costd.Types {
		for _, list := range []string{"results", "resources", "totals"} {
			if !s.seen[string(info.Type)+" "+list] && !(info.Type == costd.Backup && list == "totals") {
				t.Errorf("no %s had a row of type %s", list, info.Type)
			}
		}
	}
}

func (s *site) askForReports() {
	for _, client := range demo.Entries(now).Clients {
		key := fmt.Sprint("client ", client.ID)
		for _, month := range []string{"2026-09", "2026-10", "2026-11"} {
			days := fmt.Sprintf(`"time_from":"%s-01","time_to":"%s-30","enable_last_day":true`, month, month)
			for _, body := range []call{
				{id: "monthlyTotals", body: fmt.Sprintf(`{"year_month":%q}`, month)},
				{id: "monthlyTotals", body: fmt.Sprintf(`{"year_month":%q,"rounding":false,"response_format":"csv_totals"}`, month)},
				{id: "costTotals", body: `{` + days + `}`},
				{id: "costTotals", body: `{` + days + `,"rounding":false,"response_format":"csv_totals"}`},
				{id: "costResources", body: `{` + days + `,"limit":200,"order_by":["billing_value.desc","last_name.asc"]}`},
				{id: "costResources", body: `{` + days + `,"response_format":"csv_records"}`},
				{id: "usageReport", body: `{` + days + `,"limit":200,"sorting":[{"region":"desc"}],"projects":null}`},
			} {
				body.key, body.status = key, 200
				s.note(s.call(body))
			}
		}
	}
	for _, info := range costd.Types {
		filter := fmt.Sprintf(`"schema_filter":{"type":%q,"field":"type","values":[%q]}`, info.Type, info.Type)
		s.call(call{id: "monthlyTotals", key: "administrator", body: `{` + filter + `}`, status: 200})
		s.call(call{id: "costResources", key: "project", status: 200, body: `{"time_from":"2026-10","time_to":"2026-10-31T23:00:00+01:00",` +
			`"types":["inference_public_models"],"tags":{"conditions":[{"key":"team","strict":false}],"condition_type":"AND"},` + filter + `}`})
	}
	s.call(call{id: "monthlyTotals", key: "administrator", status: 200})
}

// note remembers the types of the rows of an answer.
func (s *site) note(answer string) {
	var lists map[string]json.RawMessage
	if json.Unmarshal([]byte(answer), &lists) != nil {
		return // CSV
	}
	for name, list := range lists {
		var rows []struct{ Type string }
		if json.Unmarshal(list, &rows) == nil {
			for _, row := range rows {
				s.seen[row.Type+" "+name] = true
			}
		}
	}
}

func (s *site) askForLists() {
	for _, c := range []call{
		{id: "listReservations"},
		{id: "listReservations", more: "?order_by=active_to.asc&show_inactive=false&region_id=76&metric_name=a&time_from=2026-10-01&time_to=2026-10-31"},
		{id: "listReservations", key: "client 1002"}, // whose prices are hidden
		{id: "listProjects", more: "?limit=1&offset=1&order_by=name.desc&include_deleted=true&name=training"},
		{id: "listProjects", key: "project"},
		{id: "listRegions", more: "?order_by=display_name.asc&display_name=luxembourg-2&product=inference&show_volume_types=true"},
		{id: "listRegions"},
		{id: "getProject", more: "501"},
		{id: "getRegion", key: "project", more: "76?show_volume_types=true"},
		{id: "getMe", key: "project"},
		{id: "getMe", method: "HEAD"},
	} {
		if c.status = 200; c.key == "" {
			c.key = "administrator"
		}
		s.call(c)
	}
}

func (s *site) askForOwnPaths() {
	for _, id := range []string{"healthz", "readyz", "metrics", "openapi", "docs", "docsWithSlash"} {
		s.call(call{id: id, status: 200})
		s.call(call{id: id, method: "HEAD", status: 200})
	}
	s.call(call{id: "front", status: 200, header: "Accept: text/html"})
	s.call(call{id: "metrics", status: 200, header: "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"})
}

func (s *site) useKeysAndCatalog() {
	yaml := s.call(call{id: "getCatalog", key: "operator", status: 200})
	json := s.call(call{id: "getCatalog", key: "operator", status: 200, header: "Accept: application/json"})
	s.call(call{id: "applyCatalog", key: "operator", status: 200, body: yaml, header: yamlBody})
	s.call(call{id: "applyCatalog", key: "operator", status: 200, body: json, header: jsonBody})
	s.call(call{id: "applyCatalog", key: "operator", status: 200, body: `{"regions":null}`, header: jsonBody})
	s.call(call{id: "applyCatalog", key: "operator", more: "?prune=false", status: 200, body: `{"remove":{"regions":[4711],"prices":[{"type":"volume","metric":"x","currency":"EUR","effective_from":"2026-01-01"}]}}`, header: jsonBody})
	if s.maintained() {
		const change = `{"prices":[{"type":"instance","metric":"g1-standard-2-8_min","currency":"EUR","unit":"H","unit_size":60,"unit_price":"77","effective_from":"2026-01-02"}],"remove":{"commitments":["acme-h100"]}}`
		s.call(call{id: "applyCatalog", key: "operator", more: "?dry_run=true", status: 200, body: change, header: jsonBody})
		s.call(call{id: "diff", key: "operator", status: 200, body: `{"month":"2026-10","from":{"version":1},"to":{"change":` + change + `}}`, header: jsonBody})
	}
	s.call(call{id: "applyCatalog", key: "operator", status: 409, body: `{"remove":{"projects":[501]}}`, header: jsonBody}) // it has usage
	s.call(call{id: "listCatalogChanges", key: "operator", more: "?since=0&limit=1", status: 200})
	s.call(call{id: "listAudit", key: "operator", more: "?since=2020-01-01&limit=1&cursor=1", status: 200})
	s.call(call{id: "listAudit", key: "operator", more: "?actor=nobody&action=backup", status: 200})
	s.call(call{id: "getCatalog", key: "operator", more: "?version=1", status: 200})
	for _, body := range []string{`{"role":"ingest"}`, `{"role":"administrator","client_id":1001}`, `{"role":"project","client_id":1001,"projects":[502,501]}`} {
		id := between(s.call(call{id: "createKey", key: "operator", status: 201, body: body, header: jsonBody}), `"id":"`, `"`)
		s.call(call{id: "getKey", key: "operator", more: id, status: 200})
		s.call(call{id: "listKeys", key: "operator", status: 200})
		s.call(call{id: "deleteKey", key: "operator", more: id, status: 204})
		s.call(call{id: "getKey", key: "operator", more: id, status: 404})
		s.call(call{id: "deleteKey", key: "operator", more: id, status: 404})
	}
	for _, c := range examples(s.t, s.byID["sendUsage"]) {
		c.key, c.status = "ingest", 200
		s.call(c)
	}
	s.call(call{id: "sendUsage", key: "operator", status: 200}) // no records
	s.call(call{id: "sendUsage", key: "ingest", status: 200, body: "{}\n7\n", header: ndjsonBody})
	for _, month := range []string{"2026-09", "2026-10"} {
		s.call(call{id: "listBills", key: "operator", more: "?month=" + month + "&limit=1", status: 200})
		s.call(call{id: "listBills", key: "operator", more: "?limit=1000&cursor=1001&month=" + month, status: 200})
		s.call(call{id: "listBills", key: "operator", more: "?month=" + month, header: "Accept: text/csv", status: 200})
	}
	s.call(call{id: "listBills", key: "operator", status: 200})
	s.explainDemo()
	if s.maintained() {
		s.call(call{id: "backup", key: "operator", status: 200})
		s.call(call{id: "check", key: "operator", more: "?kind=price&kind=rollup", status: 200})
	}
}

// explainDemo asks for explanations of all lines of the demo's months, with commitments and
// without.
func (s *site) explainDemo() {
	for _, month := range []string{"2026-09", "2026-10"} {
		var report struct {
			Results []map[string]any
		}
		body := s.call(call{id: "monthlyTotals", key: "administrator", body: `{"year_month":"` + month + `"}`, status: 200})
		if err := json.Unmarshal([]byte(body), &report); err != nil || len(report.Results) == 0 {
			s.t.Fatal(err, body)
		}
		for _, row := range report.Results {
			query := fmt.Sprintf("?month=%s&type=%v&metric=%v&region_id=%v", month, row["type"], row["billing_metric_name"], row["region_id"])
			for _, dimension := range []string{"flavor", "volume_type", "file_share_type", "instance_type"} {
				if value, ok := row[dimension]; ok {
					query += fmt.Sprintf("&dimension=%v", value)
				}
			}
			s.call(call{id: "explainLine", key: "administrator", more: query, status: 200})
			s.call(call{id: "explainLine", key: "operator", more: query, header: fmt.Sprint("X-Client-ID: ", demo.ClientID), status: 200})
		}
	}
	s.call(call{id: "explainLine", key: "administrator", more: "?type=instance&metric=none&region_id=76", status: 404})
	s.call(call{id: "explainLine", key: "operator", more: "?type=instance&metric=none&region_id=76", status: 400})
}

// examples returns calls with the examples that the document has of bodies.
func examples(t *testing.T, o operation) (calls []call) {
	t.Helper()
	for mediaType, content := range o.RequestBody.Value.Content {
		for _, e := range content.Examples {
			body, err := json.Marshal(e.Value.Value)
			if err != nil {
				t.Fatal(err)
			}
			if list, ok := e.Value.Value.([]any); ok && mediaType == "application/x-ndjson" {
				var lines []string
				for _, item := range list {
					line, _ := json.Marshal(item)
					lines = append(lines, string(line))
				}
				body = []byte(strings.Join(lines, "\n"))
			}
			calls = append(calls, call{id: o.OperationID, body: string(body), header: "Content-Type: " + mediaType})
		}
	}
	return calls
}

// The examples of answers are documented in a way that the document itself allows,
// which its validation sees to; those of requests have to work.
func TestExamplesOfRequestsWork(t *testing.T) {
	s := open(t)
	for _, o := range operations(t) {
		if o.RequestBody == nil {
			continue
		}
		for _, c := range examples(t, o) {
			c.key, c.status = string(o.roles()[0]), 200
			if o.OperationID == "createKey" {
				c.status = 201
			}
			s.call(c)
		}
	}
}

func (s *site) makeMistakes() {
	const october = `"time_from":"2026-10-01","time_to":"2026-11-01"`
	huge := `{` + october + strings.Repeat(" ", 1<<20) + `}`
	for _, c := range []call{
		{id: "monthlyTotals", body: `{"year_month":"2026-13","types":["toaster"],"more":1}`, status: 400},
		{id: "costTotals", body: "{\"time_from\":\"\xff\"}", status: 400},
		{id: "costResources", body: `{` + october + `,"limit":0,"tags":{"conditions":[{}]}}`, status: 400},
		{id: "usageReport", body: `{"time_from":"2026-10-01"}`, status: 400},
		{id: "listReservations", more: "?time_from=2026-10-01&x=1", status: 400},
		{id: "listProjects", more: "?limit=1001&order_by=id", status: 400},
		{id: "listRegions", more: "?a=%zz", status: 400},
		{id: "getMe", more: "?x=1", status: 400},
		{id: "monthlyTotals", body: huge, status: 413}, {id: "costTotals", body: huge, status: 413},
		{id: "costResources", body: huge, status: 413}, {id: "usageReport", body: huge, status: 413},
		{id: "costTotals", body: `{` + october + `,"projects":[531]}`, status: 403}, // another client's
	} {
		c.key = "administrator"
		s.call(c)
	}
	for _, c := range []call{
		{id: "sendUsage", body: "[", header: jsonBody, status: 400},
		{id: "sendUsage", body: strings.Repeat("{}\n", costd.MaxBatch+1), header: ndjsonBody, status: 413},
		{id: "sendUsage", body: "a,b", header: "Content-Type: text/csv", status: 415},
		{id: "applyCatalog", body: "clients: [{id: 0}]\n", header: yamlBody, status: 400},
		{id: "applyCatalog", body: "[", header: jsonBody, status: 400},
		{id: "applyCatalog", body: "#" + strings.Repeat("x", catalog.MaxFileSize), header: yamlBody, status: 413},
		{id: "applyCatalog", body: "a", header: "Content-Type: text/plain", status: 415},
		{id: "createKey", body: `{"role":"king"}`, header: jsonBody, status: 400},
		{id: "createKey", body: strings.Repeat(" ", 65<<10), header: jsonBody, status: 413},
		{id: "createKey", body: "role: king", header: yamlBody, status: 415},
		{id: "deleteKey", more: strings.Split(s.tokens["operator"], "$")[0], status: 400}, // the last one
		{id: "check", more: "?kind=spelling", status: 400},
		{id: "getCatalog", more: "?version=4711", status: 404},
		{id: "listAudit", more: "?since=yesterday", status: 400},
		{id: "diff", body: `{"month":"2026-10","to":{"version":4711}}`, status: 404},
		{id: "diff", body: `{"month":"2026-10"}`, status: 400},
		{id: "diff", body: `{` + strings.Repeat(" ", catalog.MaxFileSize), status: 413},
		{id: "diff", body: "month: 2026-10", header: yamlBody, status: 415},
		{id: "applyCatalog", more: "?prune=perhaps", body: "{}", header: jsonBody, status: 400},
		{id: "getCatalog", more: "?version=1&as_of=2026-10-01", status: 400},
		{id: "listCatalogChanges", more: "?since=-1", status: 400},
	} {
		c.key = "operator"
		s.call(c)
	}
	for _, o := range operations(s.t) {
		if o.needsKey() {
			more := "?unknown=1"
			if strings.Contains(o.path, "{") {
				more = "nobody" + more
			}
			s.call(call{id: o.OperationID, key: string(o.roles()[0]), more: more, status: 400})
		}
		if o.Responses.Status(404) != nil && !o.ours() {
			c := call{id: o.OperationID, key: "stranger", status: 404}
			if o.RequestBody != nil && o.RequestBody.Value.Required {
				c.body = `{` + october + `}`
			}
			if c.id != "listRegions" { // which are the same for everyone
				s.call(c)
			}
			c.key, c.header = "operator", "X-Client-ID: 404"
			s.call(c)
		}
	}
}

// makeOverflows has a client use and reserve more than 38 digits can say, in seconds: a
// sum over 10^38 sixtieths of a unit is refused, and one record of these is just below.
func (s *site) makeOverflows() {
	const most = "99999999999999999999"
	s.call(call{id: "applyCatalog", key: "operator", header: yamlBody, status: 200, body: `
clients: [{id: 38, name: Too much, currency: EUR}]
prices:
  - {type: functions, metric: f, currency: EUR, feature: F, unit: GBS, unit_size: 1, unit_price: "` + most + `", effective_from: 2026-01-01}
commitments:
  - {id: too-much, client_id: 38, type: functions, metric: g, region_id: 76, count: 1000000000, unit_size_month: "` + most + `", unit_price: "` + most + `", active_from: 2026-01-01}
`})
	const record = `{"client_id":38,"project_id":1,"region_id":76,"type":%q,"resource_id":%q,"metric":"f","start":"2026-10-01T00:00:00Z","end":"2026-10-02T00:00:00Z",%s}` + "\n"
	var lines strings.Builder
	for _, resource := range []string{"a", "b"} {
		fmt.Fprintf(&lines, record, "functions", "f"+resource, `"quantity":"`+most+`"`)
		fmt.Fprintf(&lines, record, "backup", "b"+resource, `"size":"`+most+`","count":"11000000000000"`)
	}
	if answer := s.call(call{id: "sendUsage", key: "ingest", body: lines.String(), header: ndjsonBody, status: 200}); !strings.Contains(answer, `"rejected":[]`) {
		s.t.Fatal(answer)
	}
	if s.maintained() {
		const change = `{"remove":{"commitments":["too-much"]}}`
		s.call(call{id: "applyCatalog", key: "operator", more: "?dry_run=true", body: change, header: jsonBody, status: 422})
		s.call(call{id: "diff", key: "operator", body: `{"month":"2026-10","to":{"change":` + change + `}}`, header: jsonBody, status: 422})
	}
	token := between(s.call(call{id: "createKey", key: "operator", status: 201, body: `{"role":"administrator","client_id":38}`, header: jsonBody}), `"token":"`, `"`)
	const october = `{"time_from":"2026-10-01","time_to":"2026-11-01"}`
	for id, body := range map[string]string{
		"monthlyTotals": `{"year_month":"2026-10"}`, "costTotals": october, "costResources": october, "usageReport": october, "listReservations": "",
	} {
		s.call(call{id: id, key: token, body: body, status: 422})
	}
	s.call(call{id: "explainLine", key: "operator", header: "X-Client-ID: 38", more: "?month=2026-10&type=functions&metric=g&region_id=76", status: 422})
}

// checkRoles calls every operation with a key of each role, and with none.
func (s *site) checkRoles() {
	for _, o := range operations(s.t) {
		if !o.needsKey() {
			continue
		}
		s.wait()
		s.call(call{id: o.OperationID, status: 401})
		for _, role := range []costd.Role{costd.RoleOperator, costd.RoleIngest, costd.RoleAdministrator, costd.RoleProject} {
			if !slices.Contains(o.roles(), role) {
				s.call(call{id: o.OperationID, key: string(role), status: 403})
			}
		}
	}
}

func (s *site) useWrongMethods() {
	for _, o := range operations(s.t) {
		s.call(call{id: o.OperationID, key: "operator", method: "PATCH", status: 405})
		s.call(call{id: o.OperationID, key: "operator", method: "OPTIONS", status: 405})
	}
	for _, path := range []string{"/cloud", "/cloud/v1/projects/", "/api", "/api/v1/", "/api/v1/keys/a/b", "//cloud/v1/projects", "/iam/./clients/me", "/docs/x", "/" + strings.Repeat("x", 9000)} {
		resp, err := s.Client().Get(s.URL + path)
		if err != nil {
			s.t.Fatal(err)
		}
		resp.Body.Close()
	}
}

// guessKeys tries wrong keys until nobody at this address is answered any more.
func (s *site) guessKeys() {
	for _, id := range []string{"getMe", "listKeys"} {
		for range 60 {
			req, err := http.NewRequestWithContext(s.t.Context(), "GET", s.URL+s.byID[id].path, nil)
			if err != nil {
				s.t.Fatal(err)
			}
			resp, err := s.Client().Do(req)
			if err != nil {
				s.t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode == http.StatusTooManyRequests {
				break
			}
		}
	}
	for _, o := range operations(s.t) {
		if o.needsKey() {
			s.call(call{id: o.OperationID, status: 429})
		}
	}
}

// loseStore closes the store under the server, which has nothing to answer with then.
func (s *site) loseStore() {
	s.Config.Handler = server.New(server.Config{
		Usage: s.store, Catalog: s.store, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	})
	if err := s.store.Close(); err != nil {
		s.t.Fatal(err)
	}
	for _, o := range operations(s.t) {
		if o.needsKey() || o.OperationID == "readyz" {
			s.call(call{id: o.OperationID, key: string(append(o.roles(), "")[0]), status: 503})
		}
	}
}
