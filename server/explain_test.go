package server_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"costd.dev/costd"
	"costd.dev/costd/catalog"
	"costd.dev/costd/decimal"
	"costd.dev/costd/ingest"
	"costd.dev/costd/internal/fleettest"
	"costd.dev/costd/report"
)

// A printed number is one of an explanation, as it stands in JSON.
type printed struct{ Exact, Decimal string }

// A printedLine is an explanation as it stands in JSON, as far as it is added up here.
type printedLine struct {
	Currency string
	Rows     []struct {
		Kind     string
		Quantity printed
		Cost     *printed
		Shown    struct {
			BillingValue string `json:"billing_value"`
			Cost         *string
		}
		Err string
	}
	Commitments []struct {
		Commitment costd.Commitment
		From, To   costd.Day
		ActiveDays int64   `json:"active_days"`
		MonthDays  int64   `json:"month_days"`
		MonthFee   printed `json:"month_fee"`
		MonthPool  printed `json:"month_pool"`
		Fee, Pool  printed
		Drawn      printed
		Covered    printed
		Cost       printed
	}
	Prices []costd.Price
	Days   []printedDay
}

// A printedDay is what an explanation says of a day.
type printedDay struct {
	Day            costd.Day
	Used, Selected printed
	Draws          []struct {
		CommitmentID         string `json:"commitment_id"`
		Taken, Covered, Left printed
	}
	LineBeyond printed `json:"line_beyond"`
	Beyond     printed
	Price      *struct {
		CommitmentID string `json:"commitment_id"`
		Number       *int
		Rate         printed
	}
	Cost *printed
}

// An adder adds the printed steps of one explanation up again, in arithmetic of its own.
type adder struct {
	rapid.TB
	line   printedLine
	whole  bool          // no resource is selected
	prices []costd.Price // of the client, of which the latest begun one holds

	left            []*big.Rat // in each pool
	covered         []*big.Rat // of each pool, for the selected
	beyond, cost    *big.Rat   // what no pool covers, and what that costs
	withoutPrice    bool
	quantity, share *big.Rat // of the row Commit
}

// rat reads a number, and checks that its decimal form is the nearest one.
func (a *adder) rat(n printed, places int) *big.Rat {
	a.Helper()
	q, ok := new(big.Rat).SetString(n.Exact)
	if !ok || q.RatString() != n.Exact {
		a.Fatalf("%q is no fraction in lowest terms", n.Exact)
	}
	if want := halfEven(q, places); n.Decimal != want {
		a.Fatalf("%s is shown as %s, want %s", n.Exact, n.Decimal, want)
	}
	return q
}

// halfEven returns a number that is not negative with so many decimal places at most, a
// tie going to the even neighbour, without zeros at the end.
func halfEven(q *big.Rat, places int) string {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	scaled := new(big.Rat).Mul(q, new(big.Rat).SetInt(scale))
	floor, rest := new(big.Int).QuoRem(scaled.Num(), scaled.Denom(), new(big.Int))
	half := new(big.Int).Lsh(rest, 1).Cmp(scaled.Denom())
	if half > 0 || half == 0 && floor.Bit(0) == 1 {
		floor.Add(floor, big.NewInt(1))
	}
	d, err := decimal.FromBig(floor, -int32(places))
	if err != nil {
		panic(err)
	}
	return d.String()
}

func (a *adder) same(what string, got printed, places int, want *big.Rat) {
	a.Helper()
	if a.rat(got, places).Cmp(want) != 0 {
		a.Fatalf("%s is %s, want %s", what, got.Exact, want.RatString())
	}
}

func ratOf(d decimal.Decimal) *big.Rat {
	q, ok := new(big.Rat).SetString(d.String())
	if !ok {
		panic(d)
	}
	return q
}

func times(factors ...*big.Rat) *big.Rat {
	product := big.NewRat(1, 1)
	for _, f := range factors {
		product.Mul(product, f)
	}
	return product
}

