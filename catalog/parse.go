package catalog

import (
	"go.yaml.in/yaml/v3"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
)

// The lists of a catalog file, in the order in which they refer to each other.
const (
	clients     = "clients"
	regions     = "regions"
	projects    = "projects"
	prices      = "prices"
	commitments = "commitments"
)

var listNames = []string{clients, regions, projects, prices, commitments}

// remove is the field of a catalog file that names what goes.
const remove = "remove"

// Parse reads a catalog file, YAML or JSON, fills in what it leaves out, and
// checks all that can be checked without knowing what is in the catalog already.
// Its Invalid error names every mistake, of YAML with its line; a larger file than MaxFileSize is TooLarge.
//
// Left out, show_prices is true, a commitment's unit_size_month 744, and its unit
// an hour ("H" of 60) for types metered in minutes or gbminutes and else the
// type's own unit.
func Parse(data []byte) (costd.Entries, error) {
	f, err := Read(data)
	if err != nil {
		return costd.Entries{}, err
	}
	return f.Entries, nil
}

// A File is what a catalog file says, and where it says so.
type File struct {
	Entries costd.Entries
	Remove  costd.Removal // what is to go
	// Prune says that everything is to go that the catalog has and Entries does not.
	Prune bool
	root  *yaml.Node // nil for entries that come from no file
}

// Read is Parse for a file whose lines are still to be named by Service.ApplyFile.
func Read(data []byte) (_ *File, err error) {
	defer costd.Wrap(&err, "catalog.Read")
	if err := checkSize(data); err != nil {
		return nil, err
	}
	return read(data, MaxEntries)
}

// read reads a file of any size, of whose lists none may have more entries than limit.
func read(data []byte, limit int) (*File, error) {
	root, err := parseTree(data)
	if err != nil {
		return nil, err
	}
	m := &mistakes{root: root, limit: limit}
	file := newObject(root, place{}, "", m)
	entries := costd.Entries{
		Clients:     readList(file, clients, readClient),
		Regions:     readList(file, regions, readRegion),
		Projects:    readList(file, projects, readProject),
		Prices:      readList(file, prices, readPrice),
		Commitments: readList(file, commitments, readCommitment),
	}
	removal := readRemoval(file)
	file.done()
	m.checkEntries(entries)
	m.checkRemoval(entries, removal)
	if err := m.err(entries); err != nil {
		return nil, err
	}
	return &File{Entries: entries, Remove: removal, root: root}, nil
}

func readList[T any](file *object, name string, read func(*object) T) []T {
	node, ok := file.get(name)
	if !ok {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		file.mistake(name, "must be a list")
		return nil
	}
	if len(node.Content) > file.m.limit {
		file.mistake(name, "has %d entries, more than %d; apply them in several files", len(node.Content), file.m.limit)
		return nil
	}
	list := make([]T, len(node.Content))
	for i, child := range node.Content {
		if file.m.full() {
			break
		}
		entry := newObject(child, place{list: name, index: i}, "", file.m)
		if len(entry.fields) > 0 || child.Kind == yaml.MappingNode {
			list[i] = read(entry)
			entry.done()
		}
	}
	return list
}

func readClient(o *object) costd.Client {
	o.require("id", "name", "currency")
	return costd.Client{
		ID:         o.integer("id"),
		Name:       o.text("name"),
		Currency:   o.text("currency"),
		ShowPrices: o.flag("show_prices", true),
	}
}

func readRegion(o *object) costd.Region {
	o.require("id", "name")
	return costd.Region{ID: o.integer("id"), Name: o.text("name"), Country: o.text("country")}
}

func readProject(o *object) costd.Project {
	o.require("id", "client_id", "name")
	return costd.Project{ID: o.integer("id"), ClientID: o.integer("client_id"), Name: o.text("name")}
}

func readPrice(o *object) costd.Price {
	o.require("type", "metric", "currency", "unit", "unit_size", "unit_price", "effective_from")
	return costd.Price{
		Type:          costd.Type(o.text("type")),
		Metric:        o.text("metric"),
		RegionID:      o.integer("region_id"),
		ClientID:      o.integer("client_id"),
		Currency:      o.text("currency"),
		Feature:       o.text("feature"),
		Unit:          o.text("unit"),
		UnitSize:      o.decimal("unit_size"),
		UnitPrice:     o.decimal("unit_price"),
		EffectiveFrom: o.day("effective_from"),
	}
}

func readCommitment(o *object) costd.Commitment {
	o.require("id", "client_id", "type", "metric", "region_id", "count", "unit_price", "active_from")
	t := costd.Type(o.text("type"))
	unit, unitSize := defaultUnit(t)
	return costd.Commitment{
		ID:                  o.text("id"),
		ClientID:            o.integer("client_id"),
		Type:                t,
		Metric:              o.text("metric"),
		RegionID:            o.integer("region_id"),
		Dimension:           o.text("dimension"),
		Count:               o.integer("count"),
		Unit:                o.textOr("unit", unit),
		UnitSize:            o.decimalOr("unit_size", unitSize),
		UnitSizeMonth:       o.decimalOr("unit_size_month", decimal.FromInt(744)), // the hours of a month of 31 days
		UnitPrice:           o.decimal("unit_price"),
		PricePerMonth:       o.optionalDecimal("price_per_month"),
		OvercommitUnitPrice: o.optionalDecimal("overcommit_unit_price"),
		Feature:             o.text("feature"),
		ActiveFrom:          o.day("active_from"),
		ActiveTo:            o.optionalDay("active_to"),
		HardwareInfo:        readHardware(o),
	}
}

func readHardware(o *object) *costd.HardwareInfo {
	node, ok := o.get("hardware_info")
	if !ok {
		return nil
	}
	hardware := newObject(node, o.place, "hardware_info.", o.m)
	defer hardware.done()
	return &costd.HardwareInfo{CPU: hardware.text("cpu"), RAM: hardware.text("ram"), Disk: hardware.text("disk")}
}

// defaultUnit returns the unit that commitments of the type count in, and how
// many metered units it is.
func defaultUnit(t costd.Type) (string, decimal.Decimal) {
	info, _ := t.Info()
	switch info.Unit {
	case "minutes", "gbminutes", "": // "": no such type, which is mistake enough
		return "H", decimal.FromInt(60)
	}
	return info.Unit, decimal.FromInt(1)
}
