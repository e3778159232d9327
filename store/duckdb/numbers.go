package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strings"

	"costd.dev/costd"
	usagedb "costd.dev/costd/usage/driver"

	duck "github.com/duckdb/duckdb-go/v2"
)

// A resource is what usage is of, as the table resource keeps it.
type resource struct {
	resourceKey
	number int64    // 0 until one is found or given
	recent []*state // some of the states it had last, the latest first
	states int      // how many there are of it
}

type resourceKey struct {
	client     int64
	id, metric string
}

// A state is what the records of a resource say beside times and quantities, as
// the table state keeps it. It never changes once it has a number.
type state struct {
	usagedb.State // Number is 0 until one is found or given
	resource      *resource
}

// newState returns the state that the record says, sharing no memory with it.
func newState(of *resource, r *costd.Record) *state {
	s := &state{resource: of, State: stateOf(r)}
	s.ResourceID, s.Metric = of.id, of.metric
	if r.Size != nil {
		size := *r.Size
		s.Size = &size
	}
	s.own()
	return s
}

// stateOf returns what the record says, sharing its memory, without number and resource.
func stateOf(r *costd.Record) usagedb.State {
	return usagedb.State{ProjectID: r.ProjectID, RegionID: r.RegionID, Type: r.Type, Flavor: r.Flavor, Name: r.Name,
		Attributes: r.Attributes, Size: r.Size, Tags: r.Tags}
}

// own copies all texts of s into one allocation: comparing them is faster, and the garbage
// collector has one object to look at.
func (s *state) own() {
	var all strings.Builder
	all.Grow(s.TextBytes()) // so that it never moves
	own := func(text *string) {
		begin := all.Len()
		all.WriteString(*text)
		*text = all.String()[begin:]
	}
	own((*string)(&s.Type))
	own(&s.Flavor)
	own(&s.Name)
	for _, a := range s.Attributes.Fields() {
		own(a.Value)
	}
	tags := s.Tags
	s.Tags = nil
	for key, value := range tags {
		if s.Tags == nil {
			s.Tags = make(map[string]string, len(tags))
		}
		own(&key)
		own(&value)
		s.Tags[key] = value
	}
}

// says reports whether s is the state that the record says.
func (s *state) says(r *costd.Record) bool {
	said := stateOf(r)
	return s.sameAs(&said)
}

// equals reports whether s and t say the same of one resource.
func (s *state) equals(t *state) bool { return s.sameAs(&t.State) }

func (s *state) sameAs(t *usagedb.State) bool {
	return s.ProjectID == t.ProjectID && s.RegionID == t.RegionID && s.Type == t.Type && s.Flavor == t.Flavor && s.Name == t.Name &&
		s.Attributes == t.Attributes && sameSize(s.Size, t.Size) && maps.Equal(s.Tags, t.Tags)
}

// find returns the state that the record says if it is among the recent ones, and
// makes it the first of them.
func (r *resource) find(record *costd.Record) *state {
	for i, s := range r.recent {
		if s.says(record) {
			if i > 0 {
				copy(r.recent[1:i+1], r.recent[:i])
				r.recent[0] = s
			}
			return s
		}
	}
	return nil
}

// A numbering finds the numbers of the resources and states of one batch. What the
// dictionary does not remember it looks up in the database, all at once, and what
// is not there either gets the next numbers. The dictionary learns of it when the
// batch has been committed.
type numbering struct {
	*dictionary
	pending   map[resourceKey]*resource
	resources []*resource // not remembered
	states    []*state    // not remembered
	statesOf  map[*resource][]*state
	// What is not in the database, and whether it has been added to it.
	newResources []*resource
	newStates    []*state
	stored       bool
}

func newNumbering(d *dictionary) *numbering {
	return &numbering{dictionary: d, pending: map[resourceKey]*resource{}, statesOf: map[*resource][]*state{}}
}

// resource returns the resource of a record; it may have no number yet.
func (n *numbering) resource(r *costd.Record) *resource {
	k := resourceKey{r.ClientID, r.ResourceID, r.Metric}
	if known := n.get(k); known != nil {
		return known
	}
	known := n.pending[k]
	if known == nil {
		k.id, k.metric = strings.Clone(k.id), strings.Clone(k.metric)
		known = &resource{resourceKey: k}
		n.pending[k] = known
		n.resources = append(n.resources, known)
	}
	return known
}

