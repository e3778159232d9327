package main

import (
	"encoding/json"
	"strings"
	"testing"

	"costd.dev/costd/client"
)

// resourcesWire is a page of a report with all that a table has to cope with.
const resourcesWire = `{"count": 7, "price_status": "error", "results": [
	{"type": "egress_traffic", "billing_value": 22661946115200, "billing_value_unit": "bytes", "billing_metric_name": "egress_vm",
	 "region_id": 76, "project_id": 501, "instance_type": "vm", "vm_id": "vm-1", "instance_name": "web-1", "cost": 226.61946, "currency": "EUR", "err": null},
	{"type": "egress_traffic", "billing_value": 1, "billing_value_unit": "bytes", "billing_metric_name": "egress_router",
	 "region_id": 76, "project_id": 501, "instance_type": "router", "cost": 0, "currency": "EUR", "err": null},
	{"type": "external_ip", "billing_value": 60, "billing_value_unit": "minutes", "billing_metric_name": "ip_min",
	 "region_id": 76, "project_id": 501, "ip_address": "192.0.2.7", "cost": null, "currency": "EUR", "err": "no price for ip_min"},
	{"type": "volume", "billing_value": 0.5, "billing_value_unit": "gbminutes", "billing_metric_name": "volume_gbm",
	 "region_id": 76, "project_id": 502, "uuid": "5e1f", "last_name": "", "volume_type": "ultra", "cost": 1.5, "currency": "EUR", "err": null}]}`

const wideResources = `October 2026 (UTC)

RESOURCE   ID    TYPE            METRIC              PROJECT  REGION                USED              COST EUR
web-1      vm-1  egress_traffic  egress_vm               501      76  22,661,946,115,200  bytes      226.61946
router           egress_traffic  egress_router           501      76                   1  bytes        0.00
192.0.2.7        external_ip     ip_min                  501      76                  60  minutes          [1]
5e1f       5e1f  volume          volume_gbm (ultra)      502      76                 0.5  gbminutes    1.50
[1] no price for ip_min
4 of 7 rows; --all shows every one
`

const narrowResources = `October 2026 (UTC)

RESOURCE   ID    TYPE            PROJECT  REGION                USED              COST EUR
web-1      vm-1  egress_traffic      501      76  22,661,946,115,200  bytes      226.61946
router           egress_traffic      501      76                   1  bytes        0.00
192.0.2.7        external_ip         501      76                  60  minutes          [1]
5e1f       5e1f  volume              502      76                 0.5  gbminutes    1.50
[1] no price for ip_min
4 of 7 rows; --all shows every one
`

func TestResourcesTable(t *testing.T) {
	var report client.CostReport
	if err := json.Unmarshal([]byte(resourcesWire), &report); err != nil {
		t.Fatal(err)
	}
	wideEnough := longest(wideResources)
	for _, tt := range []struct {
		width int
		want  string
	}{{0, wideResources}, {wideEnough, wideResources}, {wideEnough - 1, narrowResources}, {10, narrowResources}} {
		var b strings.Builder
		if err := printResources(&b, &report, "October 2026", tt.width); err != nil {
			t.Fatal(err)
		}
		if b.String() != tt.want {
			t.Errorf("width %d: got\n%s\nwant\n%s", tt.width, b.String(), tt.want)
		}
	}
}

func TestWorsePriceStatus(t *testing.T) {
	for _, tt := range []struct{ a, b, want client.PriceStatus }{
		{client.PricesShown, client.PricesShown, client.PricesShown},
		{client.PricesFailed, client.PricesShown, client.PricesFailed},
		{client.PricesShown, client.PricesFailed, client.PricesFailed},
		{client.PricesFailed, client.PricesHidden, client.PricesHidden},
		{client.PricesShown, "new", "new"},
	} {
		if got := worse(tt.a, tt.b); got != tt.want {
			t.Errorf("%s and %s are %s, want %s", tt.a, tt.b, got, tt.want)
		}
	}
}
