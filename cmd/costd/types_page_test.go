package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/ingest"
)

// docs/types.md is made from the code: units, dimensions and measures from costd.Types,
// the fields that reports show from the rows of package client. Of its examples, each
// one must be taken in, and each field that is called required must be.

var updatePages = flag.Bool("update", false, "write the pages that are made from the code")

const typesPage = "../../docs/types.md"

func TestTypesPage(t *testing.T) {
	want := writeTypesPage(t)
	if *updatePages {
		if err := os.WriteFile(typesPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(typesPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/types.md is not what the code says; run go test ./cmd/costd -run TypesPage -update")
	}
}

// A record needs the fields that the page says, and no others.
func TestTypesPageNamesWhatARecordNeeds(t *testing.T) {
	for _, info := range costd.Types {
		example := exampleOf(t, info)
		if err := takeIn(example); err != nil {
			t.Errorf("the example of %s is refused: %v", info.Type, err)
		}
		for field := range example {
			without := map[string]any{}
			for k, v := range example {
				if k != field {
					without[k] = v
				}
			}
			err := takeIn(without)
			required := slices.Contains(requiredFields(info), field)
			if required && (err == nil || !strings.Contains(err.Error(), field)) {
				t.Errorf("%s without %s: %v; the page says that it is required", info.Type, field, err)
			}
			if !required && err != nil {
				t.Errorf("%s without %s: %v; the page does not say that it is required", info.Type, field, err)
			}
		}
	}
}

// takeIn reads and judges a record as the server does.
func takeIn(record map[string]any) error {
	text, err := json.Marshal(record)
	if err != nil {
		return err
	}
	items, err := ingest.Decode(strings.NewReader(string(text)), ingest.NDJSON)
	if err != nil {
		return err
	}
	if items[0].Err != nil {
		return items[0].Err
	}
	_, err = ingest.NewRecord(items[0].Usage)
	return err
}

// requiredFields are the fields without which a record of the type is refused.
func requiredFields(info costd.TypeInfo) []string {
	return append(slices.Clone(alwaysRequired), alsoRequired(info)...)
}

var alwaysRequired = []string{"client_id", "project_id", "region_id", "type", "resource_id", "metric", "start", "end"}

// alsoRequired are the fields that only some types require.
func alsoRequired(info costd.TypeInfo) []string {
	switch info.Measure {
	case costd.Stated:
		return []string{"quantity"}
	case costd.SizeElapsed:
		return []string{"size"}
	}
	return nil
}

// A sample is what the example of a type says.
type sample struct {
	about     string
	metric    string
	dimension string
	quantity  string // of types that state it
}

var samples = map[costd.Type]sample{
	costd.AICluster:          {about: "a GPU cluster on bare metal", metric: "bm3-ai-1xlarge-h100-80-8_min", dimension: "bm3-ai-1xlarge-h100-80-8"},
	costd.AIVirtualCluster:   {about: "a GPU cluster of virtual machines", metric: "g3-ai-32-192-1500-l40s-48-1_min", dimension: "g3-ai-32-192-1500-l40s-48-1"},
	costd.Backup:             {about: "a backup of a volume", metric: "backup_gbm"},
	costd.Baremetal:          {about: "a server of its own", metric: "bm1-hf-medium_min", dimension: "bm1-hf-medium"},
	costd.BasicVM:            {about: "a virtual machine of the basic kind", metric: "g2s-shared-1-2-25_min", dimension: "g2s-shared-1-2-25"},
	costd.Containers:         {about: "a container deployment, in GB x seconds", metric: "caas_container_resources_sec", quantity: "7200"},
	costd.DBaaSPooler:        {about: "the connection pooler of a managed PostgreSQL", metric: "dbaas_postgresql_connection_pooler_min"},
	costd.DBaaSCPU:           {about: "the processors of a managed PostgreSQL; `count` says how many", metric: "dbaas_postgresql_cpu_min"},
	costd.DBaaSMemory:        {about: "the memory of a managed PostgreSQL", metric: "dbaas_postgresql_memory_gbmin"},
	costd.DBaaSPublicNetwork: {about: "the public network of a managed PostgreSQL", metric: "dbaas_postgresql_public_network_min"},
	costd.DBaaSVolume:        {about: "the storage of a managed PostgreSQL", metric: "dbaas_postgresql_volume_ssd_gbmin", dimension: "ssd_hiiops"},
	costd.EgressTraffic:      {about: "the traffic out of a machine (`vm`, `baremetal`) or a `router`", metric: "egress_traffic_vm_gbs", dimension: "vm", quantity: "1500000000"},
	costd.ExternalIP:         {about: "a public address of a port", metric: "externalip_min"},
	costd.FileShare:          {about: "a shared file system", metric: "file_share_t_standard_gbm", dimension: "standard"},
	costd.FloatingIP:         {about: "a public address that can move", metric: "floating_min"},
	costd.Functions:          {about: "the computing of serverless functions, in GB x seconds", metric: "faas_function_resources_sec", quantity: "512.5"},
	costd.FunctionsCalls:     {about: "the calls of serverless functions, in millions", metric: "faas_function_calls_piece", quantity: "0.25"},
	costd.FunctionsTraffic:   {about: "the traffic out of serverless functions", metric: "faas_function_egress_traffic_gbs", quantity: "3.2"},
	costd.Image:              {about: "an image of a disk", metric: "image_gbm"},
	costd.Inference:          {about: "a deployed model, in hours", metric: "inference_gpu_l40s_48_sec", dimension: "l40s-48-1", quantity: "1"},
	costd.Instance:           {about: "a virtual machine", metric: "g1-standard-1-2_min", dimension: "g1-standard-1-2"},
	costd.LoadBalancer:       {about: "a load balancer", metric: "lb1-1-2_min", dimension: "lb1-1-2"},
	costd.LogIndex:           {about: "an index of logs", metric: "log_index_gbm"},
	costd.Snapshot:           {about: "a snapshot of a volume", metric: "snap_t_standard_gbm", dimension: "standard"},
	costd.Volume:             {about: "a block volume", metric: "volume_t_standard_gbm", dimension: "standard"},
}

// usualUnits says what prices and commitments of a metered unit are usually for.
var usualUnits = []struct{ metered, unit, size, about string }{
	{"minutes", "H", "60", "an hour"},
	{"gbminutes", "GB-month", "43200", "a GiB for a month of 720 hours"},
	{"gbminutes", "GBH", "60", "a GiB for an hour"},
	{"bytes", "GB", "1000000000", "a billion bytes"},
	{"GB", "GB", "1", "as it is metered"},
	{"H", "H", "1", "as it is metered: an hour"},
	{"GBS", "GBS", "1", "as it is metered: a GB for a second"},
	{"MLS", "MLS", "1", "as it is metered: a million calls"},
}

// attributeSamples are values of what reports show of a resource.
var attributeSamples = map[string]string{
	"ip_address":         "192.0.2.7",
	"attached_to_vm":     "5b1a4a0e-7c56-4a0b-9a0f-3c5f0b6f1e02",
	"vm_id":              "5b1a4a0e-7c56-4a0b-9a0f-3c5f0b6f1e02",
	"port_id":            "8e0f7b57-5d0c-43a1-8d3c-6a5a2f1b9c03",
	"network_id":         "1f4f0a53-66a4-4e0b-8b8d-0a4c7e2d5f04",
	"subnet_id":          "c2d9f6b8-3f1e-4b57-9e6a-7d8c9b0a1e05",
	"schedule_id":        "d7a6c5b4-2e3f-4c1d-8a9b-6f5e4d3c2b06",
	"source_volume_uuid": "e8b7d6c5-1f2e-4d3c-9b8a-5a6b7c8d9e07",
	"instance_name":      "web-1",
}

// shownAttributes returns what rows of the type show of the attributes of a record,
// beside the dimension.
func shownAttributes(t *testing.T, info costd.TypeInfo) (names []string) {
	t.Helper()
	row := rowType(t, info)
	for i := range row.NumField() {
		name := row.Field(i).Tag.Get("json")
		if _, ok := attributeSamples[name]; ok {
			names = append(names, name)
		}
	}
	return names
}

// isTagged reports whether rows of the type show tags.
func isTagged(t *testing.T, info costd.TypeInfo) bool {
	t.Helper()
	_, ok := rowType(t, info).FieldByName("Tags")
	return ok
}

// rowType returns the Go type of a row of the type.
func rowType(t *testing.T, info costd.TypeInfo) reflect.Type {
	t.Helper()
	var rows client.Rows
	if err := json.Unmarshal([]byte(fmt.Sprintf(`[{"type": %q}]`, info.Type)), &rows); err != nil {
		t.Fatal(err)
	}
	return reflect.TypeOf(rows[0]).Elem()
}