// state returns the state of a record; it may have no number yet.
func (n *numbering) state(r *costd.Record) *state {
	of := n.resource(r)
	if s := of.find(r); s != nil {
		return s
	}
	for _, s := range n.statesOf[of] {
		if s.says(r) {
			return s
		}
	}
	s := newState(of, r)
	n.states = append(n.states, s)
	n.statesOf[of] = append(n.statesOf[of], s)
	return s
}

// number returns the histories with the numbers of what they say.
func (n *numbering) number(ctx context.Context, tx *sql.Tx, writer *sql.Conn, histories []history) ([]staging, error) {
	if n.lost {
		if err := n.load(ctx, tx); err != nil {
			return nil, err
		}
	}
	stagings, keys := make([]staging, len(histories)), make([]*resource, len(histories))
	for i := range histories {
		h := &histories[i]
		stagings[i].history, stagings[i].n = h, int32(i)
		if first := h.first(); !first.Deleted {
			stagings[i].first = n.state(first)
		}
		if last := h.last(); len(h.records) > 1 && !last.Deleted {
			stagings[i].last = n.state(last)
		}
		if h.id != "" {
			continue
		}
		if first := stagings[i].first; first != nil {
			keys[i] = first.resource
		} else {
			keys[i] = n.resource(h.first())
		}
	}
	if err := n.lookUp(ctx, tx, writer); err != nil {
		return nil, err
	}
	n.give()
	for i, key := range keys {
		if key != nil {
			stagings[i].key = key.number
			if key.number == 0 { // a deletion of what never was
				stagings[i].key = unknownResource
			}
		}
	}
	return stagings, nil
}

// unknownResource is the number of no resource.
const unknownResource = -1

// lookUp finds the numbers of those that the database has.
func (n *numbering) lookUp(ctx context.Context, tx *sql.Tx, writer *sql.Conn) error {
	now := &snapshot{ctx: ctx, tx: tx}
	if err := n.lookUpResources(now); err != nil {
		return err
	}
	var doubtful []*state
	for _, s := range n.states {
		r := s.resource
		if i := slices.IndexFunc(r.recent, s.equals); i >= 0 {
			s.Number = r.recent[i].Number
		} else if r.states > len(r.recent) {
			doubtful = append(doubtful, s)
		}
	}
	if len(doubtful) == 0 {
		return nil
	}
	return lookUpStates(now, writer, doubtful)
}

const findResourceSQL = `SELECT number, client_id, resource_id, metric FROM resource JOIN (
		SELECT unnest($clients::BIGINT[]) AS client_id, unnest($ids::VARCHAR[]) AS resource_id, unnest($metrics::VARCHAR[]) AS metric
	) USING (client_id, resource_id, metric)`

// lookUpResources finds the numbers of resources, and their latest states.
func (n *numbering) lookUpResources(now *snapshot) error {
	var clients []int64
	var ids, metrics []string
	for _, r := range n.resources {
		if !n.isNew(r.resourceKey) {
			clients, ids, metrics = append(clients, r.client), append(ids, r.id), append(metrics, r.metric)
		}
	}
	if len(clients) == 0 {
		return nil
	}
	found, err := readAll(now, findResourceSQL, scanNumbered, sql.Named("clients", clients), sql.Named("ids", ids), sql.Named("metrics", metrics))
	if err != nil {
		return err
	}
	for i, f := range found {
		found[i] = n.pending[f.resourceKey]
		found[i].number = f.number
	}
	return readRecentStates(now, found)
}

func scanNumbered(rows *sql.Rows) (*resource, error) {
	r := new(resource)
	return r, rows.Scan(&r.number, &r.client, &r.id, &r.metric)
}

// recentStatesSQL reads the latest states of resources, the latest first, each with
// how many there are.
const recentStatesSQL = `
	SELECT count(*) OVER (PARTITION BY s.resource), s.number, s.resource, '', '', ` + stateColumns + `
	FROM state s WHERE s.client_id BETWEEN %d AND %d AND s.resource IN (SELECT unnest($resources::BIGINT[]))
	QUALIFY row_number() OVER (PARTITION BY s.resource ORDER BY s.number DESC) <= %d
	ORDER BY s.resource, s.number DESC`