// pools works out each pool and fee from what the commitment says.
func (a *adder) pools() {
	a.Helper()
	month := fleettest.October.Period()
	for i, p := range a.line.Commitments {
		c := p.Commitment
		from, to := max(c.ActiveFrom, month.From), month.To
		if c.ActiveTo != nil {
			to = min(to, *c.ActiveTo)
		}
		if p.From != from || p.To != to || p.ActiveDays != int64(to-from) || p.MonthDays != 31 {
			a.Fatalf("%s is active from %v to %v, %d of %d days; want %v to %v", c.ID, p.From, p.To, p.ActiveDays, p.MonthDays, from, to)
		}
		units := times(big.NewRat(c.Count, 1), ratOf(c.UnitSizeMonth))
		fee := times(units, ratOf(c.UnitPrice))
		if c.PricePerMonth != nil {
			fee = ratOf(*c.PricePerMonth)
		}
		part, pool := big.NewRat(p.ActiveDays, 31), times(units, ratOf(c.UnitSize))
		a.same("the fee of a month", p.MonthFee, 18, fee)
		a.same("the pool of a month", p.MonthPool, 9, pool)
		a.same("the fee", p.Fee, 18, times(fee, part))
		a.same("the pool", p.Pool, 9, times(pool, part))
		a.left, a.covered = append(a.left, times(pool, part)), append(a.covered, new(big.Rat))
		if i > 0 {
			if before := a.line.Commitments[i-1].Commitment; before.ActiveFrom > c.ActiveFrom || before.ActiveFrom == c.ActiveFrom && before.ID >= c.ID {
				a.Fatalf("%s is drawn on before %s", before.ID, c.ID)
			}
		}
	}
}

// days draws the usage of each day from the pools again, and prices the rest.
func (a *adder) days() {
	a.Helper()
	a.beyond, a.cost = new(big.Rat), new(big.Rat)
	before := fleettest.October.Period().From - 1
	for _, d := range a.line.Days {
		used, selected := a.rat(d.Used, 9), a.rat(d.Selected, 9)
		if d.Day <= before || selected.Cmp(used) > 0 || a.whole && selected.Cmp(used) != 0 || len(d.Draws) != len(a.left) {
			a.Fatalf("day %v after %v: %s of %s", d.Day, before, selected, used)
		}
		before = d.Day
		part := new(big.Rat) // of the day, that is the selected's
		if used.Sign() > 0 {
			part.Quo(selected, used)
		}
		rest := used
		for i, draw := range d.Draws {
			taken, p := new(big.Rat), a.line.Commitments[i]
			if p.From <= d.Day && d.Day < p.To {
				taken = rest
				if a.left[i].Cmp(rest) < 0 {
					taken = a.left[i]
				}
			}
			rest = new(big.Rat).Sub(rest, taken)
			a.left[i] = new(big.Rat).Sub(a.left[i], taken)
			a.covered[i] = new(big.Rat).Add(a.covered[i], times(taken, part))
			a.same("taken from the pool", draw.Taken, 9, taken)
			a.same("covered", draw.Covered, 9, times(taken, part))
			a.same("left in the pool", draw.Left, 9, a.left[i])
			if draw.CommitmentID != p.Commitment.ID {
				a.Fatalf("draw %d is on %s, want %s", i, draw.CommitmentID, p.Commitment.ID)
			}
		}
		a.same("the line beyond the pools", d.LineBeyond, 9, rest)
		beyond := times(rest, part)
		a.same("beyond the pools", d.Beyond, 9, beyond)
		a.beyond.Add(a.beyond, beyond)
		a.price(d, beyond)
	}
}

