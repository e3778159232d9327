package client

// What each type of resource can be filtered by. A field of the machine itself,
// such as its flavor, is that of the usage; the others are those last seen in the
// period.
const (
	FilterAIClusterFlavor   FilterField = "ai_cluster.flavor"
	FilterAIClusterLastName FilterField = "ai_cluster.last_name"
	FilterAIClusterType     FilterField = "ai_cluster.type"
	FilterAIClusterUUID     FilterField = "ai_cluster.uuid"

	FilterAIVirtualClusterFlavor   FilterField = "ai_virtual_cluster.flavor"
	FilterAIVirtualClusterLastName FilterField = "ai_virtual_cluster.last_name"
	FilterAIVirtualClusterType     FilterField = "ai_virtual_cluster.type"
	FilterAIVirtualClusterUUID     FilterField = "ai_virtual_cluster.uuid"

	FilterBackupLastName         FilterField = "backup.last_name"
	FilterBackupLastSize         FilterField = "backup.last_size"
	FilterBackupScheduleID       FilterField = "backup.schedule_id"
	FilterBackupSourceVolumeUUID FilterField = "backup.source_volume_uuid"
	FilterBackupType             FilterField = "backup.type"
	FilterBackupUUID             FilterField = "backup.uuid"

	FilterBaremetalFlavor   FilterField = "baremetal.flavor"
	FilterBaremetalLastName FilterField = "baremetal.last_name"
	FilterBaremetalType     FilterField = "baremetal.type"
	FilterBaremetalUUID     FilterField = "baremetal.uuid"

	FilterBasicVMFlavor   FilterField = "basic_vm.flavor"
	FilterBasicVMLastName FilterField = "basic_vm.last_name"
	FilterBasicVMType     FilterField = "basic_vm.type"
	FilterBasicVMUUID     FilterField = "basic_vm.uuid"

	FilterContainersLastName FilterField = "containers.last_name"
	FilterContainersType     FilterField = "containers.type"
	FilterContainersUUID     FilterField = "containers.uuid"

	FilterDBaaSPoolerLastName FilterField = "dbaas_postgresql_connection_pooler.last_name"
	FilterDBaaSPoolerType     FilterField = "dbaas_postgresql_connection_pooler.type"
	FilterDBaaSPoolerUUID     FilterField = "dbaas_postgresql_connection_pooler.uuid"

	FilterDBaaSCPULastName FilterField = "dbaas_postgresql_cpu.last_name"
	FilterDBaaSCPUType     FilterField = "dbaas_postgresql_cpu.type"
	FilterDBaaSCPUUUID     FilterField = "dbaas_postgresql_cpu.uuid"

	FilterDBaaSMemoryLastName FilterField = "dbaas_postgresql_memory.last_name"
	FilterDBaaSMemoryType     FilterField = "dbaas_postgresql_memory.type"
	FilterDBaaSMemoryUUID     FilterField = "dbaas_postgresql_memory.uuid"

	FilterDBaaSPublicNetworkLastName FilterField = "dbaas_postgresql_public_network.last_name"
	FilterDBaaSPublicNetworkType     FilterField = "dbaas_postgresql_public_network.type"
	FilterDBaaSPublicNetworkUUID     FilterField = "dbaas_postgresql_public_network.uuid"

	FilterDBaaSVolumeLastName   FilterField = "dbaas_postgresql_volume.last_name"
	FilterDBaaSVolumeType       FilterField = "dbaas_postgresql_volume.type"
	FilterDBaaSVolumeUUID       FilterField = "dbaas_postgresql_volume.uuid"
	FilterDBaaSVolumeVolumeType FilterField = "dbaas_postgresql_volume.volume_type"

	FilterEgressTrafficInstanceName FilterField = "egress_traffic.instance_name"
	FilterEgressTrafficInstanceType FilterField = "egress_traffic.instance_type"
	FilterEgressTrafficPortID       FilterField = "egress_traffic.port_id"
	FilterEgressTrafficType         FilterField = "egress_traffic.type"
	FilterEgressTrafficVMID         FilterField = "egress_traffic.vm_id"

	FilterExternalIPAttachedToVM FilterField = "external_ip.attached_to_vm"
	FilterExternalIPIPAddress    FilterField = "external_ip.ip_address"
	FilterExternalIPNetworkID    FilterField = "external_ip.network_id"
	FilterExternalIPPortID       FilterField = "external_ip.port_id"
	FilterExternalIPSubnetID     FilterField = "external_ip.subnet_id"
	FilterExternalIPType         FilterField = "external_ip.type"

	FilterFileShareFileShareType FilterField = "file_share.file_share_type"
	FilterFileShareLastName      FilterField = "file_share.last_name"
	FilterFileShareLastSize      FilterField = "file_share.last_size"
	FilterFileShareType          FilterField = "file_share.type"
	FilterFileShareUUID          FilterField = "file_share.uuid"

	FilterFloatingIPIPAddress FilterField = "floatingip.ip_address"
	FilterFloatingIPLastName  FilterField = "floatingip.last_name"
	FilterFloatingIPType      FilterField = "floatingip.type"
	FilterFloatingIPUUID      FilterField = "floatingip.uuid"

	FilterFunctionsLastName FilterField = "functions.last_name"
	FilterFunctionsType     FilterField = "functions.type"
	FilterFunctionsUUID     FilterField = "functions.uuid"

	FilterFunctionsCallsLastName FilterField = "functions_calls.last_name"
	FilterFunctionsCallsType     FilterField = "functions_calls.type"
	FilterFunctionsCallsUUID     FilterField = "functions_calls.uuid"

	FilterFunctionsTrafficLastName FilterField = "functions_traffic.last_name"
	FilterFunctionsTrafficType     FilterField = "functions_traffic.type"
	FilterFunctionsTrafficUUID     FilterField = "functions_traffic.uuid"

	FilterImageLastName FilterField = "image.last_name"
	FilterImageLastSize FilterField = "image.last_size"
	FilterImageType     FilterField = "image.type"
	FilterImageUUID     FilterField = "image.uuid"

	FilterInferenceFlavor   FilterField = "inference.flavor"
	FilterInferenceLastName FilterField = "inference.last_name"
	FilterInferenceType     FilterField = "inference.type"
	FilterInferenceUUID     FilterField = "inference.uuid"

	FilterInstanceFlavor   FilterField = "instance.flavor"
	FilterInstanceLastName FilterField = "instance.last_name"
	FilterInstanceType     FilterField = "instance.type"
	FilterInstanceUUID     FilterField = "instance.uuid"

	FilterLoadBalancerFlavor   FilterField = "load_balancer.flavor"
	FilterLoadBalancerLastName FilterField = "load_balancer.last_name"
	FilterLoadBalancerType     FilterField = "load_balancer.type"
	FilterLoadBalancerUUID     FilterField = "load_balancer.uuid"

	FilterLogIndexLastName FilterField = "log_index.last_name"
	FilterLogIndexLastSize FilterField = "log_index.last_size"
	FilterLogIndexType     FilterField = "log_index.type"
	FilterLogIndexUUID     FilterField = "log_index.uuid"

	FilterSnapshotLastName         FilterField = "snapshot.last_name"
	FilterSnapshotLastSize         FilterField = "snapshot.last_size"
	FilterSnapshotSourceVolumeUUID FilterField = "snapshot.source_volume_uuid"
	FilterSnapshotType             FilterField = "snapshot.type"
	FilterSnapshotUUID             FilterField = "snapshot.uuid"
	FilterSnapshotVolumeType       FilterField = "snapshot.volume_type"

	FilterVolumeAttachedToVM FilterField = "volume.attached_to_vm"
	FilterVolumeLastName     FilterField = "volume.last_name"
	FilterVolumeLastSize     FilterField = "volume.last_size"
	FilterVolumeType         FilterField = "volume.type"
	FilterVolumeUUID         FilterField = "volume.uuid"
	FilterVolumeVolumeType   FilterField = "volume.volume_type"
)
