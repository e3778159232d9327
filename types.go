package costd

// A Type is the kind of a cloud resource; there are 25.
type Type string

// The resource types, in the order of the contract.
const (
	AICluster          Type = "ai_cluster"
	AIVirtualCluster   Type = "ai_virtual_cluster"
	Backup             Type = "backup"
	Baremetal          Type = "baremetal"
	BasicVM            Type = "basic_vm"
	Containers         Type = "containers"
	DBaaSPooler        Type = "dbaas_postgresql_connection_pooler"
	DBaaSCPU           Type = "dbaas_postgresql_cpu"
	DBaaSMemory        Type = "dbaas_postgresql_memory"
	DBaaSPublicNetwork Type = "dbaas_postgresql_public_network"
	DBaaSVolume        Type = "dbaas_postgresql_volume"
	EgressTraffic      Type = "egress_traffic"
	ExternalIP         Type = "external_ip"
	FileShare          Type = "file_share"
	FloatingIP         Type = "floatingip"
	Functions          Type = "functions"
	FunctionsCalls     Type = "functions_calls"
	FunctionsTraffic   Type = "functions_traffic"
	Image              Type = "image"
	Inference          Type = "inference"
	Instance           Type = "instance"
	LoadBalancer       Type = "load_balancer"
	LogIndex           Type = "log_index"
	Snapshot           Type = "snapshot"
	Volume             Type = "volume"
)

// A Measure says how the quantity of a usage record comes about when the record
// does not state it.
type Measure uint8

// The measures.
const (
	// Stated: the record must state its quantity.
	Stated Measure = iota
	// Elapsed: minutes of elapsed time, times the record's count.
	Elapsed
	// SizeElapsed: size in GiB times minutes of elapsed time.
	SizeElapsed
)

// A Field names a property of usage that lines are told apart by, or that a
// report can be filtered by, as the contract spells it.
type Field string

// The fields. Those of the record itself (flavor, volume_type, file_share_type and
// instance_type) are never shared by two lines; the rest belong to the resource and change
// over its life.
const (
	FieldType             Field = "type"
	FieldUUID             Field = "uuid" // the resource_id
	FieldFlavor           Field = "flavor"
	FieldVolumeType       Field = "volume_type"
	FieldFileShareType    Field = "file_share_type"
	FieldInstanceType     Field = "instance_type"
	FieldLastName         Field = "last_name"
	FieldLastSize         Field = "last_size"
	FieldAttachedToVM     Field = "attached_to_vm"
	FieldInstanceName     Field = "instance_name"
	FieldIPAddress        Field = "ip_address"
	FieldNetworkID        Field = "network_id"
	FieldPortID           Field = "port_id"
	FieldScheduleID       Field = "schedule_id"
	FieldSourceVolumeUUID Field = "source_volume_uuid"
	FieldSubnetID         Field = "subnet_id"
	FieldVMID             Field = "vm_id"
	FieldSizeUnit         Field = "size_unit" // which no filter takes
)

// A TypeInfo is what costd knows about a type.
type TypeInfo struct {
	Type Type
	// Unit is the unit of every quantity of the type, as reports name it.
	Unit string
	// Measure says where a quantity comes from that a record leaves out.
	Measure Measure
	// Dimension is the field that tells lines of the type apart, "" if none.
	Dimension Field
	// RowDimension is the field that tells resource rows apart: the Dimension,
	// and the flavor of inference, which only its resource rows show.
	RowDimension Field
}

// Types lists all types in the order of the contract, which is alphabetic.
var Types = []TypeInfo{
	{AICluster, "minutes", Elapsed, FieldFlavor, FieldFlavor},
	{AIVirtualCluster, "minutes", Elapsed, FieldFlavor, FieldFlavor},
	{Backup, "gbminutes", SizeElapsed, "", ""},
	{Baremetal, "minutes", Elapsed, FieldFlavor, FieldFlavor},
	{BasicVM, "minutes", Elapsed, FieldFlavor, FieldFlavor},
	{Containers, "GBS", Stated, "", ""},
	{DBaaSPooler, "minutes", Elapsed, "", ""},
	{DBaaSCPU, "minutes", Elapsed, "", ""},
	{DBaaSMemory, "gbminutes", SizeElapsed, "", ""},
	{DBaaSPublicNetwork, "minutes", Elapsed, "", ""},
	{DBaaSVolume, "gbminutes", SizeElapsed, FieldVolumeType, FieldVolumeType},
	{EgressTraffic, "bytes", Stated, FieldInstanceType, FieldInstanceType},
	{ExternalIP, "minutes", Elapsed, "", ""},
	{FileShare, "gbminutes", SizeElapsed, FieldFileShareType, FieldFileShareType},
	{FloatingIP, "minutes", Elapsed, "", ""},
	{Functions, "GBS", Stated, "", ""},
	{FunctionsCalls, "MLS", Stated, "", ""},
	{FunctionsTraffic, "GB", Stated, "", ""},
	{Image, "gbminutes", SizeElapsed, "", ""},
	{Inference, "H", Stated, "", FieldFlavor},
	{Instance, "minutes", Elapsed, FieldFlavor, FieldFlavor},
	{LoadBalancer, "minutes", Elapsed, FieldFlavor, FieldFlavor},
	{LogIndex, "gbminutes", SizeElapsed, "", ""},
	{Snapshot, "gbminutes", SizeElapsed, FieldVolumeType, FieldVolumeType},
	{Volume, "gbminutes", SizeElapsed, FieldVolumeType, FieldVolumeType},
}

var typeInfos = func() map[Type]TypeInfo {
	infos := make(map[Type]TypeInfo, len(Types))
	for _, info := range Types {
		infos[info.Type] = info
	}
	return infos
}()

// Info returns what is known of t, and false if there is no such type.
func (t Type) Info() (TypeInfo, bool) {
	info, ok := typeInfos[t]
	return info, ok
}