// price works out what the usage beyond the pools on a day costs.
func (a *adder) price(d printedDay, beyond *big.Rat) {
	a.Helper()
	day, cost := d.Day, d.Cost
	rate, where := a.rate(day)
	if beyond.Sign() == 0 || rate == nil {
		a.withoutPrice = a.withoutPrice || beyond.Sign() > 0
		if d.Price != nil || cost != nil {
			a.Fatalf("%v has a price for %s", day, beyond)
		}
		return
	}
	p := d.Price
	if p == nil || cost == nil {
		a.Fatalf("%v has no price for %s", day, beyond)
		return
	}
	got := p.CommitmentID
	if p.Number != nil {
		got = fmt.Sprint(a.line.Prices[*p.Number])
	}
	if got != where {
		a.Fatalf("the price of %v is %s, want %s", day, got, where)
	}
	a.same("the rate", p.Rate, 18, rate)
	a.same("the cost of the day", *cost, 18, times(beyond, rate))
	a.cost.Add(a.cost, times(beyond, rate))
}

// rate returns the price of a metered unit beyond the pools on a day, and where it is from;
// nil if there is none.
func (a *adder) rate(day costd.Day) (*big.Rat, string) {
	for i := len(a.line.Commitments) - 1; i >= 0; i-- {
		p := a.line.Commitments[i]
		if c := p.Commitment; c.OvercommitUnitPrice != nil && p.From <= day && day < p.To {
			return new(big.Rat).Quo(ratOf(*c.OvercommitUnitPrice), ratOf(c.UnitSize)), c.ID
		}
	}
	var latest *costd.Price
	for i := range a.prices {
		if p := &a.prices[i]; p.EffectiveFrom <= day && (latest == nil || p.EffectiveFrom > latest.EffectiveFrom) {
			latest = p
		}
	}
	if latest == nil {
		return nil, ""
	}
	return new(big.Rat).Quo(ratOf(latest.UnitPrice), ratOf(latest.UnitSize)), fmt.Sprint(*latest)
}

// commit adds up what the pools cover, and the fees.
func (a *adder) commit() {
	a.Helper()
	a.quantity, a.share = new(big.Rat), new(big.Rat)
	for i, p := range a.line.Commitments {
		cost, pool := a.rat(p.Fee, 18), a.rat(p.Pool, 9)
		a.same("drawn", p.Drawn, 9, new(big.Rat).Sub(pool, a.left[i]))
		a.same("covered", p.Covered, 9, a.covered[i])
		if !a.whole && pool.Sign() > 0 {
			cost = new(big.Rat).Quo(times(cost, a.covered[i]), pool)
		} else if !a.whole {
			cost = new(big.Rat)
		}
		a.same("the cost of the commitment", p.Cost, 18, cost)
		a.quantity.Add(a.quantity, a.covered[i])
		a.share.Add(a.share, cost)
	}
}

// rows compares the sums with the rows of the explanation and with those of the report.
func (a *adder) rows(charges []costd.Charge) {
	a.Helper()
	type row struct {
		kind           string
		quantity, cost *big.Rat
	}
	var want []row
	kind := "PAYG"
	if len(a.line.Commitments) > 0 {
		if kind = "Overcommit"; a.whole || a.quantity.Sign() > 0 {
			want = append(want, row{"Commit", a.quantity, a.share})
		}
	}
	if a.beyond.Sign() > 0 {
		cost := a.cost
		if a.withoutPrice {
			cost = nil
		}
		want = append(want, row{kind, a.beyond, cost})
	}
	if len(a.line.Rows) != len(want) || len(charges) != len(want) {
		a.Fatalf("%d rows are explained, the report has %d, the steps make %d", len(a.line.Rows), len(charges), len(want))
	}
	for i, w := range want {
		got, c := a.line.Rows[i], charges[i]
		if got.Kind != w.kind || c.Kind.String() != w.kind || got.Err != c.Err || (got.Cost == nil) != (w.cost == nil) || (c.Cost == nil) != (w.cost == nil) {
			a.Fatalf("row %+v, in the report %+v, the steps make %+v", got, c, w)
		}
		a.same("the quantity", got.Quantity, 9, w.quantity)
		if c.Quantity.String() != w.quantity.RatString() || got.Shown.BillingValue != halfEven(w.quantity, 9) {
			a.Fatalf("the quantity is shown as %s, of the report %v, the steps make %v", got.Shown.BillingValue, c.Quantity, w.quantity)
		}
		if w.cost == nil {
			continue
		}
		a.same("the cost", *got.Cost, 18, w.cost)
		if c.Cost.String() != w.cost.RatString() || *got.Shown.Cost != halfEven(w.cost, 5) {
			a.Fatalf("the cost is shown as %s, of the report %v, the steps make %v", *got.Shown.Cost, c.Cost, w.cost)
		}
	}
}

