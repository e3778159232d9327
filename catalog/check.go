package catalog

import (
	"strings"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/internal/text"
)

// Limits on the fields of entries, in bytes and digits. Texts are as long as
// usage records may have them (package ingest), or as a report's reader may want.
const (
	maxName    = 256
	maxMetric  = 256
	maxFeature = 512
	maxID      = 128
	maxUnit    = 32

	maxIntegerDigits  = 20
	maxFractionDigits = 18

	// maxCount bounds the pieces of a commitment; it is beyond any data center.
	maxCount = 1_000_000_000
)

// checkEntries notes what is wrong with the entries by themselves.
func (m *mistakes) checkEntries(e costd.Entries) {
	checkList(m, clients, e.Clients, clientKey, checkClient)
	checkList(m, regions, e.Regions, regionKey, checkRegion)
	checkList(m, projects, e.Projects, projectKey, checkProject)
	checkList(m, prices, e.Prices, priceKey, checkPrice)
	checkList(m, commitments, e.Commitments, commitmentKey, checkCommitment)
}

func checkList[T any, K comparable](m *mistakes, name string, list []T, key func(*T) K, check func(*entry, *T)) {
	first := make(map[K]int, len(list))
	var unread K // the key of an entry without one, which is mistake enough
	for i := range list {
		if m.full() {
			return
		}
		e := &entry{m: m, place: place{list: name, index: i}}
		check(e, &list[i])
		k := key(&list[i])
		if j, twice := first[k]; twice && k != unread {
			e.mistake("", "has the key of %s[%d]; keep one of them", name, j)
			continue
		}
		first[k] = i
	}
}

func checkClient(e *entry, c *costd.Client) {
	e.id("id", c.ID)
	e.text("name", c.Name, maxName)
	e.currency(c.Currency)
}

func checkRegion(e *entry, r *costd.Region) {
	e.id("id", r.ID)
	e.text("name", r.Name, maxName)
	e.country("country", r.Country)
}

func checkProject(e *entry, p *costd.Project) {
	e.id("id", p.ID)
	e.id("client_id", p.ClientID)
	e.text("name", p.Name, maxName)
}

func checkPrice(e *entry, p *costd.Price) {
	e.kind(p.Type)
	e.text("metric", p.Metric, maxMetric)
	e.idOrAll("region_id", p.RegionID)
	e.idOrAll("client_id", p.ClientID)
	e.currency(p.Currency)
	e.feature(p.Feature, p.Type)
	e.text("unit", p.Unit, maxUnit)
	e.positive("unit_size", p.UnitSize)
	e.price("unit_price", p.UnitPrice)
}

func checkCommitment(e *entry, c *costd.Commitment) {
	e.text("id", c.ID, maxID)
	e.id("client_id", c.ClientID)
	e.kind(c.Type)
	e.text("metric", c.Metric, maxMetric)
	e.id("region_id", c.RegionID)
	e.dimension(c)
	if c.Count <= 0 || c.Count > maxCount {
		e.mistake("count", "must be from 1 to %d", maxCount)
	}
	e.text("unit", c.Unit, maxUnit)
	e.positive("unit_size", c.UnitSize)
	e.positive("unit_size_month", c.UnitSizeMonth)
	e.price("unit_price", c.UnitPrice)
	e.optionalPrice("price_per_month", c.PricePerMonth)
	e.optionalPrice("overcommit_unit_price", c.OvercommitUnitPrice)
	e.feature(c.Feature, c.Type)
	if c.ActiveTo != nil && *c.ActiveTo <= c.ActiveFrom {
		e.mistake("active_to", "must be after active_from %s; the day itself does not count", c.ActiveFrom)
	}
	if h := c.HardwareInfo; h != nil {
		e.optionalText("hardware_info.cpu", h.CPU, maxName)
		e.optionalText("hardware_info.ram", h.RAM, maxName)
		e.optionalText("hardware_info.disk", h.Disk, maxName)
	}
}

// An entry is what is being checked, for the checks of its fields.
type entry struct {
	m     *mistakes
	place place
}

func (e *entry) mistake(field, format string, args ...any) {
	e.m.add(e.place, field, format, args...)
}

func (e *entry) id(field string, id int64) {
	if id <= 0 {
		e.mistake(field, "must be a whole number above 0")
	}
}

func (e *entry) idOrAll(field string, id int64) {
	if id < 0 {
		e.mistake(field, "must be a whole number above 0; leave it out to mean all")
	}
}

func (e *entry) text(field, s string, limit int) {
	if s == "" {
		e.mistake(field, "is required")
		return
	}
	e.optionalText(field, s, limit)
}

func (e *entry) optionalText(field, s string, limit int) {
	if err := text.Check(s, limit); err != nil {
		e.mistake(field, "%v", err)
	} else if strings.TrimSpace(s) != s {
		e.mistake(field, "begins or ends with a space; remove it")
	}
}

func (e *entry) country(field, s string) {
	if s != "" && (len(s) != 2 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		e.mistake(field, "must be two capital letters of ISO 3166 such as LU, or left out")
	}
}

func (e *entry) currency(s string) {
	if len(s) != 3 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		e.mistake("currency", "must be three capital letters such as EUR")
	}
}

func (e *entry) kind(t costd.Type) {
	if _, ok := t.Info(); !ok {
		e.mistake("type", "%.32q is no type; %s", t, orMeant(string(t), typeNames(), "the types are "+strings.Join(typeNames(), ", ")))
	}
}

func typeNames() []string {
	names := make([]string, len(costd.Types))
	for i, info := range costd.Types {
		names[i] = string(info.Type)
	}
	return names
}

func (e *entry) dimension(c *costd.Commitment) {
	info, known := c.Type.Info()
	switch {
	case known && info.Dimension == "" && c.Dimension != "":
		e.mistake("dimension", "is not for %s, which has none; leave it out", c.Type)
	case info.Dimension != "" && c.Dimension == "":
		e.mistake("dimension", "required for %s; name the %s", c.Type, info.Dimension)
	default:
		e.optionalText("dimension", c.Dimension, maxName)
	}
}

var fillable = strings.NewReplacer("{region}", "", "{dimension}", "")

// feature checks the name of what is paid for: that nothing stands in braces but what
// can be filled in for usage of the type.
func (e *entry) feature(s string, t costd.Type) {
	e.optionalText("feature", s, maxFeature)
	if strings.ContainsAny(fillable.Replace(s), "{}") {
		e.mistake("feature", "has braces around something else than {region} and {dimension}, which is all that can be filled in")
	}
	if info, known := t.Info(); known && info.Dimension == "" && strings.Contains(s, "{dimension}") {
		e.mistake("feature", "has {dimension}, but %s has none; leave it out", t)
	}
}

func (e *entry) positive(field string, d decimal.Decimal) {
	if d.Sign() <= 0 {
		e.mistake(field, "must be above 0")
	}
	e.digits(field, d)
}

func (e *entry) price(field string, d decimal.Decimal) {
	if d.Sign() < 0 {
		e.mistake(field, "must not be negative")
	}
	e.digits(field, d)
}

func (e *entry) optionalPrice(field string, d *decimal.Decimal) {
	if d != nil {
		e.price(field, *d)
	}
}

func (e *entry) digits(field string, d decimal.Decimal) {
	if integer, fraction := d.Digits(); integer > maxIntegerDigits || fraction > maxFractionDigits {
		e.mistake(field, "has too many digits; at most %d before the point and %d after it are kept", maxIntegerDigits, maxFractionDigits)
	}
}
