package duckdb

import (
	"database/sql"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"costd.dev/costd"
	usagedb "costd.dev/costd/usage/driver"
)

// A selection is the beginning of every query on usage: a WITH clause and its
// arguments. It defines the table `listed`, the parts that the lists of a
// costd.Query select, with their dimension; and `base`, the same with `selected`,
// whether its Filter and Tags select a part too. All values are parameters; the
// text depends only on which conditions there are.
type selection struct {
	listed     string // WITH listed AS (...), alone
	listedArgs []any
	tables     strings.Builder // , filtered AS (...), base AS (...)
	args       []any           // of both
}

// newSelection returns the selection of q, with the dimension either of the line
// or of the resource row.
func newSelection(q costd.Query, dimension func(costd.TypeInfo) costd.Field) (*selection, error) {
	s := &selection{}
	s.list(q, dimension)
	condition, err := s.condition(q)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&s.tables, ", base AS NOT MATERIALIZED (\n\tSELECT *, %s AS selected FROM listed\n)", condition)
	return s, nil
}

func (s *selection) with() string { return s.listed + s.tables.String() }

func lineDimension(t costd.TypeInfo) costd.Field { return t.Dimension }
func rowDimension(t costd.TypeInfo) costd.Field  { return t.RowDimension }

func (s *selection) arg(name string, value any) { s.args = append(s.args, sql.Named(name, value)) }

// list writes the table `listed`. It is not materialized, as it would be with all
// its columns.
func (s *selection) list(q costd.Query, dimension func(costd.TypeInfo) costd.Field) {
	s.arg("client", q.ClientID)
	s.arg("from", int32(q.Period.From))
	s.arg("to", int32(q.Period.To))
	conditions := "client_id = $client AND day >= $from AND day < $to"
	if len(q.Regions) > 0 {
		conditions += " AND region_id IN (SELECT unnest($regions::BIGINT[]))"
		s.arg("regions", q.Regions)
	}
	if len(q.Types) > 0 {
		conditions += " AND type IN (SELECT unnest($types::VARCHAR[]))"
		s.arg("types", texts(q.Types))
	}
	if len(q.Projects) > 0 {
		conditions += " AND project_id IN (SELECT unnest($projects::BIGINT[]))"
		s.arg("projects", q.Projects)
	}
	s.listed = fmt.Sprintf("WITH listed AS NOT MATERIALIZED (\n\tSELECT *, %s AS dimension\n\tFROM usage WHERE %s\n)",
		dimensionSQL(dimension), conditions)
	s.listedArgs = slices.Clip(s.args)
}

// dimensionSQL returns the expression of the dimension of a part, by its type.
func dimensionSQL(dimension func(costd.TypeInfo) costd.Field) string {
	types := map[costd.Field][]string{}
	for _, info := range costd.Types {
		if field := dimension(info); field != "" {
			types[field] = append(types[field], quote(string(info.Type)))
		}
	}
	var b strings.Builder
	b.WriteString("CASE")
	for _, field := range []costd.Field{costd.FieldFlavor, costd.FieldVolumeType, costd.FieldFileShareType, costd.FieldInstanceType} {
		fmt.Fprintf(&b, " WHEN type IN (%s) THEN %s", strings.Join(types[field], ", "), columnOf[field])
	}
	return b.String() + " ELSE '' END"
}

// columnOf names the column of each field.
var columnOf = map[costd.Field]string{
	costd.FieldType:             "type",
	costd.FieldUUID:             "resource_id",
	costd.FieldFlavor:           "flavor",
	costd.FieldVolumeType:       "volume_type",
	costd.FieldFileShareType:    "file_share_type",
	costd.FieldInstanceType:     "instance_type",
	costd.FieldLastName:         "name",
	costd.FieldLastSize:         "size",
	costd.FieldAttachedToVM:     "attached_to_vm",
	costd.FieldInstanceName:     "instance_name",
	costd.FieldIPAddress:        "ip_address",
	costd.FieldNetworkID:        "network_id",
	costd.FieldPortID:           "port_id",
	costd.FieldScheduleID:       "schedule_id",
	costd.FieldSourceVolumeUUID: "source_volume_uuid",
	costd.FieldSubnetID:         "subnet_id",
	costd.FieldVMID:             "vm_id",
}

// condition returns the expression of `selected`, and writes the tables it needs.
func (s *selection) condition(q costd.Query) (string, error) {
	conditions := []string{"true"}
	if q.Filter != nil {
		condition, err := s.filter(q.Filter)
		if err != nil {
			return "", err
		}
		conditions = append(conditions, condition)
	}
	if q.Tags != nil {
		conditions = append(conditions, s.tags(q.Tags))
	}
	return strings.Join(conditions, " AND "), nil
}

