package demo

import (
	"fmt"
	"math/rand/v2"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// A plan is everything that anyone had in the three months from a time on.
type plan struct {
	from      time.Time
	rng       *rand.Rand
	resources []resource
}

// An owner is who has a resource, and where.
type owner struct{ client, project, region int64 }

func newPlan(from time.Time) *plan {
	p := &plan{from: from, rng: rand.New(rand.NewPCG(seed, 0))}
	p.acmeTraining(owner{ClientID, training, luxembourg})
	p.acmeInference(owner{ClientID, inferencing, luxembourg})
	p.acmePlatform(owner{ClientID, platform, luxembourg})
	p.globex(owner{globex, globexResearch, luxembourg})
	p.initech(owner{initech, initechApp, frankfurt}, owner{initech, initechLabs, luxembourg})
	p.hooli(owner{hooli, hooliWeb, singapore})
	return p
}

func (p *plan) acmeTraining(o owner) {
	tags := map[string]string{"team": "foundation-models", "env": "prod", "os_distro": "ubuntu", "os_version": "22.04"}
	for i := range 2 {
		p.add(o, h100, fmt.Sprint("h100-train-", i+1), 0).usage.Tags = tags
	}
	// The third comes on the 21st of the second month, at half past six.
	month := costd.MonthOf(costd.DayOf(p.from)) + 1
	third := p.add(o, h100, "h100-train-3", 0)
	third.usage.Tags = tags
	third.born = (month.Period().From + 20).Time().Add(6*time.Hour + 30*time.Minute)
	// Clusters for single experiments, of a few hours to a few days.
	for i := range 60 {
		run := p.add(o, l40s, fmt.Sprintf("sweep-%03d", i+1), p.rng.IntN(90*24))
		run.gone = run.born.Add(time.Duration(2+p.rng.IntN(70))*time.Hour + time.Duration(p.rng.IntN(3600))*time.Second)
		run.usage.Tags = map[string]string{"team": "foundation-models", "env": "dev", "experiment": fmt.Sprint("exp-", i/6)}
	}
	p.stored(o, fileShare, "datasets", 2048, 0)
	p.stored(o, fileShare, "checkpoints", 4096, 24*20)
	p.stored(o, image, "train-base-2204", 24, 24*3)
}

func (p *plan) acmeInference(o owner) {
	for i := range 4 {
		vm := p.add(o, l40s, fmt.Sprint("llm-serve-", i+1), i*24*9)
		vm.usage.Tags = map[string]string{"team": "serving", "env": "prod", "model": "chat-7b"}
	}
	for _, name := range []string{"chat-7b", "embed-v2", "rerank"} {
		p.metered(o, inferenceL40S, name, meter{20_000_000, 70_000_000, -6}).usage.Flavor = "inference-4vcpu-16gib-1xl40s"
	}
	p.metered(o, containers, "gateway", meter{90_000_000, 160_000_000, -3})
	p.metered(o, functions, "tokenize", meter{40_000_000, 90_000_000, -3})
	p.metered(o, functionCalls, "tokenize", meter{800_000, 3_500_000, -6})
	p.metered(o, functionTraffic, "tokenize", meter{2_000_000, 9_000_000, -6})
	p.balanced(o, "llm-gateway")
}

func (p *plan) acmePlatform(o owner) {
	for i := range 2 {
		p.machine(o, metal, egressMetal, fastVolume, fmt.Sprint("db-metal-", i+1), 1024, i*24*3)
	}
	for i := range 14 {
		p.machine(o, standard4, egressVM, standardVolume, fmt.Sprint("k8s-worker-", i+1), 80, i*36)
	}
	for i := range 10 {
		p.machine(o, standard2, egressVM, standardVolume, fmt.Sprint("web-", i+1), 20, i*24*5)
	}
	for i := range 12 {
		p.machine(o, shared, egressVM, standardVolume, fmt.Sprint("ci-runner-", i+1), 25, i*24*2)
	}
	p.resized(o)
	p.database(o, "orders", 8, 32, 500)
	p.database(o, "sessions", 2, 8, 50)
	p.balanced(o, "web")
	p.stored(o, logIndex, "platform-logs", 350, 0)
	p.metered(o, egressRouter, "edge-router", meter{20_000_000_000, 90_000_000_000, 0})
}

// resized adds a machine that outgrew itself, and a volume that did.
func (p *plan) resized(o owner) {
	small := p.add(o, standard4, "warehouse", 0)
	small.gone = p.from.Add(40*24*time.Hour + 7*time.Hour + 12*time.Minute)
	large := *small
	large.born, large.gone = small.gone, time.Time{}
	large.usage.Metric, large.usage.Flavor = standard8.metric, standard8.dimension
	p.resources = append(p.resources, large)

	before := p.stored(o, standardVolume, "warehouse-data", 500, 0)
	before.gone = p.from.Add(52*24*time.Hour + 90*time.Minute)
	after := *before
	after.born, after.gone, after.usage.Size = before.gone, time.Time{}, size(750)
	p.resources = append(p.resources, after)
}

func (p *plan) globex(o owner) {
	for i := range 5 {
		p.add(o, h100, fmt.Sprint("sim-", i+1), i*24*6).usage.Tags = map[string]string{"grant": "EU-2031"}
	}
	for i := range 8 {
		p.machine(o, standard8, egressVM, fastVolume, fmt.Sprint("post-", i+1), 200, i*24)
	}
}

func (p *plan) initech(app, labs owner) {
	for i := range 12 {
		p.machine(app, standard2, egressVM, standardVolume, fmt.Sprint("app-", i+1), 40, i*12)
	}
	p.database(app, "crm", 4, 16, 200)
	p.balanced(app, "app")
	p.metered(labs, inferenceB200, "preview-70b", meter{10_000_000, 24_000_000, -6}).usage.Flavor = "inference-16vcpu-256gib-1xb200"
	p.metered(labs, inferenceL40S, "search", meter{5_000_000, 24_000_000, -6}).usage.Flavor = "inference-4vcpu-16gib-1xl40s"
}

func (p *plan) hooli(o owner) {
	for i := range 16 {
		p.machine(o, standard4, egressVM, standardVolume, fmt.Sprint("edge-", i+1), 60, i*20)
	}
	p.balanced(o, "edge")
}

// add puts a resource into the plan that is there from the given hour on. The
// pointer is good until the next one is added.
func (p *plan) add(o owner, what *product, name string, hour int) *resource {
	u := costd.Usage{
		ClientID: o.client, ProjectID: o.project, RegionID: o.region,
		Type: what.typ, Metric: what.metric, ResourceID: p.uuid(), Name: name,
	}
	info, _ := u.Type.Info()
	u.SetDimension(info.Dimension, what.dimension)
	p.resources = append(p.resources, resource{usage: u, born: p.from.Add(time.Duration(hour) * time.Hour)})
	return &p.resources[len(p.resources)-1]
}

// stored adds something of a size in GiB.
func (p *plan) stored(o owner, what *product, name string, gib int64, hour int) *resource {
	r := p.add(o, what, name, hour)
	r.usage.Size = size(gib)
	r.usage.Attributes.SizeUnit = "GiB"
	return r
}

// metered adds something that is read off a meter.
func (p *plan) metered(o owner, what *product, name string, m meter) *resource {
	r := p.add(o, what, name, 0)
	r.meter = m
	return r
}

// machine adds a server with its volume, address and traffic, and for every
// fourth a snapshot and a backup of the volume.
func (p *plan) machine(o owner, what, egress, disk *product, name string, gib int64, hour int) {
	server := p.add(o, what, name, hour)
	server.usage.Tags = map[string]string{"env": [...]string{"prod", "prod", "staging"}[p.rng.IntN(3)], "os_distro": "debian", "os_version": "12"}
	id, tags := server.usage.ResourceID, server.usage.Tags

	volume := p.stored(o, disk, name+"-boot", gib, hour)
	volume.usage.Attributes.AttachedToVM = id
	volume.usage.Tags = tags
	volumeID := volume.usage.ResourceID

	address := p.add(o, externalIP, name, hour)
	address.usage.Attributes = costd.Attributes{
		AttachedToVM: id, PortID: address.usage.ResourceID, NetworkID: p.uuid(), SubnetID: p.uuid(), IPAddress: p.address(),
	}
	port := address.usage.ResourceID

	sent := p.add(o, egress, name, hour)
	sent.meter = meter{1_000_000_000, 40_000_000_000, 0}
	sent.usage.Tags = tags
	sent.usage.Attributes.VMID, sent.usage.Attributes.PortID = id, port
	sent.usage.Attributes.InstanceName, sent.usage.Attributes.SizeUnit = name, "bytes"

	if p.rng.IntN(4) == 0 {
		p.stored(o, snapshot, name+"-weekly", gib/2, hour+24*7).usage.Attributes.SourceVolumeUUID = volumeID
		copied := p.stored(o, backup, name+"-nightly", gib, hour+24)
		copied.usage.Attributes.SourceVolumeUUID, copied.usage.Attributes.ScheduleID = volumeID, p.uuid()
	}
}

// balanced adds a load balancer with a floating address.
func (p *plan) balanced(o owner, name string) {
	p.add(o, balancer, name+"-lb", 0).usage.Tags = map[string]string{"env": "prod"}
	p.add(o, floatingIP, name+"-ip", 0).usage.Attributes.IPAddress = p.address()
}

// database adds the parts of a managed PostgreSQL cluster.
func (p *plan) database(o owner, name string, cpus, memory, gib int64) {
	id := p.uuid()
	part := func(what *product, count, gib int64) {
		r := p.add(o, what, name, 0)
		r.usage.ResourceID = id
		if count > 1 {
			r.usage.Count = size(count)
		}
		if gib > 0 {
			r.usage.Size = size(gib)
		}
	}
	part(databaseCPU, cpus, 0)
	part(databaseMemory, 1, memory)
	part(databaseVolume, 1, gib)
	part(databaseNetwork, 1, 0)
	part(pooler, 1, 0)
}

func size(n int64) *decimal.Decimal {
	d := decimal.FromInt(n)
	return &d
}

// uuid returns a random one, of version 4.
func (p *plan) uuid() string {
	high, low := p.rng.Uint64(), p.rng.Uint64()
	high = high&^0xf000 | 0x4000
	low = low&^(0b11<<62) | 0b10<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", high>>32, high>>16&0xffff, high&0xffff, low>>48, low&0xffffffffffff)
}

// address returns an IP address of those that are set aside for documentation.
func (p *plan) address() string {
	block := [...]string{"192.0.2", "198.51.100", "203.0.113"}[p.rng.IntN(3)]
	return fmt.Sprint(block, ".", 1+p.rng.IntN(254))
}