// explained asks for an explanation and adds it up. The charges are those that the report
// has of the line.
func (s *site) explained(t rapid.TB, client int64, line costd.Line, resource string, prices []costd.Price, charges []costd.Charge) {
	t.Helper()
	query := url.Values{"month": {"2026-10"}, "type": {string(line.Type)}, "metric": {line.Metric}, "region_id": {fmt.Sprint(line.RegionID)}}
	if line.Dimension != "" {
		query.Set("dimension", line.Dimension)
	}
	if resource != "" {
		query.Set("resource_id", resource)
	}
	r, err := http.NewRequest("GET", s.URL+"/api/v1/explain?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "APIKey "+s.tokens["operator"])
	r.Header.Set("X-Client-ID", fmt.Sprint(client))
	resp, err := http.DefaultClient.Do(r) // to hold each answer against the document takes longest
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	a := &adder{TB: t, whole: resource == ""}
	if err := json.NewDecoder(resp.Body).Decode(&a.line); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v", query.Encode(), resp.StatusCode, err)
	}
	for _, p := range prices {
		if p.Type == line.Type && p.Metric == line.Metric {
			a.prices = append(a.prices, p)
		}
	}
	a.pools()
	a.days()
	a.commit()
	a.rows(charges)
}

// byLine sorts the charges of a report by line.
func byLine(charges []costd.Charge) map[costd.Line][]costd.Charge {
	lines := map[costd.Line][]costd.Charge{}
	for _, c := range charges {
		lines[c.Line] = append(lines[c.Line], c)
	}
	return lines
}

// wantExplained is how many lines and resources of random fleets are added up again.
var wantExplained = flag.Int("explained", 200, "how many explanations of random lines and resources are added up again")

// Whatever explain prints of random lines and resources, added up again, is the row of the
// monthly report, to the last digit.
//
//	go test -run ExplanationsAddUp ./server -explained 1000
func TestExplanationsAddUp(t *testing.T) {
	s := open(t)
	reports := &report.Service{Usage: s.store, Catalog: s.store}
	client, explained := int64(5000), 0
	seen := map[string]int{}                                                       // what the explained rows are like
	enough := func() bool { return explained >= *wantExplained && len(seen) == 6 } // five kinds of rows; a fee never lacks its cost
	fleet := func(t *rapid.T) {
		if client++; enough() {
			return
		}
		f := fleettest.Draw(t, client)
		for i := range f.Entries.Commitments {
			if rapid.Bool().Draw(t, "states the price of overcommit") {
				price := decimal.FromInt(rapid.Int64Range(0, 99).Draw(t, "price of overcommit"))
				f.Entries.Commitments[i].OvercommitUnitPrice = &price
			}
		}
		s.fill(t, f.Entries, f.Usage)
		ask := func(filter *costd.Filter) map[costd.Line][]costd.Charge {
			totals, err := reports.Monthly(context.Background(), report.MonthlyRequest{ClientID: client, Month: fleettest.October, Filter: filter})
			if err != nil {
				t.Fatal(err)
			}
			return byLine(totals.Charges)
		}
		for line, charges := range ask(nil) {
			s.explained(t, client, line, "", f.Entries.Prices, charges)
			explained++
			for _, c := range charges {
				seen[fmt.Sprint(c.Kind, " with a cost: ", c.Cost != nil)]++
			}
			for _, resource := range []string{"a", "b", "c"} {
				of := ask(&costd.Filter{Type: line.Type, Field: costd.FieldUUID, Values: []string{resource}})
				if len(of[line]) > 0 {
					s.explained(t, client, line, resource, f.Entries.Prices, of[line])
					explained++
					seen["of a resource"]++
				}
			}
		}
	}
	for tries := 0; !enough() && tries < 20; tries++ {
		rapid.Check(t, fleet)
	}
	if !enough() {
		t.Errorf("%d explained, and some cases never came: %v", explained, seen)
	}
}

