package gcore

import "costd.dev/costd"

// A shape says how resource rows of one type look, and what they can be filtered by.
type shape struct {
	// own are the keys of the type's own fields, in the order of the contract.
	own []string
	// unnamed rows have no last_name and uuid.
	unnamed bool
	// sizeUnit is the unit of last_size; if it is not fixed, a usage record may say
	// another.
	sizeUnit string
	fixed    bool
	// filters are the fields a schema_filter may name.
	filters []costd.Field
}

const inGiB, inBytes = "GiB", "bytes"

// shapes holds all 25 types. Totals rows need no table: their only own field is
// the type's dimension, and the last_size of backups.
var shapes = map[costd.Type]shape{
	costd.AICluster:          machine,
	costd.AIVirtualCluster:   machine,
	costd.Baremetal:          machine,
	costd.BasicVM:            machine,
	costd.Instance:           machine,
	costd.LoadBalancer:       machine,
	costd.Containers:         plain,
	costd.DBaaSPooler:        plain,
	costd.DBaaSCPU:           plain,
	costd.DBaaSMemory:        plain,
	costd.DBaaSPublicNetwork: plain,
	costd.Functions:          plain,
	costd.FunctionsCalls:     plain,
	costd.FunctionsTraffic:   plain,
	costd.Backup: {
		own:      []string{"last_size", "source_volume_uuid", "schedule_id"},
		sizeUnit: inGiB,
		filters: []costd.Field{costd.FieldLastName, costd.FieldLastSize, costd.FieldScheduleID,
			costd.FieldSourceVolumeUUID, costd.FieldType, costd.FieldUUID},
	},
	costd.DBaaSVolume: {
		own:      []string{"volume_type", "size_unit"},
		sizeUnit: inGiB,
		filters:  []costd.Field{costd.FieldLastName, costd.FieldType, costd.FieldUUID, costd.FieldVolumeType},
	},
	costd.EgressTraffic: {
		own:      []string{"instance_type", "vm_id", "size_unit", "port_id", "instance_name", "tags"},
		unnamed:  true,
		sizeUnit: inBytes,
		filters: []costd.Field{costd.FieldInstanceName, costd.FieldInstanceType, costd.FieldPortID,
			costd.FieldType, costd.FieldVMID},
	},
	costd.ExternalIP: {
		own:     []string{"port_id", "attached_to_vm", "network_id", "subnet_id", "ip_address"},
		unnamed: true,
		filters: []costd.Field{costd.FieldAttachedToVM, costd.FieldIPAddress, costd.FieldNetworkID,
			costd.FieldPortID, costd.FieldSubnetID, costd.FieldType},
	},
	costd.FileShare: {
		own:      []string{"file_share_type", "last_size", "size_unit", "tags"},
		sizeUnit: inGiB, fixed: true,
		filters: []costd.Field{costd.FieldFileShareType, costd.FieldLastName, costd.FieldLastSize,
			costd.FieldType, costd.FieldUUID},
	},
	costd.FloatingIP: {
		own:     []string{"ip_address", "tags"},
		filters: []costd.Field{costd.FieldIPAddress, costd.FieldLastName, costd.FieldType, costd.FieldUUID},
	},
	costd.Image: {
		own:      []string{"last_size", "size_unit", "tags"},
		sizeUnit: inBytes, fixed: true,
		filters: sized,
	},
	costd.Inference: {
		own:     []string{"flavor"},
		filters: machine.filters,
	},
	costd.LogIndex: {
		own:      []string{"last_size", "size_unit"},
		sizeUnit: inGiB,
		filters:  sized,
	},
	costd.Snapshot: {
		own:      []string{"volume_type", "last_size", "size_unit", "source_volume_uuid", "tags"},
		sizeUnit: inGiB,
		filters: []costd.Field{costd.FieldLastName, costd.FieldLastSize, costd.FieldSourceVolumeUUID,
			costd.FieldType, costd.FieldUUID, costd.FieldVolumeType},
	},
	costd.Volume: {
		own:      []string{"volume_type", "last_size", "size_unit", "attached_to_vm", "tags"},
		sizeUnit: inGiB,
		filters: []costd.Field{costd.FieldAttachedToVM, costd.FieldLastName, costd.FieldLastSize,
			costd.FieldType, costd.FieldUUID, costd.FieldVolumeType},
	},
}

// The shapes and filters that several types share.
var (
	machine = shape{
		own:     []string{"flavor", "tags"},
		filters: []costd.Field{costd.FieldFlavor, costd.FieldLastName, costd.FieldType, costd.FieldUUID},
	}
	plain = shape{
		filters: []costd.Field{costd.FieldLastName, costd.FieldType, costd.FieldUUID},
	}
	sized = []costd.Field{costd.FieldLastName, costd.FieldLastSize, costd.FieldType, costd.FieldUUID}
)

// publicModels is a type that official clients may list among the types of a
// report, but of which the contract has no rows.
const publicModels costd.Type = "inference_public_models"

// typeNames lists what the types of a report may name, in the order of the contract.
func typeNames() []string {
	names := make([]string, 0, len(costd.Types)+1)
	for _, info := range costd.Types {
		names = append(names, string(info.Type))
		if info.Type == costd.Inference {
			names = append(names, string(publicModels))
		}
	}
	return names
}
