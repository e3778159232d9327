package server_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/demo"
	"costd.dev/costd/ingest"
)

// withDemo returns a server with the fleet of the demo, whose prices are all shown.
func withDemo(t *testing.T) *site {
	t.Helper()
	s := open(t)
	entries := demo.Entries(october())
	for i := range entries.Clients {
		entries.Clients[i].ShowPrices = true
	}
	if _, err := (&catalog.Service{Store: s.store}).Apply(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	result, err := (&ingest.Service{Store: s.store}).Write(t.Context(), slices.Collect(demo.Usage(october())))
	if err != nil || len(result.Rejected) > 0 {
		t.Fatalf("%v, rejected %v", err, result.Rejected)
	}
	return s
}

// A wireBill is a bill of JSON as it stands there.
type wireBill struct {
	ClientID                        int64  `json:"client_id"`
	ClientName                      string `json:"client_name"`
	Currency, State                 string
	Commit, Overcommit, PAYG, Total *string
	Rows                            int
	RowsInError                     int `json:"rows_in_error"`
	Err                             string
}

// pages reads the bills of a month in pages.
func (s *site) pages(t *testing.T, month string, limit int) (all []wireBill) {
	t.Helper()
	for cursor := ""; ; {
		status, body := s.call(t, "GET", fmt.Sprintf("/api/v1/bills?month=%s&limit=%d%s", month, limit, cursor), s.tokens["operator"], "")
		var page struct {
			Month      string
			Bills      []wireBill
			NextCursor string `json:"next_cursor"`
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil || status != http.StatusOK || page.Month != month || len(page.Bills) > limit {
			t.Fatalf("%d %s: %v", status, body, err)
		}
		all = append(all, page.Bills...)
		if page.NextCursor == "" {
			return all
		}
		cursor = "&cursor=" + page.NextCursor
	}
}

// monthly adds up, by kind, the costs of a client's monthly report as that shows them. A
// kind with a row in error has none.
func (s *site) monthly(t *testing.T, month string, client int64) wireBill {
	t.Helper()
	status, body := s.as(t, s.tokens["operator"], "POST", totals, fmt.Sprintf(`{"year_month":%q}`, month), fmt.Sprint(client))
	var report struct {
		Results []struct {
			Feature string `json:"billing_feature_name"`
			Cost    *json.Number
			Err     *string
		}
	}
	if err := json.Unmarshal([]byte(body), &report); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	bill, sums, failed := wireBill{ClientID: client, Rows: len(report.Results)}, map[string]*big.Rat{"": {}, "Commit": {}, "Overcommit": {}, "PAYG": {}}, map[string]bool{}
	for _, row := range report.Results {
		kind := row.Feature[strings.LastIndex(row.Feature, " ")+1:]
		if row.Cost == nil {
			if bill.RowsInError++; bill.Err == "" {
				bill.Err = *row.Err
			}
			if kind == "" { // without a price there is no name; it is pay-as-you-go here
				kind = "PAYG"
			}
			failed[""], failed[kind] = true, true
			continue
		}
		cost, ok := new(big.Rat).SetString(row.Cost.String())
		if !ok || sums[kind] == nil {
			t.Fatalf("%+v", row)
		}
		sums[kind].Add(sums[kind], cost)
		sums[""].Add(sums[""], cost)
	}
	shown := func(kind string) *string {
		if failed[kind] {
			return nil
		}
		text := strings.TrimRight(strings.TrimRight(sums[kind].FloatString(5), "0"), ".")
		return &text
	}
	bill.Commit, bill.Overcommit, bill.PAYG, bill.Total = shown("Commit"), shown("Overcommit"), shown("PAYG"), shown("")
	return bill
}

// The bills of all clients are their monthly reports added up, in pages of any size and as
// CSV.
func TestBillsAreTheMonthlyReports(t *testing.T) {
	s := withDemo(t)
	for _, month := range []string{"2026-08", "2026-09", "2026-10"} {
		bills := s.pages(t, month, 1)
		if fmt.Sprint(len(bills)) != fmt.Sprint(len(s.pages(t, month, 2))) || len(bills) < 3 {
			t.Fatalf("%d bills", len(bills))
		}
		status, table := s.csv(t, "/api/v1/bills?month="+month)
		lines, err := csv.NewReader(strings.NewReader(table)).ReadAll()
		if err != nil || status != http.StatusOK || len(lines) != len(bills)+1 {
			t.Fatalf("%d %v\n%s", status, err, table)
		}
		for i, bill := range bills {
			want := s.monthly(t, month, bill.ClientID)
			want.ClientName, want.Currency, want.State = bill.ClientName, bill.Currency, "open"
			if got, want := mustJSON(t, bill), mustJSON(t, want); got != want {
				t.Errorf("%s\nthe bill is    %s\nthe report says %s", month, got, want)
			}
			if got, want := strings.Join(lines[i+1], ","), month+","+bill.line(); got != want {
				t.Errorf("CSV has %s, JSON %s", got, want)
			}
			if i > 0 && bills[i-1].ClientID >= bill.ClientID {
				t.Errorf("client %d comes after %d", bill.ClientID, bills[i-1].ClientID)
			}
		}
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// line returns the bill as a line of CSV.
func (b wireBill) line() string {
	cells := []string{fmt.Sprint(b.ClientID), b.ClientName, b.Currency, b.State}
	for _, n := range []*string{b.Commit, b.Overcommit, b.PAYG, b.Total} {
		if n == nil {
			n = new(string)
		}
		cells = append(cells, *n)
	}
	return strings.Join(append(cells, fmt.Sprint(b.Rows), fmt.Sprint(b.RowsInError), b.Err), ",")
}

// csv asks for CSV with the operator's key.
func (s *site) csv(t *testing.T, path string) (int, string) {
	t.Helper()
	r, err := http.NewRequest("GET", s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "APIKey "+s.tokens["operator"])
	r.Header.Set("Accept", "text/csv")
	return s.send(t, r)
}

// A total is never partial: usage without a price takes the total of its client away, and
// of nobody else, and the bill says why.
func TestBillsAreNeverPartial(t *testing.T) {
	s := withDemo(t)
	before := s.pages(t, "2026-10", 100)
	u := instance(ours, 501, "unpriced", "new")
	u.Metric = "new_min"
	if _, err := (&ingest.Service{Store: s.store}).Write(t.Context(), []costd.Usage{u}); err != nil {
		t.Fatal(err)
	}
	for i, bill := range s.pages(t, "2026-10", 100) {
		switch {
		case bill.ClientID != ours:
			if mustJSON(t, bill) != mustJSON(t, before[i]) {
				t.Errorf("another client's bill became %+v", bill)
			}
		case bill.Total != nil || bill.PAYG != nil || bill.RowsInError != before[i].RowsInError+1 || bill.Rows != before[i].Rows+1 || !strings.Contains(bill.Err, "no price for"):
			t.Errorf("the bill is %s", mustJSON(t, bill))
		}
	}
}

// What cannot be meant is refused, naming the parameter.
func TestBillsRefuse(t *testing.T) {
	s := open(t)
	for query, want := range map[string]string{
		"month=2026-13": "month", "month=": "month", "month=2026-10&month=2026-09": "month", "limit=0": "limit", "limit=1001": "limit", "limit=x": "limit",
		"cursor=x": "cursor", "cursor=0": "cursor", "client_id=1": "client_id",
	} {
		if status, body := s.call(t, "GET", "/api/v1/bills?"+query, s.tokens["operator"], ""); status != 400 || !strings.Contains(body, `"field":"`+want+`"`) {
			t.Errorf("%s: %d %s", query, status, body)
		}
	}
	for _, query := range []string{"limit=1", "cursor=1"} {
		if status, body := s.csv(t, "/api/v1/bills?"+query); status != 400 || !strings.Contains(body, "is for pages of JSON") {
			t.Errorf("CSV with %s: %d %s", query, status, body)
		}
	}
}