// explainWorked asks for the worked month of docs/semantics.md with the key of its
// administrator.
func (s *site) explainWorked(t *testing.T, query string) (int, string) {
	t.Helper()
	return s.call(t, "GET", "/api/v1/explain?month=2026-10&type=ai_cluster&metric=bm3-ai-1xlarge-h100-80-8_min&region_id=76"+query, s.tokens["administrator"], "")
}

// workedMonth is section 9 of docs/semantics.md.
func workedMonth(t *testing.T) (*site, []costd.Price) {
	s := open(t)
	const metric, flavor = "bm3-ai-1xlarge-h100-80-8_min", "bm3-ai-1xlarge-h100-80-8"
	beyond := decimal.MustParse("19.90")
	prices := []costd.Price{{
		Type: costd.AICluster, Metric: metric, RegionID: 76, Currency: "EUR", Unit: "H", UnitSize: decimal.FromInt(60), UnitPrice: decimal.FromInt(25), Feature: "H100",
	}}
	server := func(name string, start time.Time) costd.Usage {
		return costd.Usage{
			ClientID: ours, ProjectID: 501, RegionID: 76, Type: costd.AICluster, ResourceID: name, Metric: metric, Flavor: flavor,
			Start: start, End: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		}
	}
	first := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	s.fill(t, costd.Entries{Prices: prices, Commitments: []costd.Commitment{{
		ID: "acme-h100", ClientID: ours, Type: costd.AICluster, Metric: metric, RegionID: 76, Dimension: flavor, Count: 2, Unit: "H",
		UnitSize: decimal.FromInt(60), UnitSizeMonth: decimal.FromInt(744), UnitPrice: decimal.MustParse("12.50"), OvercommitUnitPrice: &beyond,
	}}}, []costd.Usage{server("A", first), server("B", first), server("C", time.Date(2026, 10, 21, 6, 30, 0, 0, time.UTC))})
	return s, prices
}

