package catalog

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"costd.dev/costd"
)

// readRemoval reads what a file wants removed.
func readRemoval(file *object) costd.Removal {
	node, ok := file.get(remove)
	if !ok {
		return costd.Removal{}
	}
	o := newObject(node, place{}, remove+".", file.m)
	defer o.done()
	return costd.Removal{
		Clients:     readKeys(o, clients, readID),
		Regions:     readKeys(o, regions, readID),
		Projects:    readKeys(o, projects, readID),
		Prices:      readKeys(o, prices, readPriceKey),
		Commitments: readKeys(o, commitments, func(v *object) string { return v.text("") }),
	}
}

// readKeys reads a list of keys. Read gets a mapping as it is, and a single value as the
// field "" of an object.
func readKeys[K any](o *object, name string, read func(*object) K) []K {
	node, ok := o.get(name)
	if !ok {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		o.mistake(name, "must be a list of keys")
		return nil
	}
	if len(node.Content) > o.m.limit {
		o.mistake(name, "has %d keys, more than %d; apply them in several files", len(node.Content), o.m.limit)
		return nil
	}
	var keys []K
	for i, child := range node.Content {
		if o.m.full() {
			break
		}
		at := place{list: remove + "." + name, index: i}
		if name == prices {
			keys = append(keys, read(newObject(child, at, "", o.m)))
		} else {
			v := &object{place: at, fields: map[string]*yaml.Node{"": child}, known: map[string]bool{}, m: o.m}
			keys = append(keys, read(v))
		}
	}
	return keys
}

func readID(v *object) int64 {
	v.require("") // null is no id
	return v.integer("")
}

func readPriceKey(o *object) costd.PriceKey {
	o.require("type", "metric", "currency", "effective_from")
	defer o.done()
	return costd.PriceKey{
		Type: costd.Type(o.text("type")), Metric: o.text("metric"), RegionID: o.integer("region_id"), ClientID: o.integer("client_id"),
		Currency: o.text("currency"), EffectiveFrom: o.day("effective_from"),
	}
}

// checkRemoval notes keys that no entry can have, and what goes and is set by the same file.
func (m *mistakes) checkRemoval(e costd.Entries, r costd.Removal) {
	set := func(list string, i int) {
		m.add(place{list: remove + "." + list, index: i}, "", "is also set under %s; keep one of them", list)
	}
	eachKnown(e, r, true, set)
	for list, ids := range map[string][]int64{clients: r.Clients, regions: r.Regions, projects: r.Projects} {
		for i, id := range ids {
			of := entry{m, place{list: remove + "." + list, index: i}}
			of.id("", id)
		}
	}
	for i, id := range r.Commitments {
		of := entry{m, place{list: remove + "." + commitments, index: i}}
		of.text("", id, maxID)
	}
	for i, p := range r.Prices {
		of := entry{m, place{list: remove + "." + prices, index: i}}
		of.kind(p.Type)
		of.text("metric", p.Metric, maxMetric)
		of.currency(p.Currency)
		of.idOrAll("region_id", p.RegionID)
		of.idOrAll("client_id", p.ClientID)
	}
}

// eachKnown calls found for each key of r that e has (or, if known is false, has not) with
// its list and its place there.
func eachKnown(e costd.Entries, r costd.Removal, known bool, found func(list string, i int)) {
	eachOf(clients, e.Clients, clientKey, r.Clients, known, found)
	eachOf(regions, e.Regions, regionKey, r.Regions, known, found)
	eachOf(projects, e.Projects, projectKey, r.Projects, known, found)
	eachOf(prices, e.Prices, (*costd.Price).Key, r.Prices, known, found)
	eachOf(commitments, e.Commitments, commitmentKey, r.Commitments, known, found)
}

func eachOf[T any, K comparable](name string, list []T, key func(*T) K, keys []K, known bool, found func(list string, i int)) {
	if len(keys) == 0 {
		return
	}
	have := index(list, key)
	for i, k := range keys {
		if (have[k] != nil) == known {
			found(name, i)
		}
	}
}

// checkGone notes what goes although other entries that stay refer to it.
func (m *mistakes) checkGone(current costd.Entries, f *File) {
	if len(f.Remove.Clients)+len(f.Remove.Regions) == 0 {
		return
	}
	after := current.With(current.Effect(f.Entries).With(current, f.Remove))
	ofClient, ofRegion := referrers(after)
	for i, id := range f.Remove.Clients {
		if by := ofClient[id]; by != "" {
			m.add(place{list: remove + "." + clients, index: i}, "", "is still the client of %s; remove that, too", by)
		}
	}
	for i, id := range f.Remove.Regions {
		if by := ofRegion[id]; by != "" {
			m.add(place{list: remove + "." + regions, index: i}, "", "is still the region of %s; remove that, too", by)
		}
	}
}

// referrers returns for each client and region an entry that refers to it.
func referrers(e costd.Entries) (ofClient, ofRegion map[int64]string) {
	ofClient, ofRegion = map[int64]string{}, map[int64]string{}
	for i := range e.Projects {
		ofClient[e.Projects[i].ClientID] = fmt.Sprintf("project %d", e.Projects[i].ID)
	}
	for i := range e.Prices {
		p := &e.Prices[i]
		if p.ClientID != 0 || p.RegionID != 0 {
			name := fmt.Sprintf("the price of %s from %s", p.Metric, p.EffectiveFrom)
			ofClient[p.ClientID], ofRegion[p.RegionID] = name, name
		}
	}
	for i := range e.Commitments {
		c := &e.Commitments[i]
		name := "commitment " + c.ID
		ofClient[c.ClientID], ofRegion[c.RegionID] = name, name
	}
	return ofClient, ofRegion
}

// WarnAbsent is the kind of a warning: there is nothing with the key of what goes.
const WarnAbsent costd.FindingKind = "remove_absent"

// warnOfAbsent adds to a what goes and was not there: it went before, or is misspelt.
func warnOfAbsent(a *costd.Applied, f *File, current costd.Entries) {
	m := &mistakes{root: f.root}
	eachKnown(current, f.Remove, false, func(list string, i int) {
		at := mistake{place: place{list: remove + "." + list, index: i}}
		addWarning(a, costd.EntryWarning{Kind: WarnAbsent, Entry: at.path(f.Entries), Message: "there is none; it went before, or its key is another" + m.line(at)})
	})
}
