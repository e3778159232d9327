package gcore

import (
	"math/big"
	"slices"
	"strings"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/report"
)

// Decimal places of reported numbers.
const (
	valuePlaces    = 9
	roundedPlaces  = report.CostPlaces // with rounding
	unroundedCosts = 18                // without
)

// costPlaces returns the decimal places of costs.
func costPlaces(rounding bool) int {
	if rounding {
		return roundedPlaces
	}
	return unroundedCosts
}

// appendHead appends what every row begins with, the opening brace included.
func appendHead(b []byte, line costd.Line, quantity decimal.Rational) ([]byte, error) {
	value, err := rounded(quantity, valuePlaces)
	if err != nil {
		return b, err
	}
	info, _ := line.Type.Info()
	b = appendText(append(b, '{'), "type", string(line.Type))
	b = append(appendKey(b, "billing_value"), value...)
	b = appendText(b, "billing_value_unit", info.Unit)
	b = appendText(b, "billing_metric_name", line.Metric)
	b = appendInt(b, "region", line.RegionID)
	return appendInt(b, "region_id", line.RegionID), nil
}

// appendTotal appends a totals row but for its money and closing brace.
func appendTotal(b []byte, line costd.Line, quantity decimal.Rational, lastSize decimal.Decimal) ([]byte, error) {
	b, err := appendHead(b, line, quantity)
	if err != nil {
		return b, err
	}
	info, _ := line.Type.Info()
	if info.Dimension != "" {
		b = appendText(b, string(info.Dimension), line.Dimension)
	}
	if line.Type == costd.Backup {
		b = append(appendKey(b, "last_size"), wholeSize(lastSize)...)
	}
	return b, nil
}

// appendCost appends what every cost row ends with, but for the closing brace.
func appendCost(b []byte, c *costd.Charge, places int) ([]byte, error) {
	b = appendTextOrNull(b, "billing_feature_name", featureName(c))
	b = appendKey(b, "cost")
	cost, err := costText(c.Cost, places, "null")
	if err != nil {
		return b, err
	}
	b = append(b, cost...)
	b = appendTextOrNull(b, "currency", c.Currency)
	return appendTextOrNull(b, "err", c.Err), nil
}

// costText returns the cost as shown, or missing if there is none.
func costText(cost *decimal.Rational, places int, missing string) (string, error) {
	if cost == nil {
		return missing, nil
	}
	return rounded(*cost, places)
}

// featureName returns the feature with the pricing rule it ends in, "" without one.
func featureName(c *costd.Charge) string {
	if c.Feature == "" {
		return ""
	}
	return c.Feature + " - " + c.Kind.String()
}

// appendResource appends a resource row but for its money and closing brace.
func appendResource(b []byte, u *costd.ResourceUsage, quantity decimal.Rational, ids idStyle) ([]byte, error) {
	b, err := appendHead(b, u.Line, quantity)
	if err != nil {
		return b, err
	}
	s := shapes[u.Line.Type]
	for _, key := range s.own {
		b = appendOwn(b, key, u, ids)
	}
	b = appendTime(b, "first_seen", u.FirstSeen)
	b = appendTime(b, "last_seen", u.LastSeen)
	b = appendInt(b, "project_id", u.ProjectID)
	if s.unnamed {
		return b, nil
	}
	b = appendText(b, "last_name", u.Name)
	return appendText(b, "uuid", ids.of(u.ResourceID)), nil
}

// appendOwn appends one of a type's own fields.
func appendOwn(b []byte, key string, u *costd.ResourceUsage, ids idStyle) []byte {
	a := &u.Attributes
	switch key {
	case "flavor", "volume_type", "file_share_type", "instance_type":
		return appendText(b, key, u.Line.Dimension)
	case "last_size":
		return append(appendKey(b, key), lastSize(u)...)
	case "size_unit":
		return appendText(b, key, sizeUnit(u))
	case "tags":
		return appendTags(appendKey(b, key), u.Tags)
	case "attached_to_vm":
		return appendTextOrNull(b, key, a.AttachedToVM)
	case "instance_name":
		return appendTextOrNull(b, key, a.InstanceName)
	case "ip_address":
		return appendText(b, key, a.IPAddress)
	case "network_id", "port_id", "schedule_id", "source_volume_uuid", "subnet_id", "vm_id":
		return appendText(b, key, ids.shown(costd.Field(key), u))
	}
	panic("no such own field: " + key) // a test writes every field of every type
}

// sizeUnit returns the unit of a resource's last_size.
func sizeUnit(u *costd.ResourceUsage) string {
	s := shapes[u.Line.Type]
	if s.fixed || u.Attributes.SizeUnit == "" {
		return s.sizeUnit
	}
	return u.Attributes.SizeUnit
}

// lastSize returns the size as the integer that the contract wants.
func lastSize(u *costd.ResourceUsage) string {
	return costd.ShownSize(u.Line.Type, u.Attributes.SizeUnit, u.Size)
}

func wholeSize(size decimal.Decimal) string {
	return size.Rational().ScaledHalfEven(big.NewInt(1)).String()
}

// appendTags appends null, or a list of one-key objects ordered by key.
func appendTags(b []byte, tags map[string]string) []byte {
	if len(tags) == 0 {
		return append(b, "null"...)
	}
	for i, key := range sortedKeys(tags) {
		b = append(b, "[,"[min(i, 1)], '{')
		b = append(appendString(b, key), ':')
		b = append(appendString(b, tags[key]), '}')
	}
	return append(b, ']')
}

func sortedKeys(tags map[string]string) []string {
	keys := make([]string, 0, len(tags))
	for key := range tags {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}
