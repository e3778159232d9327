package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/client"
	"costd.dev/costd/decimal"
	"costd.dev/costd/ingest"
)

// A sender sends requests, one after the other, about resources that are its own,
// so that the order in which its records arrived is the order in which it sent them.
type sender struct {
	v       *victim
	number  int
	client  int64
	rng     *rand.Rand
	most    int      // records in a request
	pending *request // sent, and not answered; nil if there is none
	// sent are the bodies of all requests, if they are to be remembered.
	remember bool
	sent     [][]byte
}

// A request is some records, and what the server has to say of them.
type request struct {
	records []costd.Usage
	body    []byte
}

func newSender(v *victim, number int) *sender {
	return &sender{
		v: v, number: number, client: clients[number/sendersEach],
		rng: rand.New(rand.NewPCG(*seed, uint64(number+1))), most: costd.MaxBatch,
	}
}

// run sends requests until the server is gone.
func (s *sender) run(ctx context.Context, c *client.Client) {
	for s.pending == nil && ctx.Err() == nil {
		s.pending = s.compose()
		result, err := c.SendNDJSON(ctx, s.pending.body)
		if refused, ok := errors.AsType[*client.Error](err); ok {
			s.refused(refused)
			return
		}
		if err != nil {
			return // killed
		}
		first, _ := s.apply()
		if got := sum(result); got != first {
			s.v.tell("sender %d: of %d records the server says %+v, the oracle %+v", s.number, len(s.pending.records), got, first)
		}
		s.pending = nil
	}
}

// refused judges an answer that is none: only that it was too much, or that the
// server is about to stop, is right.
func (s *sender) refused(err *client.Error) {
	if err.StatusCode != http.StatusServiceUnavailable && err.StatusCode != http.StatusTooManyRequests {
		s.v.tell("sender %d: %v", s.number, err)
	}
}

// again sends the pending request again. The server either knows nothing of it, or
// all of it.
func (s *sender) again(ctx context.Context, c *client.Client) {
	s.v.repeated.Add(1)
	result, err := c.SendNDJSON(ctx, s.pending.body)
	if err != nil {
		s.v.tell("sender %d, sending again: %v", s.number, err)
		return
	}
	first, second := s.apply()
	switch sum(result) {
	case first:
	case second:
		s.v.found.Add(1)
	default:
		s.v.tell("sender %d: of %d records sent again the server says %+v, which is neither of a request that it had not stored, %+v, nor of one that it had, %+v",
			s.number, len(s.pending.records), result, first, second)
	}
	s.pending = nil
}

// apply tells the oracle of the pending request, and returns what it says of it the
// first time and the second time.
func (s *sender) apply() (first, second counts) {
	s.v.answered.Add(1)
	records := make([]costd.Record, len(s.pending.records))
	for i, u := range s.pending.records {
		var err error
		if records[i], err = ingest.NewRecord(u); err != nil {
			s.v.t.Errorf("%+v: %v", u, err)
		}
	}
	for _, sum := range []*counts{&first, &second} {
		outcomes, err := s.v.oracle.usage.Write(s.v.t.Context(), records)
		if err != nil {
			s.v.t.Error(err)
		}
		for _, outcome := range outcomes {
			sum.add(outcome)
		}
	}
	return first, second
}

// counts are what an answer says, as far as it can be compared.
type counts struct{ accepted, replaced, unchanged, deleted, rejected int }

func (c *counts) add(outcome costd.Outcome) {
	switch outcome {
	case costd.Accepted:
		c.accepted++
	case costd.Replaced:
		c.replaced++
	case costd.Unchanged:
		c.unchanged++
	case costd.Deleted:
		c.deleted++
	}
}

func sum(r costd.IngestResult) counts {
	return counts{r.Accepted, r.Replaced, r.Unchanged, r.Deleted, len(r.Rejected)}
}

// compose makes up the next request.
func (s *sender) compose() *request {
	n := 1
	switch size := s.rng.IntN(100); {
	case size < 50:
		n += s.rng.IntN(300)
	case size < 65:
		n += s.rng.IntN(3000)
	case size < 70:
		n += 4000 + s.rng.IntN(8000) // a good part of a second
	}
	r := &request{records: make([]costd.Usage, min(n, s.most))}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	for i := range r.records {
		r.records[i] = s.record()
		if err := enc.Encode(&r.records[i]); err != nil {
			panic(err) // a Buffer takes everything, and a Usage can be written
		}
	}
	r.body = body.Bytes()
	if s.remember {
		s.sent = append(s.sent, r.body)
	}
	return r
}

// There are few identities and few contents of each, so that most records meet one
// that is there: they correct it, repeat it, or delete it.
const (
	resources = 6
	hours     = 14 * 24
	contents  = 4
)

// begin is such that the hours lie in two months.
var begin = time.Date(2026, 9, 24, 0, 0, 0, 0, time.UTC)

// record makes up a record of any hour, early or late.
func (s *sender) record() costd.Usage {
	number, hour, content := s.rng.IntN(resources), s.rng.IntN(hours), s.rng.IntN(contents)
	start := begin.Add(time.Duration(hour) * time.Hour)
	u := costd.Usage{
		ClientID: s.client, ProjectID: 501, RegionID: 76, ResourceID: fmt.Sprintf("s%d-%d", s.number, number),
		Start: start, End: start.Add(time.Duration(1+content) * time.Hour), Name: "name-" + strconv.Itoa(content),
		Tags: map[string]string{"team": "team-" + strconv.Itoa(content), "sender": strconv.Itoa(s.number)},
	}
	describe(&u, number, content)
	if number%2 == 0 {
		u.ID = fmt.Sprintf("s%d-%d-%d", s.number, number, hour)
	}
	if s.rng.IntN(10) == 0 {
		return costd.Usage{ID: u.ID, ClientID: u.ClientID, ResourceID: u.ResourceID, Metric: u.Metric, Start: u.Start, Deleted: true}
	}
	return u
}

// describe makes the resource of this number one of a type.
func describe(u *costd.Usage, number, content int) {
	amount := func(n int64) *decimal.Decimal {
		d := decimal.FromInt(n)
		return &d
	}
	switch number % 5 {
	case 0:
		u.Type, u.Metric, u.Flavor = costd.Instance, "instance_min", "flavor-"+strconv.Itoa(content%2)
	case 1:
		u.Type, u.Metric, u.Size = costd.Volume, "volume_gbm", amount(int64(10+content))
		u.Attributes.VolumeType = "standard"
	case 2:
		u.Type, u.Metric, u.Size = costd.Backup, "backup_gbm", amount(int64(20+content))
	case 3:
		u.Type, u.Metric, u.Quantity = costd.EgressTraffic, "egress_gbs", amount(int64(1e9+7*content))
		u.Attributes.InstanceType = "vm"
		u.RegionID = 80
	case 4:
		u.Type, u.Metric, u.Flavor = costd.AICluster, "h100_min", "h100"
		u.ProjectID = 502
	}
}
