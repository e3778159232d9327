package client

import (
	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// This file has one Go type for each type of resource. Totals show of the own
// fields only the Dimension, and the LastSize of backups; the rest is zero there.

// emptyRows makes a row of each type.
var emptyRows = map[costd.Type]func() Row{
	costd.AICluster:          func() Row { return new(AICluster) },
	costd.AIVirtualCluster:   func() Row { return new(AIVirtualCluster) },
	costd.Backup:             func() Row { return new(Backup) },
	costd.Baremetal:          func() Row { return new(Baremetal) },
	costd.BasicVM:            func() Row { return new(BasicVM) },
	costd.Containers:         func() Row { return new(Containers) },
	costd.DBaaSPooler:        func() Row { return new(DBaaSPooler) },
	costd.DBaaSCPU:           func() Row { return new(DBaaSCPU) },
	costd.DBaaSMemory:        func() Row { return new(DBaaSMemory) },
	costd.DBaaSPublicNetwork: func() Row { return new(DBaaSPublicNetwork) },
	costd.DBaaSVolume:        func() Row { return new(DBaaSVolume) },
	costd.EgressTraffic:      func() Row { return new(EgressTraffic) },
	costd.ExternalIP:         func() Row { return new(ExternalIP) },
	costd.FileShare:          func() Row { return new(FileShare) },
	costd.FloatingIP:         func() Row { return new(FloatingIP) },
	costd.Functions:          func() Row { return new(Functions) },
	costd.FunctionsCalls:     func() Row { return new(FunctionsCalls) },
	costd.FunctionsTraffic:   func() Row { return new(FunctionsTraffic) },
	costd.Image:              func() Row { return new(Image) },
	costd.Inference:          func() Row { return new(Inference) },
	costd.Instance:           func() Row { return new(Instance) },
	costd.LoadBalancer:       func() Row { return new(LoadBalancer) },
	costd.LogIndex:           func() Row { return new(LogIndex) },
	costd.Snapshot:           func() Row { return new(Snapshot) },
	costd.Volume:             func() Row { return new(Volume) },
}

// AICluster is a GPU cluster on bare metal.
type AICluster struct {
	Common
	Flavor string `json:"flavor"`
	Tags   Tags   `json:"tags"`
}

// Dimension returns the flavor.
func (r *AICluster) Dimension() string { return r.Flavor }

// AIVirtualCluster is a GPU cluster of virtual machines.
type AIVirtualCluster struct {
	Common
	Flavor string `json:"flavor"`
	Tags   Tags   `json:"tags"`
}

// Dimension returns the flavor.
func (r *AIVirtualCluster) Dimension() string { return r.Flavor }

// Backup is a backup of a volume. In totals LastSize is the sum over all backups.
type Backup struct {
	Common
	LastSize         decimal.Decimal `json:"last_size"`
	SourceVolumeUUID string          `json:"source_volume_uuid"`
	ScheduleID       string          `json:"schedule_id"`
}

// Baremetal is a server of its own.
type Baremetal struct {
	Common
	Flavor string `json:"flavor"`
	Tags   Tags   `json:"tags"`
}

// Dimension returns the flavor.
func (r *Baremetal) Dimension() string { return r.Flavor }

// BasicVM is a virtual machine of the basic kind.
type BasicVM struct {
	Common
	Flavor string `json:"flavor"`
	Tags   Tags   `json:"tags"`
}

// Dimension returns the flavor.
func (r *BasicVM) Dimension() string { return r.Flavor }

// Containers is a container deployment.
type Containers struct{ Common }

// DBaaSPooler is a connection pooler of a managed PostgreSQL.
type DBaaSPooler struct{ Common }

// DBaaSCPU is the processors of a managed PostgreSQL.
type DBaaSCPU struct{ Common }

// DBaaSMemory is the memory of a managed PostgreSQL.
type DBaaSMemory struct{ Common }

// DBaaSPublicNetwork is the public network of a managed PostgreSQL.
type DBaaSPublicNetwork struct{ Common }

// DBaaSVolume is the storage of a managed PostgreSQL.
type DBaaSVolume struct {
	Common
	VolumeType string `json:"volume_type"`
	SizeUnit   string `json:"size_unit"`
}

// Dimension returns the volume type.
func (r *DBaaSVolume) Dimension() string { return r.VolumeType }

// EgressTraffic is the traffic out of a machine or router. Its rows have no LastName and UUID.
type EgressTraffic struct {
	Common
	InstanceType string `json:"instance_type"`
	VMID         string `json:"vm_id"`
	PortID       string `json:"port_id"`
	InstanceName string `json:"instance_name"`
	SizeUnit     string `json:"size_unit"`
	Tags         Tags   `json:"tags"`
}

// Dimension returns the instance type.
func (r *EgressTraffic) Dimension() string { return r.InstanceType }

// ExternalIP is a public address of a port. Its rows have no LastName and UUID.
type ExternalIP struct {
	Common
	IPAddress    string `json:"ip_address"`
	AttachedToVM string `json:"attached_to_vm"`
	PortID       string `json:"port_id"`
	NetworkID    string `json:"network_id"`
	SubnetID     string `json:"subnet_id"`
}

// FileShare is a shared file system. LastSize is in GiB.
type FileShare struct {
	Common
	FileShareType string          `json:"file_share_type"`
	LastSize      decimal.Decimal `json:"last_size"`
	SizeUnit      string          `json:"size_unit"`
	Tags          Tags            `json:"tags"`
}

// Dimension returns the file share type.
func (r *FileShare) Dimension() string { return r.FileShareType }

// FloatingIP is a public address that can move.
type FloatingIP struct {
	Common
	IPAddress string `json:"ip_address"`
	Tags      Tags   `json:"tags"`
}

// Functions is the computing of serverless functions.
type Functions struct{ Common }

// FunctionsCalls is the calls of serverless functions, in millions.
type FunctionsCalls struct{ Common }

// FunctionsTraffic is the traffic out of serverless functions.
type FunctionsTraffic struct{ Common }

// Image is an image of a disk. LastSize is in bytes.
type Image struct {
	Common
	LastSize decimal.Decimal `json:"last_size"`
	SizeUnit string          `json:"size_unit"`
	Tags     Tags            `json:"tags"`
}

// Inference is a deployed model. Totals do not show its Flavor.
type Inference struct {
	Common
	Flavor string `json:"flavor"`
}

// Dimension returns the flavor.
func (r *Inference) Dimension() string { return r.Flavor }

// Instance is a virtual machine.
type Instance struct {
	Common
	Flavor string `json:"flavor"`
	Tags   Tags   `json:"tags"`
}

// Dimension returns the flavor.
func (r *Instance) Dimension() string { return r.Flavor }

// LoadBalancer is a load balancer.
type LoadBalancer struct {
	Common
	Flavor string `json:"flavor"`
	Tags   Tags   `json:"tags"`
}

// Dimension returns the flavor.
func (r *LoadBalancer) Dimension() string { return r.Flavor }

// LogIndex is an index of logs.
type LogIndex struct {
	Common
	LastSize decimal.Decimal `json:"last_size"`
	SizeUnit string          `json:"size_unit"`
}

// Snapshot is a snapshot of a volume.
type Snapshot struct {
	Common
	VolumeType       string          `json:"volume_type"`
	LastSize         decimal.Decimal `json:"last_size"`
	SizeUnit         string          `json:"size_unit"`
	SourceVolumeUUID string          `json:"source_volume_uuid"`
	Tags             Tags            `json:"tags"`
}

// Dimension returns the volume type.
func (r *Snapshot) Dimension() string { return r.VolumeType }

// Volume is a block volume. AttachedToVM is "" if it is attached to none.
type Volume struct {
	Common
	VolumeType   string          `json:"volume_type"`
	LastSize     decimal.Decimal `json:"last_size"`
	SizeUnit     string          `json:"size_unit"`
	AttachedToVM string          `json:"attached_to_vm"`
	Tags         Tags            `json:"tags"`
}

// Dimension returns the volume type.
func (r *Volume) Dimension() string { return r.VolumeType }