// readRecentStates reads the latest states of resources that have numbers.
func readRecentStates(now *snapshot, of []*resource) error {
	if len(of) == 0 {
		return nil
	}
	byNumber, numbers := make(map[int64]*resource, len(of)), make([]int64, len(of))
	first, last := of[0].client, of[0].client
	for i, r := range of {
		byNumber[r.number], numbers[i] = r, r.number
		first, last = min(first, r.client), max(last, r.client)
	}
	_, err := readAll(now, fmt.Sprintf(recentStatesSQL, first, last, recentStates), func(rows *sql.Rows) (*state, error) {
		var count int
		s, err := scanState(rows, &count)
		if err != nil {
			return nil, err
		}
		r := byNumber[s.resource.number]
		s.resource, r.states = r, count
		s.ResourceID, s.Metric = r.id, r.metric
		r.recent = append(r.recent, s)
		return s, nil
	}, sql.Named("resources", numbers))
	return err
}

const findStateSQL = `SELECT m.number, s.number FROM state s JOIN staged_state m
	ON s.client_id = m.client_id AND s.resource = m.resource
	AND s.project_id = m.project_id AND s.region_id = m.region_id AND s.type = m.type AND s.flavor = m.flavor
	AND s.name = m.name AND s.size IS NOT DISTINCT FROM m.size AND s.volume_type = m.volume_type
	AND s.file_share_type = m.file_share_type AND s.instance_type = m.instance_type AND s.ip_address = m.ip_address
	AND s.attached_to_vm = m.attached_to_vm AND s.port_id = m.port_id AND s.network_id = m.network_id
	AND s.subnet_id = m.subnet_id AND s.vm_id = m.vm_id AND s.instance_name = m.instance_name
	AND s.source_volume_uuid = m.source_volume_uuid AND s.schedule_id = m.schedule_id
	AND s.size_unit = m.size_unit AND s.tags = m.tags`

// lookUpStates finds the numbers of states, by way of a temporary table.
func lookUpStates(now *snapshot, writer *sql.Conn, states []*state) error {
	if _, err := now.tx.ExecContext(now.ctx, "CREATE OR REPLACE TEMP TABLE staged_state AS FROM state LIMIT 0"); err != nil {
		return err
	}
	if err := appendRows(now.ctx, writer, "temp", "staged_state", states, func(a *duck.Appender, i int, s *state) error {
		return appendState(a, int64(i), s)
	}); err != nil {
		return err
	}
	_, err := readAll(now, findStateSQL, func(rows *sql.Rows) (number int64, err error) {
		var i int
		err = rows.Scan(&i, &number)
		if err == nil {
			states[i].Number = number
		}
		return number, err
	})
	return err
}

// give gives what was not found the next numbers.
func (n *numbering) give() {
	nextResource, nextState := n.lastResource, n.lastState
	for _, s := range n.states {
		if s.Number != 0 {
			continue
		}
		if s.resource.number == 0 {
			nextResource++
			s.resource.number = nextResource
			n.newResources = append(n.newResources, s.resource)
		}
		nextState++
		s.Number = nextState
		n.newStates = append(n.newStates, s)
	}
}

// store adds what is new to the database.
func (n *numbering) store(ctx context.Context, writer *sql.Conn) error {
	n.stored = true
	err := appendRows(ctx, writer, "", "resource", n.newResources, func(a *duck.Appender, _ int, r *resource) error {
		return appendResource(a, r.number, r)
	})
	if err != nil {
		return err
	}
	return appendRows(ctx, writer, "", "state", n.newStates, func(a *duck.Appender, _ int, s *state) error {
		return appendState(a, s.Number, s)
	})
}

// commit lets the dictionary remember what is in the database by now.
func (n *numbering) commit() {
	for _, s := range n.newStates {
		if n.stored {
			s.resource.states++
		}
	}
	for _, s := range n.states {
		if s.Number <= n.lastState || n.stored {
			n.remember(s)
		}
	}
	if n.stored {
		for _, r := range n.newResources {
			n.know(r.resourceKey)
		}
		n.lastResource += int64(len(n.newResources))
		n.lastState += int64(len(n.newStates))
	}
	n.trim()
}

func appendResource(a *duck.Appender, number int64, r *resource) error {
	return a.AppendRow(number, r.client, r.id, r.metric)
}

func appendState(a *duck.Appender, number int64, s *state) error {
	size, err := encodeSize(s.Size)
	if err != nil {
		return err
	}
	tags, err := encodeTags(s.Tags)
	if err != nil {
		return err
	}
	values := make([]driver.Value, 0, 23)
	values = append(values, number, s.resource.client, s.resource.number, s.ProjectID, s.RegionID, string(s.Type), s.Flavor, s.Name, size)
	for _, attribute := range s.Attributes.Fields() {
		values = append(values, *attribute.Value)
	}
	return a.AppendRow(append(values, tags)...)
}
