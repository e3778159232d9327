package main

import (
	"encoding/json"
	"strings"
	"testing"

	"costd.dev/costd/client"
)

// wire is a report with all that a table has to cope with.
const wire = `{"count": 5, "price_status": "error", "results": [
	{"type": "egress_traffic", "billing_value": 22661946115200, "billing_value_unit": "bytes", "billing_metric_name": "egress_traffic_vm_gbs",
	 "region_id": 76, "instance_type": "vm", "billing_feature_name": "Egress Luxembourg-2 - PAYG", "cost": 226.61946, "currency": "EUR", "err": null},
	{"type": "instance", "billing_value": 89280, "billing_value_unit": "minutes", "billing_metric_name": "g1_min",
	 "region_id": 76, "flavor": "g1", "billing_feature_name": "Instance g1 Luxembourg-2 - Commit", "cost": 18600, "currency": "EUR", "err": null},
	{"type": "instance", "billing_value": 0.000000001, "billing_value_unit": "minutes", "billing_metric_name": "g1_min",
	 "region_id": 76, "flavor": "g1", "billing_feature_name": "Instance g1 Luxembourg-2 - Overcommit", "cost": 0.1, "currency": "EUR", "err": null},
	{"type": "volume", "billing_value": 1, "billing_value_unit": "gbminutes", "billing_metric_name": "new_gbm",
	 "region_id": 80, "volume_type": "ultra", "billing_feature_name": null, "cost": null, "currency": null, "err": "no price for new_gbm"},
	{"type": "volume", "billing_value": 2, "billing_value_unit": "gbminutes", "billing_metric_name": "other_gbm",
	 "region_id": 80, "volume_type": "ultra", "billing_feature_name": null, "cost": null, "currency": null, "err": "no price for other_gbm"}]}`

const wideTable = `October 2026 (UTC)

FEATURE                           PRICED AS                 USED                 COST EUR
egress_traffic
  Egress Luxembourg-2 (vm)        PAYG        22,661,946,115,200  bytes         226.61946
instance
  Instance g1 Luxembourg-2        Commit                  89,280  minutes    18,600.00
                                  Overcommit         0.000000001  minutes         0.10
volume
  new_gbm in region 80 (ultra)                                 1  gbminutes           [1]
  other_gbm in region 80 (ultra)                               2  gbminutes           [2]

No total: 2 rows have no cost: new_gbm in region 80 (ultra), other_gbm in region 80 (ultra)
[1] no price for new_gbm
[2] no price for other_gbm
`

const narrowTable = `October 2026 (UTC)

FEATURE  PRICED AS                 USED                 COST EUR
egress_traffic
  Egress Luxembourg-2 (vm)
         PAYG        22,661,946,115,200  bytes         226.61946
instance
  Instance g1 Luxembourg-2
         Commit                  89,280  minutes    18,600.00
         Overcommit         0.000000001  minutes         0.10
volume
  new_gbm in region 80 (ultra)
                                      1  gbminutes           [1]
  other_gbm in region 80 (ultra)
                                      2  gbminutes           [2]

No total: 2 rows have no cost: new_gbm in region 80 (ultra), other_gbm in region 80 (ultra)
[1] no price for new_gbm
[2] no price for other_gbm
`

func TestTotalsTable(t *testing.T) {
	var totals client.CostReport
	if err := json.Unmarshal([]byte(wire), &totals); err != nil {
		t.Fatal(err)
	}
	wideEnough := longest(wideTable)
	for _, tt := range []struct {
		width int
		want  string
	}{{0, wideTable}, {wideEnough, wideTable}, {wideEnough - 1, narrowTable}, {10, narrowTable}} {
		var b strings.Builder
		if err := printTotals(&b, &totals, "October 2026", "", tt.width); err != nil {
			t.Fatal(err)
		}
		if b.String() != tt.want {
			t.Errorf("width %d: got\n%s\nwant\n%s", tt.width, b.String(), tt.want)
		}
	}
}

// longest returns the width of the table in an output. Lines across all columns do
// not count.
func longest(lines string) (width int) {
	for line := range strings.Lines(lines) {
		if strings.HasPrefix(line, "No total") {
			continue
		}
		width = max(width, len(strings.TrimSuffix(line, "\n")))
	}
	return width
}

func TestTotalsWithoutPrices(t *testing.T) {
	row := &client.FloatingIP{Common: client.Common{Type: "floatingip", Unit: "minutes", Metric: "floating_min", RegionID: 76, FeatureName: "Floating IP - PAYG"}}
	totals := client.CostReport{PriceStatus: client.PricesHidden, Results: client.Rows{row}}
	var b strings.Builder
	if err := printTotals(&b, &totals, "October 2026", "", 0); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\nPrices are hidden from this client.\n") || strings.Contains(b.String(), "Total") {
		t.Errorf("got\n%s", b.String())
	}
}

func TestGrouped(t *testing.T) {
	for _, tt := range []struct {
		number   string
		decimals int
		want     string
	}{
		{"0", 0, "0"}, {"999", 0, "999"}, {"1000", 0, "1,000"}, {"18600", 2, "18,600.00"}, {"1234567.5", 2, "1,234,567.50"},
		{"-1234.56789", 2, "-1,234.56789"}, {"12345678901234567890.123456789012345678", 2, "12,345,678,901,234,567,890.123456789012345678"},
	} {
		if got := grouped(tt.number, tt.decimals); got != tt.want {
			t.Errorf("grouped(%s, %d) = %s, want %s", tt.number, tt.decimals, got, tt.want)
		}
	}
}
