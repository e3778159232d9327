package bench

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// A kind is what a part of the fleet consists of.
type kind struct {
	percent    int // of all resources
	typ        costd.Type
	metric     string
	dimensions []string // flavors, volume types, ...: one of them
	gib        int      // the largest size, for types that have one
	most       int64    // the most that is consumed in an hour, for types that state it
	price      string   // in euros
	unit       string
	unitSize   string // metered units in a unit
	short      bool   // comes and goes within days
	describe   func(*costd.Usage, *rand.Rand)
}

// kinds are what GPU clouds are made of. A metric that ends in a point is that of
// one dimension and ends in its name.
var kinds = []kind{
	{percent: 24, typ: costd.Instance, metric: "instance.", dimensions: []string{"g1-standard-2-4", "g1-standard-4-8", "g1-standard-8-16"},
		price: "0.082", unit: "H", unitSize: "60", short: true, describe: tagged},
	{percent: 5, typ: costd.BasicVM, metric: "basic_vm.", dimensions: []string{"g2s-shared-1-2-25"}, price: "0.0096", unit: "H", unitSize: "60", describe: tagged},
	{percent: 4, typ: costd.Baremetal, metric: "baremetal.", dimensions: []string{"bm1-hf-medium", "bm1-infra-small"}, price: "1.37124", unit: "H", unitSize: "60", describe: tagged},
	{percent: 5, typ: costd.AICluster, metric: "ai_cluster.", dimensions: []string{"bm3-ai-1xlarge-h100-80-8"}, price: "19.90", unit: "H", unitSize: "60", describe: tagged},
	{percent: 5, typ: costd.AIVirtualCluster, metric: "ai_virtual_cluster.", dimensions: []string{"g3-ai-32-192-1500-l40s-48-1"}, price: "1.85", unit: "H", unitSize: "60", short: true, describe: tagged},
	{percent: 24, typ: costd.Volume, metric: "volume.", dimensions: []string{"standard", "ssd_hiiops"}, gib: 2048, price: "0.072", unit: "GB-month", unitSize: "43200", short: true, describe: attached},
	{percent: 4, typ: costd.Snapshot, metric: "snapshot.", dimensions: []string{"standard"}, gib: 512, price: "0.04", unit: "GB-month", unitSize: "43200"},
	{percent: 3, typ: costd.Backup, metric: "backup", gib: 512, price: "0.05", unit: "GB-month", unitSize: "43200", describe: scheduled},
	{percent: 1, typ: costd.Image, metric: "image", gib: 64, price: "0.04", unit: "GB-month", unitSize: "43200"},
	{percent: 2, typ: costd.FileShare, metric: "file_share.", dimensions: []string{"standard", "vast"}, gib: 8192, price: "0.12", unit: "GB-month", unitSize: "43200", describe: tagged},
	{percent: 8, typ: costd.ExternalIP, metric: "external_ip", price: "0.0035", unit: "H", unitSize: "60", describe: addressed},
	{percent: 5, typ: costd.FloatingIP, metric: "floating_ip", price: "0.0048", unit: "H", unitSize: "60", describe: addressed},
	{percent: 5, typ: costd.EgressTraffic, metric: "egress_traffic.", dimensions: []string{"vm", "baremetal"}, most: 5_000_000_000, price: "0.01", unit: "GB", unitSize: "1000000000", describe: routed},
	{percent: 3, typ: costd.LoadBalancer, metric: "load_balancer.", dimensions: []string{"lb1-1-2", "lb1-2-4"}, price: "0.023", unit: "H", unitSize: "60", describe: tagged},
	{percent: 1, typ: costd.Containers, metric: "containers", most: 5_000_000, price: "0.0000052", unit: "GBS", unitSize: "1"},
	{percent: 1, typ: costd.Inference, metric: "inference", dimensions: []string{"inference-4vcpu-16gib-1xl40s"}, most: 8, price: "1.99", unit: "H", unitSize: "1"},
}

// mix holds the index of a kind for each of a hundred resources in a row, spread so
// that a few in a row are of several kinds.
var mix = func() []int {
	var all []int
	for i, k := range kinds {
		for range k.percent {
			all = append(all, i)
		}
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}()

// kindOf returns what a client's resource of this number is. Clients with many
// resources have the same of each kind.
func kindOf(client int64, number int) *kind {
	return &kinds[mix[(number+int(client)*31)%len(mix)]]
}

// regions are where resources run; a client has most of them in one.
var regions = []int64{76, 80, 84, 88}

// metricOf returns the name of the kind's metric for one of its dimensions.
func (k *kind) metricOf(dimension string) string {
	if k.metric[len(k.metric)-1] != '.' {
		return k.metric
	}
	return k.metric + dimension
}

// usage makes up a resource of the kind: all of its records but their times and
// stated quantities.
func (k *kind) usage(client int64, number int, rng *rand.Rand) costd.Usage {
	u := costd.Usage{
		ClientID: client, ProjectID: client*10 + rng.Int64N(4), RegionID: regions[client%4], Type: k.typ,
		ResourceID: uuid(rng), Name: fmt.Sprintf("%s-%04d", names[rng.IntN(len(names))], number),
	}
	if rng.IntN(4) == 0 {
		u.RegionID = regions[rng.IntN(4)]
	}
	dimension := ""
	if len(k.dimensions) > 0 {
		dimension = k.dimensions[rng.IntN(len(k.dimensions))]
	}
	u.Metric = k.metricOf(dimension)
	info, _ := k.typ.Info()
	u.SetDimension(info.RowDimension, dimension)
	if k.gib > 0 {
		size := decimal.FromInt(int64(1 + rng.IntN(k.gib)))
		u.Size = &size
	}
	if k.describe != nil {
		k.describe(&u, rng)
	}
	return u
}

var (
	names = []string{"web", "db", "train", "serve", "worker", "gateway", "batch", "cache"}
	teams = []string{"vision", "speech", "search", "platform", "research", "mobile", "data", "core"}
	envs  = []string{"prod", "staging", "dev"}
)

func tagged(u *costd.Usage, rng *rand.Rand) {
	u.Tags = map[string]string{"team": teams[rng.IntN(len(teams))], "env": envs[rng.IntN(len(envs))]}
	if rng.IntN(2) == 0 {
		u.Tags["app"] = "app-" + strconv.Itoa(rng.IntN(20))
	}
}

func attached(u *costd.Usage, rng *rand.Rand) {
	u.Attributes.AttachedToVM = uuid(rng)
	if rng.IntN(3) == 0 {
		tagged(u, rng)
	}
}

func scheduled(u *costd.Usage, rng *rand.Rand) {
	u.Attributes.SourceVolumeUUID, u.Attributes.ScheduleID = uuid(rng), uuid(rng)
}

func addressed(u *costd.Usage, rng *rand.Rand) {
	u.Attributes.IPAddress = fmt.Sprintf("203.0.%d.%d", rng.IntN(256), rng.IntN(256))
	u.Attributes.PortID, u.Attributes.NetworkID, u.Attributes.SubnetID = uuid(rng), uuid(rng), uuid(rng)
}

func routed(u *costd.Usage, rng *rand.Rand) {
	u.Attributes.PortID, u.Attributes.VMID, u.Attributes.InstanceName = uuid(rng), uuid(rng), u.Name
	tagged(u, rng)
}

// uuid returns a random (version 4) UUID.
func uuid(rng *rand.Rand) string {
	a, b := rng.Uint64(), rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, 0x8000|b>>48&0x3fff, b&0xffff_ffff_ffff)
}