// lastState returns the expression of a column's value in the part of a group that
// ends last, and of several, in the greatest by start, metric and id of the record.
// The value is wrapped so that a NULL counts as one.
func lastState(column string) string {
	return "arg_max({'v': " + column + "}, (part_end, record_start, metric, id)).v"
}

func (s *selection) filter(f *costd.Filter) (string, error) {
	column, known := columnOf[f.Field]
	if !known {
		return "", costd.InvalidField("field", "%q is not a field to filter by", f.Field)
	}
	const values = "SELECT unnest($filter_values::VARCHAR[])"
	if f.Field == costd.FieldLastSize {
		column = shownSizeSQL
	}
	s.arg("filter_type", string(f.Type))
	s.arg("filter_values", f.Values)
	info, _ := f.Type.Info()
	if f.Field == costd.FieldType || f.Field == costd.FieldUUID || f.Field == info.RowDimension {
		return fmt.Sprintf("type = $filter_type AND %s IN (%s)", column, values), nil
	}
	fmt.Fprintf(&s.tables, ", filtered AS (\n\tSELECT resource_id FROM listed WHERE type = $filter_type\n"+
		"\tGROUP BY resource_id HAVING %s IN (%s)\n)", lastState(column), values)
	return "type = $filter_type AND resource_id IN (SELECT resource_id FROM filtered)", nil
}

// shownSizeSQL is costd.ShownSize: the size, whose text has 9 decimals, as a whole number
// of units of 10^-9, in bytes if need be, and that rounded half to even.
var shownSizeSQL = func() string {
	units := fmt.Sprintf("replace(COALESCE(size, 0)::DECIMAL(29, 9)::VARCHAR, '.', '')::HUGEINT"+
		" * CASE WHEN type = %s AND lower(size_unit) <> 'bytes' THEN 1073741824 ELSE 1 END", quote(string(costd.Image)))
	whole, rest := "("+units+") // 1000000000", "("+units+") % 1000000000"
	return fmt.Sprintf("(%[1]s + CASE WHEN %[2]s > 500000000 OR %[2]s = 500000000 AND (%[1]s) %% 2 = 1 THEN 1 ELSE 0 END)::VARCHAR", whole, rest)
}()

// tags writes the table `tagged`, the resources that fulfil enough conditions.
func (s *selection) tags(f *costd.TagFilter) string {
	if len(f.Conditions) == 0 {
		return fmt.Sprint(f.All) // all of no conditions are fulfilled, and not one
	}
	var keys, values []string
	var strict []bool
	for _, c := range f.Conditions {
		keys, values, strict = append(keys, c.Key), append(values, c.Value), append(strict, c.Strict)
	}
	needed := 1
	if f.All {
		needed = len(f.Conditions)
	}
	s.arg("tag_keys", keys)
	s.arg("tag_values", values)
	s.arg("tag_strict", strict)
	s.arg("tags_needed", int64(needed))
	fmt.Fprintf(&s.tables, taggedSQL, lastState("tags"))
	return "(type, resource_id) IN (SELECT type, resource_id FROM tagged)"
}

const taggedSQL = `, tag AS (
	SELECT type, resource_id, unnest(map_entries(tags::JSON::MAP(VARCHAR, VARCHAR)), recursive := true) FROM (
		SELECT type, resource_id, %s AS tags FROM listed GROUP BY type, resource_id
	) WHERE tags <> ''
), tag_condition AS (
	SELECT generate_subscripts($tag_keys::VARCHAR[], 1) AS n, unnest($tag_keys::VARCHAR[]) AS wanted_key,
		unnest($tag_values::VARCHAR[]) AS wanted_value, unnest($tag_strict::BOOLEAN[]) AS strict
), tagged AS (
	SELECT type, resource_id FROM tag JOIN tag_condition
		ON (wanted_key = '' OR key = wanted_key)
		AND (wanted_value = '' OR CASE WHEN strict THEN value = wanted_value
			ELSE contains(lower(value), lower(wanted_value)) END)
	GROUP BY type, resource_id HAVING count(DISTINCT n) >= $tags_needed
)`

// texts returns list with its elements as plain strings, as parameters have to be.
func texts[T ~string](list []T) []string {
	plain := make([]string, len(list))
	for i, element := range list {
		plain[i] = string(element)
	}
	return plain
}

// join returns the sum on the grid of which upper and lower are the halves, nil being 0.
//
// Every query adds up units exactly, as an upper and a lower half of 64 bits each:
// the database's own sum of HUGEINT wraps around silently where partial sums of
// several threads are combined, while the sums of the halves cannot overflow.
func join(upper, lower *big.Int, grid costd.Grid) (*big.Int, error) {
	sum := new(big.Int)
	if upper != nil {
		sum.Lsh(upper, 64)
	}
	if lower != nil {
		sum.Add(sum, lower)
	}
	return sum, usagedb.CheckSum(sum, grid)
}
