package gcore

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"costd.dev/costd"
)

// The published contract says that the fields below are UUIDs and not null, and a
// client generated from it gives up a whole report for one that is not. Usage knows
// them as texts, and not always (docs/adr/0008-ids-that-are-no-uuids.md).

// idFields are the fields of a schema_filter that the contract calls UUIDs.
var idFields = []costd.Field{costd.FieldUUID, costd.FieldVMID, costd.FieldPortID, costd.FieldNetworkID,
	costd.FieldSubnetID, costd.FieldScheduleID, costd.FieldSourceVolumeUUID}

// idNamespace is the namespace of UUIDs made of other ids:
// uuid5(uuid5(NAMESPACE_DNS, "costd.dev"), id), so that callers can make them too.
var idNamespace = uuid.NewSHA1(uuid.NameSpaceDNS, []byte("costd.dev"))

// An idStyle says how ids are answered that are no UUIDs: as they are, or if true as
// UUIDs made of them.
type idStyle bool

// of returns an id as it is answered.
func (s idStyle) of(id string) string {
	if !bool(s) || isUUID(id) {
		return id
	}
	return uuid.NewSHA1(idNamespace, []byte(id)).String()
}

// orNil returns an id as it is answered, the nil UUID for a missing one.
func (s idStyle) orNil(id string) string {
	if id == "" {
		return uuid.Nil.String()
	}
	return s.of(id)
}

// orEmpty returns an id as a CSV file shows it, nothing for a missing one.
func (s idStyle) orEmpty(id string) string {
	if id == "" {
		return ""
	}
	return s.of(id)
}

// machine returns the machine of a row. Traffic that names none is its own.
func (s idStyle) machine(u *costd.ResourceUsage) string {
	if u.Attributes.VMID == "" {
		return s.of(u.ResourceID)
	}
	return s.of(u.Attributes.VMID)
}

// isUUID reports whether an id is a UUID as the contract writes them: 36 characters.
func isUUID(id string) bool {
	const length = 36 // uuid.Validate also takes braces, a prefix and bare digits
	return len(id) == length && uuid.Validate(id) == nil
}

// shown returns the field of a row as it is answered.
func (s idStyle) shown(f costd.Field, u *costd.ResourceUsage) string {
	a := &u.Attributes
	switch f {
	case costd.FieldUUID:
		return s.of(u.ResourceID)
	case costd.FieldVMID:
		return s.machine(u)
	case costd.FieldPortID:
		return s.orNil(a.PortID)
	case costd.FieldNetworkID:
		return s.orNil(a.NetworkID)
	case costd.FieldSubnetID:
		return s.orNil(a.SubnetID)
	case costd.FieldScheduleID:
		return s.orNil(a.ScheduleID)
	case costd.FieldSourceVolumeUUID:
		return s.orNil(a.SourceVolumeUUID)
	}
	return ""
}

// resolveIDs rewrites a filter by an id as answers show it into one by the id as usage has
// it, so that each id of an answer can be filtered by. It reads every resource of the type in
// the period if a value may be a UUID made of another id, and reads twice, by the resource
// and by the machine, if the field is vm_id: traffic that names no machine is its own.
func (h *Handler) resolveIDs(ctx context.Context, q *costd.Query) error {
	f := q.Filter
	if f == nil || !slices.Contains(idFields, f.Field) {
		return nil
	}
	switch {
	case h.UUIDs && slices.ContainsFunc(f.Values, isMade):
		return h.selectShown(ctx, q, &costd.Filter{Type: f.Type, Field: costd.FieldType, Values: []string{string(f.Type)}})
	case f.Field == costd.FieldVMID:
		return h.selectMachines(ctx, q)
	case f.Field != costd.FieldUUID && slices.Contains(f.Values, uuid.Nil.String()):
		f.Values = append(f.Values, "") // which is how a missing id is stored
	}
	return nil
}

// isMade reports whether an id may be a UUID made of another.
func isMade(id string) bool {
	made, err := uuid.Parse(id)
	const ofNames = 5
	return err == nil && made.Version() == ofNames
}

// selectMachines adds to a filter by machines the traffic that names none and is its
// own.
func (h *Handler) selectMachines(ctx context.Context, q *costd.Query) error {
	f := q.Filter
	own, err := h.resourcesOf(ctx, q, &costd.Filter{Type: f.Type, Field: costd.FieldUUID, Values: f.Values},
		func(u *costd.ResourceUsage) bool { return u.Attributes.VMID == "" })
	if err != nil || len(own) == 0 {
		return err
	}
	named, err := h.resourcesOf(ctx, q, f, func(*costd.ResourceUsage) bool { return true })
	q.Filter = &costd.Filter{Type: f.Type, Field: costd.FieldUUID, Values: append(named, own...)}
	return err
}

// selectShown makes the query's filter one by the resources among the candidates whose
// field is one of the values, as it is stored or as it is shown.
func (h *Handler) selectShown(ctx context.Context, q *costd.Query, candidates *costd.Filter) error {
	f := q.Filter
	wanted := make(map[string]bool, len(f.Values))
	for _, v := range f.Values {
		wanted[v] = true
	}
	ids, err := h.resourcesOf(ctx, q, candidates, func(u *costd.ResourceUsage) bool {
		return wanted[idStyle(false).shown(f.Field, u)] || wanted[idStyle(true).shown(f.Field, u)]
	})
	q.Filter = &costd.Filter{Type: f.Type, Field: costd.FieldUUID, Values: ids}
	return err
}

// resourcesOf returns the ids of the query's resources that another filter selects and
// keep is true for. A resource may be named several times.
func (h *Handler) resourcesOf(ctx context.Context, q *costd.Query, by *costd.Filter, keep func(*costd.ResourceUsage) bool) ([]string, error) {
	candidates := *q
	candidates.Filter, candidates.Tags = by, nil
	return h.Reports.ResourceIDs(ctx, candidates, keep)
}
