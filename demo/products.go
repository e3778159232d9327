package demo

import "costd.dev/costd"

// A product is one thing on the price list.
type product struct {
	typ       costd.Type
	metric    string
	dimension string // flavor, volume type, ...
	feature   string // without the region
	unit      unit
	euro      string // price of a unit, "" if nobody has set one
	dollar    string
}

// A unit is what prices are for: a name, and how many metered units it is.
type unit struct{ name, size string }

var (
	hour     = unit{"H", "60"}           // of minutes
	gbHour   = unit{"GBH", "60"}         // of gbminutes
	gbMonth  = unit{"GB-month", "43200"} // of gbminutes: 720 hours
	gigabyte = unit{"GB", "1000000000"}  // of bytes
	gpuHour  = unit{"H", "1"}            // of hours
	gbSecond = unit{"GBS", "1"}
	million  = unit{"MLS", "1"}
	traffic  = unit{"GB", "1"}
)

// Products that commitments and single customers refer to.
var (
	h100 = &product{costd.AICluster, "bm3-ai-1xlarge-h100-80-8_min", "bm3-ai-1xlarge-h100-80-8",
		"AI Infrastructure: bm3-ai-1xlarge-h100-80-8", hour, "19.90", "21.50"}
	l40s = &product{costd.AIVirtualCluster, "g3-ai-32-192-1500-l40s-48-1_min", "g3-ai-32-192-1500-l40s-48-1",
		"AI Infrastructure: g3-ai-32-192-1500-l40s-48-1", hour, "1.85", "2.00"}
	metal = &product{costd.Baremetal, "bm1-hf-medium_min", "bm1-hf-medium",
		"Bare Metal: bm1-hf-medium", hour, "1.37124", "1.48"}
	standard2 = &product{costd.Instance, "g1-standard-1-2_min", "g1-standard-1-2",
		"Instance Type: g1-standard-1-2 (1vCPU/2GB RAM)", hour, "0.0210", "0.0227"}
	standard4 = &product{costd.Instance, "g1-standard-4-8_min", "g1-standard-4-8",
		"Instance Type: g1-standard-4-8 (4vCPU/8GB RAM)", hour, "0.0820", "0.0886"}
	standard8 = &product{costd.Instance, "g1-standard-8-16_min", "g1-standard-8-16",
		"Instance Type: g1-standard-8-16 (8vCPU/16GB RAM)", hour, "0.1640", "0.1772"}
	shared = &product{costd.BasicVM, "g2s-shared-1-2-25_min", "g2s-shared-1-2-25",
		"Basic VM: g2s-shared-1-2-25 (1vCPU/2GB RAM/25GB)", hour, "0.0096", "0.0104"}
	standardVolume = &product{costd.Volume, "volume_t_standard_gbm", "standard",
		"Volume: standard", gbMonth, "0.0720", "0.0780"}
	fastVolume = &product{costd.Volume, "volume_t_ssd_hiiops_gbm", "ssd_hiiops",
		"Volume: SSD high IOPS", gbMonth, "0.1150", "0.1240"}
	egressVM = &product{costd.EgressTraffic, "egress_traffic_vm_gbs", "vm",
		"Egress traffic: virtual machines", gigabyte, "0.0100", "0.0110"}
	egressMetal = &product{costd.EgressTraffic, "egress_traffic_baremetal_gbs", "baremetal",
		"Egress traffic: bare metal", gigabyte, "0.0085", "0.0092"}
	egressRouter = &product{costd.EgressTraffic, "egress_traffic_router_gbs", "router",
		"Egress traffic: routers", gigabyte, "0.0100", "0.0110"}
	externalIP = &product{costd.ExternalIP, "externalip_min", "",
		"External IP address", hour, "0.0035", "0.0038"}
	floatingIP = &product{costd.FloatingIP, "floating_min", "",
		"Floating IP address", hour, "0.0048", "0.0052"}
	balancer = &product{costd.LoadBalancer, "lb1-1-2_min", "lb1-1-2",
		"Load Balancer: lb1-1-2", hour, "0.0230", "0.0250"}
	snapshot = &product{costd.Snapshot, "snap_t_standard_gbm", "standard",
		"Snapshot: standard", gbMonth, "0.0400", "0.0430"}
	backup = &product{costd.Backup, "backup_gbm", "",
		"Backup", gbMonth, "0.0500", "0.0540"}
	image = &product{costd.Image, "image_gbm", "",
		"Image", gbMonth, "0.0400", "0.0430"}
	fileShare = &product{costd.FileShare, "file_share_t_standard_gbm", "standard",
		"File Share: standard", gbMonth, "0.1200", "0.1300"}
	logIndex = &product{costd.LogIndex, "log_index_gbm", "",
		"Managed Logging: index", gbMonth, "0.2200", "0.2400"}
	inferenceL40S = &product{costd.Inference, "inference_gpu_l40s_48_sec", "",
		"Inference at the Edge: 1 x L40S 48 GB", gpuHour, "1.9900", "2.1500"}
	inferenceB200 = &product{costd.Inference, "inference_gpu_b200_192_sec", "",
		"Inference at the Edge: 1 x B200 192 GB", gpuHour, "", ""}
	containers = &product{costd.Containers, "caas_container_resources_sec", "",
		"Container as a Service: resources", gbSecond, "0.0000052", "0.0000056"}
	functions = &product{costd.Functions, "faas_function_resources_sec", "",
		"Function as a Service: resources", gbSecond, "0.0000131", "0.0000141"}
	functionCalls = &product{costd.FunctionsCalls, "faas_function_calls_piece", "",
		"Function as a Service: calls", million, "0.1840", "0.1990"}
	functionTraffic = &product{costd.FunctionsTraffic, "faas_function_egress_traffic_gbs", "",
		"Function as a Service: egress traffic", traffic, "0.0410", "0.0440"}
	pooler = &product{costd.DBaaSPooler, "dbaas_postgresql_connection_pooler_min", "",
		"Managed PostgreSQL: connection pooler", hour, "0.0190", "0.0205"}
	databaseCPU = &product{costd.DBaaSCPU, "dbaas_postgresql_cpu_min", "",
		"Managed PostgreSQL: vCPU", hour, "0.0365", "0.0394"}
	databaseMemory = &product{costd.DBaaSMemory, "dbaas_postgresql_memory_gbmin", "",
		"Managed PostgreSQL: memory", gbHour, "0.0061", "0.0066"}
	databaseNetwork = &product{costd.DBaaSPublicNetwork, "dbaas_postgresql_public_network_min", "",
		"Managed PostgreSQL: public network", hour, "0.0030", "0.0032"}
	databaseVolume = &product{costd.DBaaSVolume, "dbaas_postgresql_volume_ssd_gbmin", "ssd_hiiops",
		"Managed PostgreSQL: SSD volume", gbMonth, "0.1380", "0.1490"}
)

// products is the price list.
var products = []*product{
	h100, l40s, metal, standard2, standard4, standard8, shared,
	standardVolume, fastVolume, snapshot, backup, image, fileShare, logIndex,
	egressVM, egressMetal, egressRouter, externalIP, floatingIP, balancer,
	inferenceL40S, inferenceB200, containers, functions, functionCalls, functionTraffic,
	pooler, databaseCPU, databaseMemory, databaseNetwork, databaseVolume,
}
