package client_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/decimal"
)

// wholeOctober are the periods of the reports.
var (
	costsOfOctober     = client.CostTotalsRequest{TimeFrom: day(1), TimeTo: day(32)}
	resourcesOfOctober = client.CostResourcesRequest{TimeFrom: day(1), TimeTo: day(32)}
	usageOfOctober     = client.UsageRequest{TimeFrom: day(1), TimeTo: day(32)}
)

// reports returns the rows of every report of the fleet, by the report's name.
func reports(t *testing.T, c *client.Client) map[string]client.Rows {
	t.Helper()
	monthly, err := c.MonthlyTotals(t.Context(), client.MonthlyTotalsRequest{YearMonth: october})
	if err != nil {
		t.Fatal(err)
	}
	costs, err := c.CostTotals(t.Context(), costsOfOctober)
	if err != nil {
		t.Fatal(err)
	}
	usage, err := c.UsageReport(t.Context(), client.UsageRequest{TimeFrom: day(1), TimeTo: day(32), Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]client.Rows{
		"monthly totals": monthly.Results, "cost totals": costs.Results, "usage totals": usage.Totals,
		"cost resources": collect(t, c.AllCostResources(t.Context(), resourcesOfOctober)), "usage resources": usage.Resources,
	}
}

// Every row comes as the Go type of its resource, and nothing that is on the wire
// gets lost: each key has a field, and each field holds the value.
func TestRowsHoldTheWire(t *testing.T) {
	for name, rows := range reports(t, site(t).client(fleetKey)) {
		types := map[costd.Type]bool{}
		for _, row := range rows {
			types[row.Base().Type] = true
			compareWithWire(t, name, row)
		}
		want := len(costd.Types)
		if name == "usage totals" {
			want-- // the contract has no totals of backups
		}
		if len(types) != want {
			t.Errorf("%s: rows of %d types, want %d", name, len(types), want)
		}
	}
}

func compareWithWire(t *testing.T, report string, row client.Row) {
	t.Helper()
	wire := map[string]json.RawMessage{}
	if err := json.Unmarshal(row.Base().Raw, &wire); err != nil {
		t.Fatal(err)
	}
	delete(wire, "region") // the same as region_id
	fields := map[string]string{}
	addFields(fields, reflect.ValueOf(row).Elem())
	for key, raw := range wire {
		if got, ok := fields[key]; !ok || got != wireText(t, raw) {
			t.Errorf("%s: %T: %s is %q (%v), on the wire %s", report, row, key, got, ok, raw)
		}
		delete(fields, key)
	}
	for key, value := range fields {
		if value != "" && value != "0" {
			t.Errorf("%s: %T: %s is %q, but is not on the wire", report, row, key, value)
		}
	}
}

// addFields adds the JSON fields of a row as text; zero values that may stand for
// null are "".
func addFields(fields map[string]string, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key := field.Tag.Get("json")
		switch {
		case field.Anonymous:
			addFields(fields, v.Field(i))
		case key != "-":
			fields[key] = fieldText(v.Field(i).Interface())
		}
	}
}

func fieldText(value any) string {
	switch v := value.(type) {
	case *decimal.Decimal:
		if v == nil {
			return ""
		}
		return v.String()
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.Format(time.RFC3339Nano)
	case client.Tags:
		return tagText(v)
	}
	return fmt.Sprint(value)
}

