package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/internal/spawn"
)

// clients are whose usage is sent, by two senders for each.
var clients = [...]int64{1001, 1002}

const sendersEach = 2

// A victim is the server that is killed, and everything around it.
type victim struct {
	t          *testing.T
	rng        *rand.Rand
	executable string
	data       string
	server     *spawn.Server
	keys       [len(clients)]string // of administrators
	oracle     *oracle
	senders    []*sender
	operator   *operator

	answered, repeated, found atomic.Int64 // requests
	count                     map[string]int
}

// newVictim returns a victim with a catalog and keys on the given disk. It does not
// run yet.
func newVictim(t *testing.T, disk string) *victim {
	v := &victim{
		t: t, rng: rand.New(rand.NewPCG(*seed, 0)), executable: executable(t), data: filepath.Join(disk, "data"),
		oracle: newOracle(t), count: map[string]int{},
	}
	for i := range len(clients) * sendersEach {
		v.senders = append(v.senders, newSender(v, i))
	}
	v.operator = &operator{victim: v}
	v.start()
	v.operator.apply(0)
	for i, id := range clients {
		var err error
		_, v.keys[i], err = v.client().CreateKey(t.Context(), costd.RoleAdministrator, id, nil)
		v.must(err)
	}
	v.server.Kill()
	return v
}

// start starts the server on the folder as the last one left it.
func (v *victim) start() {
	v.t.Helper()
	var err error
	if v.server, err = spawn.Start(v.executable, v.data, serveFlags...); err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(v.server.Kill)
}

// client returns a client of the server that tries everything once.
func (v *victim) client() *client.Client {
	return client.New(v.server.URL, v.server.Key, client.WithMaxRetries(0))
}

// settle sends everything again that the last server did not answer.
func (v *victim) settle() {
	v.t.Helper()
	var group sync.WaitGroup
	for _, s := range v.senders {
		if s.pending != nil {
			group.Go(func() { s.again(v.t.Context(), v.client()) })
		}
	}
	group.Wait()
	if v.operator.pending > 0 {
		v.operator.apply(v.operator.pending)
	}
}

// send lets all senders send until the server is killed, which it is when until
// returns.
func (v *victim) send(until func()) {
	v.sendThen(func() {
		until()
		v.server.Kill()
	})
}

// abandon lets all senders send and leave amid their requests, and the server live:
// what it keeps in memory must say the same as what it keeps on disk.
func (v *victim) abandon() {
	v.t.Helper()
	v.sendThen(func() { time.Sleep(v.upTo(200 * time.Millisecond)) })
	v.settle()
	v.compareAll()
	v.count["only the senders"]++
}

// sendThen lets all senders send, and calls then, at the end of which they leave.
func (v *victim) sendThen(then func()) {
	ctx, cancel := context.WithCancel(v.t.Context())
	var group sync.WaitGroup
	for _, s := range v.senders {
		group.Go(func() { s.run(ctx, v.client()) })
	}
	group.Go(func() { v.operator.run(ctx, v.client()) })
	then()
	cancel()
	group.Wait()
}

// finish stops the server as an operator would, and looks once more.
func (v *victim) finish() {
	v.t.Helper()
	v.must(v.server.Stop())
	v.start()
	v.compareAll()
	v.must(v.server.Stop())
}

// An operator changes the catalog: one price, again and again.
type operator struct {
	*victim
	pending int // the version of the price that was not answered, 0 if none
	version int
}

func (o *operator) run(ctx context.Context, c *client.Client) {
	for o.pending == 0 && ctx.Err() == nil {
		o.pending = o.version + 1
		if _, err := c.ApplyCatalog(ctx, catalogFile(o.pending)); err != nil {
			return
		}
		o.done()
	}
}

// apply applies a version of the catalog that must be answered.
func (o *operator) apply(version int) {
	o.t.Helper()
	o.pending = version
	_, err := o.client().ApplyCatalog(o.t.Context(), catalogFile(version))
	o.must(err)
	o.done()
}

// done tells the oracle what was answered.
func (o *operator) done() {
	o.oracle.apply(catalogFile(o.pending))
	o.version, o.pending = o.pending, 0
}

// catalogFile returns a version of the catalog.
func catalogFile(version int) []byte {
	return fmt.Appendf(nil, `
clients:
  - {id: 1001, name: Acme, currency: EUR, show_prices: true}
  - {id: 1002, name: Globex, currency: EUR, show_prices: true}
regions: [{id: 76, name: Luxembourg-2}, {id: 80, name: Frankfurt-1}]
prices:
  - {type: instance, metric: instance_min, currency: EUR, feature: "VM {region}", unit: H, unit_size: 60, unit_price: "0.%03d", effective_from: 2026-01-01}
  - {type: volume, metric: volume_gbm, currency: EUR, feature: "Volume", unit: GB-month, unit_size: 43200, unit_price: "0.072", effective_from: 2026-01-01}
  - {type: backup, metric: backup_gbm, currency: EUR, feature: "Backup", unit: GB-month, unit_size: 43200, unit_price: "0.05", effective_from: 2026-01-01}
  - {type: egress_traffic, metric: egress_gbs, currency: EUR, feature: "Egress", unit: GB, unit_size: 1000000000, unit_price: "0.01", effective_from: 2026-01-01}
  - {type: ai_cluster, metric: h100_min, currency: EUR, feature: "H100 {region}", unit: H, unit_size: 60, unit_price: "19.90", effective_from: 2026-01-01}
commitments:
  - {id: h100, client_id: 1001, type: ai_cluster, metric: h100_min, region_id: 76, dimension: h100, count: 2, unit_price: "12.50", overcommit_unit_price: "19.90", active_from: 2026-01-01}
`, version%1000)
}