// The worked month is explained to the figures that docs/semantics.md works out, and they
// are those of the report.
func TestTheWorkedMonthIsExplained(t *testing.T) {
	s, prices := workedMonth(t)
	reports := &report.Service{Usage: s.store, Catalog: s.store}
	for resource, want := range map[string]string{
		"":  "Commit 89280 18600 Overcommit 15450 5124.25 ",
		"A": "Commit 39490 8227.08333 Overcommit 5150 1708.08333 ",
		"B": "Commit 39490 8227.08333 Overcommit 5150 1708.08333 ",
		"C": "Commit 10300 2145.83333 Overcommit 5150 1708.08333 ",
	} {
		query, request := "", report.MonthlyRequest{ClientID: ours, Month: fleettest.October, Types: []costd.Type{costd.AICluster}}
		if resource != "" {
			query = "&resource_id=" + resource
			request.Filter = &costd.Filter{Type: costd.AICluster, Field: costd.FieldUUID, Values: []string{resource}}
		}
		status, body := s.explainWorked(t, query)
		var line printedLine
		if err := json.Unmarshal([]byte(body), &line); err != nil || status != http.StatusOK {
			t.Fatalf("%d %s %v", status, body, err)
		}
		got := ""
		for _, row := range line.Rows {
			got += fmt.Sprint(row.Kind, " ", row.Shown.BillingValue, " ", *row.Shown.Cost, " ")
		}
		if got != want {
			t.Errorf("%q: %s, want %s", resource, got, want)
		}
		totals, err := reports.Monthly(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		s.explained(t, ours, totals.Charges[0].Line, resource, prices, totals.Charges)
		i := slices.IndexFunc(line.Days, func(d printedDay) bool { return d.Day == costd.NewDay(2026, 10, 28) })
		if d := line.Days[i]; d.Used.Exact != "4320" || d.Draws[0].Taken.Exact != "1830" || d.Draws[0].Left.Exact != "0" || d.LineBeyond.Exact != "2490" {
			t.Errorf("the day on which the pool runs out: %+v", d)
		}
	}
}

// What cannot be explained is refused, saying why.
func TestExplainRefuses(t *testing.T) {
	s, _ := workedMonth(t)
	other := instance(ours, 501, "a2", "g2") // the same metric with another flavor
	other.ID = "a2"
	s.fill(t, costd.Entries{}, []costd.Usage{other})
	const g1 = "/api/v1/explain?month=2026-10&type=instance&metric=g1_min&region_id=76"
	for path, want := range map[string]string{
		g1:                                `400 "field":"dimension","message":"is needed, for there are several such lines; use one of g1, g2"`,
		g1 + "&dimension=g3":              `404 neither usage of`,
		g1 + "&resource_id=nobody":        `404 the resource \"nobody\" has no usage of`,
		g1 + "&dimension=g1&dimension=g2": `400 "field":"dimension","message":"is given more than once`,
		g1 + "&resource_id=":              `400 "field":"resource_id","message":"must not be empty"`,
		g1 + "&limit=1":                   `400 "field":"limit"`,
		"/api/v1/explain":                 `400 "field":"type"`,
		"/api/v1/explain?type=toaster&metric=m&region_id=x":                      `400 "field":"region_id"`,
		"/api/v1/explain?type=floatingip&metric=m&region_id=1&dimension=d":       `400 "field":"dimension","message":"is not for the type floatingip`,
		"/api/v1/explain?type=instance&metric=%00&region_id=1":                   `400 "field":"metric"`,
		"/api/v1/explain?type=instance&metric=g1_min&region_id=76&month=2026-14": `400 "field":"month"`,
	} {
		status, body := s.call(t, "GET", path, s.tokens["administrator"], "")
		if code, text, _ := strings.Cut(want, " "); code != fmt.Sprint(status) || !strings.Contains(body, text) {
			t.Errorf("%s: %d %s, want %s", path, status, body, want)
		}
	}
	if status, body := s.call(t, "GET", g1+"&dimension=g1", s.tokens["operator"], ""); status != 400 || !strings.Contains(body, `"field":"X-Client-ID"`) {
		t.Errorf("an operator who names no client: %d %s", status, body)
	}
}

// Hidden prices stay hidden from the client; the operator, who has set them, explains them.
func TestExplainHidesPrices(t *testing.T) {
	s, _ := workedMonth(t)
	s.fill(t, costd.Entries{Clients: []costd.Client{{ID: ours, Name: "Acme", Currency: "EUR", ShowPrices: false}}}, nil)
	if status, body := s.explainWorked(t, ""); status != 403 || !strings.Contains(body, "prices are hidden from this client") || strings.Contains(body, "18600") {
		t.Errorf("the client: %d %s", status, body)
	}
	const path = "/api/v1/explain?month=2026-10&type=ai_cluster&metric=bm3-ai-1xlarge-h100-80-8_min&region_id=76"
	if status, body := s.as(t, s.tokens["operator"], "GET", path, "", fmt.Sprint(ours)); status != 200 || !strings.Contains(body, `"cost":"18600"`) {
		t.Errorf("the operator: %d %s", status, body)
	}
}

// fill adds entries and usage.
func (s *site) fill(t rapid.TB, entries costd.Entries, usage []costd.Usage) {
	t.Helper()
	if _, err := (&catalog.Service{Store: s.store}).Apply(context.Background(), entries); err != nil {
		t.Fatal(err)
	}
	result, err := (&ingest.Service{Store: s.store}).Write(context.Background(), usage)
	if err != nil || len(result.Rejected) > 0 {
		t.Fatalf("%v, rejected %v", err, result.Rejected)
	}
}