// wireText returns a value of the wire as fieldText does.
func wireText(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	switch raw[0] {
	case 'n': // null
		return ""
	case '[':
		tags := map[string]string{}
		var list []map[string]string
		if err := json.Unmarshal(raw, &list); err != nil {
			t.Fatal(err)
		}
		for _, tag := range list {
			for key, value := range tag {
				tags[key] = value
			}
		}
		return tagText(tags)
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	return string(raw)
}

func tagText(tags map[string]string) string {
	if len(tags) == 0 {
		return ""
	}
	return fmt.Sprint(map[string]string(tags))
}

// The Go type of each resource type bears its name, and its dimension is the
// vocabulary's.
func TestDimensions(t *testing.T) {
	rows := collect(t, site(t).client(fleetKey).AllCostResources(t.Context(), resourcesOfOctober))
	for _, row := range rows {
		info, _ := row.Base().Type.Info()
		fields := map[string]string{}
		addFields(fields, reflect.ValueOf(row).Elem())
		if want := fields[string(info.RowDimension)]; row.Dimension() != want {
			t.Errorf("%T: dimension %q, want %q", row, row.Dimension(), want)
		}
		if _, ok := row.(*client.Unknown); ok {
			t.Errorf("type %s is not known", row.Base().Type)
		}
	}
}

// A later server may have types and fields that this package does not know.
func TestUnknownRows(t *testing.T) {
	const answer = `{"count": 2, "price_status": "show", "results": [
		{"type": "quantum_vm", "billing_value": 1e-9, "billing_value_unit": "qubits", "billing_metric_name": "q_min", "region_id": 76,
		 "qubits": 50, "billing_feature_name": "Quantum - PAYG", "cost": 0.1, "currency": "EUR", "err": null},
		{"type": "volume", "billing_value": 1, "billing_value_unit": "gbminutes", "billing_metric_name": "v", "region_id": 76,
		 "volume_type": "ssd", "color": "red", "cost": null, "currency": null, "err": "no price", "billing_feature_name": null}]}`
	var report client.CostReport
	if err := json.Unmarshal([]byte(answer), &report); err != nil {
		t.Fatal(err)
	}
	quantum, ok := report.Results[0].(*client.Unknown)
	if !ok || quantum.Type != "quantum_vm" || quantum.BillingValue.String() != "0.000000001" || quantum.Cost.String() != "0.1" ||
		!bytes.Contains(quantum.Raw, []byte(`"qubits": 50`)) {
		t.Errorf("%T %+v", report.Results[0], report.Results[0])
	}
	volume, ok := report.Results[1].(*client.Volume)
	if !ok || volume.VolumeType != "ssd" || volume.Cost != nil || volume.Err != "no price" || !bytes.Contains(volume.Raw, []byte(`"red"`)) {
		t.Errorf("%T %+v", report.Results[1], report.Results[1])
	}
}

func TestWrongRows(t *testing.T) {
	for _, answer := range []string{`{"results": 1}`, `{"results": [1]}`, `{"results": [{"type": "volume", "billing_value": "much"}]}`,
		`{"results": [{"type": "volume", "cost": 1e99}]}`, `{"results": [{"type": "instance", "tags": "a=b"}]}`} {
		var report client.CostReport
		if err := json.Unmarshal([]byte(answer), &report); err == nil {
			t.Errorf("%s: no error", answer)
		}
	}
}

// Thirty-eight digits, eighteen of them decimals, are what the server worked out.
func TestExactness(t *testing.T) {
	c := site(t).client("exact")
	for _, tt := range []struct {
		rounding *bool
		cost     string
	}{{nil, "12345678901234567890.33333"}, {new(false), "12345678901234567890.333333333666666667"}} {
		report, err := c.CostTotals(t.Context(), client.CostTotalsRequest{TimeFrom: day(1), TimeTo: day(32), Rounding: tt.rounding})
		if err != nil {
			t.Fatal(err)
		}
		row := report.Results[0].Base()
		if row.Cost.String() != tt.cost || row.BillingValue.String() != "37037036703703703671.000000001" {
			t.Errorf("cost %s, value %s; want %s", row.Cost, row.BillingValue, tt.cost)
		}
	}
}

// The figures of all reports agree.
func TestReportsAgree(t *testing.T) {
	all := reports(t, site(t).client(fleetKey))
	want := sums(t, all["cost totals"])
	if len(want) < len(costd.Types) {
		t.Fatalf("only %d metrics", len(want))
	}
	for name, rows := range all {
		got := sums(t, rows)
		if name == "usage totals" {
			got["backup_gbm"] = want["backup_gbm"] // the contract has no totals of backups
		}
		if name == "monthly totals" {
			delete(got, "bm1-hf-medium_min") // reserved, not used
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\nwant %v", name, got, want)
		}
	}
}

// sums returns what was used of each metric.
func sums(t *testing.T, rows client.Rows) map[string]string {
	t.Helper()
	totals := map[string]decimal.Decimal{}
	for _, row := range rows {
		r := row.Base()
		sum, err := totals[r.Metric].Add(r.BillingValue)
		if err != nil {
			t.Fatal(err)
		}
		totals[r.Metric] = sum
	}
	texts := map[string]string{}
	for metric, sum := range totals {
		texts[metric] = sum.String()
	}
	return texts
}

func TestPriceStatus(t *testing.T) {
	hidden, err := site(t).client("hidden").CostTotals(t.Context(), costsOfOctober)
	if err != nil || hidden.PriceStatus != client.PricesHidden || len(hidden.Results) == 0 || hidden.Results[0].Base().Cost != nil {
		t.Errorf("hidden: %+v, %v", hidden, err)
	}
	fleet, err := site(t).client(fleetKey).CostTotals(t.Context(), costsOfOctober)
	if err != nil || fleet.PriceStatus != client.PricesFailed || !slices.ContainsFunc(fleet.Results, func(r client.Row) bool {
		return r.Base().Cost == nil && strings.HasPrefix(r.Base().Err, "no price for")
	}) {
		t.Errorf("fleet: %+v, %v", fleet, err)
	}
	acme, err := site(t).client(acmeKey).CostTotals(t.Context(), costsOfOctober)
	if err != nil || acme.PriceStatus != client.PricesShown {
		t.Errorf("acme: %+v, %v", acme, err)
	}
}
