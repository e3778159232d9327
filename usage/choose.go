package usage

import (
	"slices"
	"strings"

	"costd.dev/costd"
	"costd.dev/costd/usage/driver"
)

// A choice is what a query selects of an aggregate, cell by cell: what its lists
// select, and what its Filter and Tags select of that. Nil means all.
type choice struct{ listed, selected []bool }

func (c *choice) lists(cell int32) bool   { return c.listed == nil || c.listed[cell] }
func (c *choice) selects(cell int32) bool { return c.selected == nil || c.selected[cell] }

// choose returns what the query, whose period is within the aggregate's, selects.
func (a *Aggregate) choose(q costd.Query) *choice {
	c := &choice{listed: a.listed(q)}
	c.selected = c.listed
	if !q.SelectsResources() {
		return c
	}
	last := a.lastOf(a.within(q.Period), c, len(a.owners), func(cell int32) int32 { return a.cells[cell].owner })
	c.selected = make([]bool, len(a.cells))
	matchesFilter, matchesTags := filterOf(q.Filter), tagsOf(q.Tags)
	for i := range a.cells {
		own, seen := &a.cells[i], last[a.cells[i].owner]
		if c.lists(int32(i)) && seen.cell >= 0 {
			state := a.cells[seen.cell].State
			c.selected[i] = matchesFilter(own.State, state) && matchesTags(state)
		}
	}
	return c
}

// listed returns which cells the lists of the query select.
func (a *Aggregate) listed(q costd.Query) []bool {
	if len(q.Regions) == 0 && len(q.Types) == 0 && len(q.Projects) == 0 {
		return nil
	}
	regions, types, projects := setOf(q.Regions), setOf(q.Types), setOf(q.Projects)
	listed := make([]bool, len(a.cells))
	for i := range a.cells {
		c := &a.cells[i]
		listed[i] = regions.has(c.RegionID) && types.has(c.Type) && projects.has(c.ProjectID)
	}
	return listed
}

// A set of no values has all.
type set[T comparable] map[T]struct{}

func setOf[T comparable](list []T) set[T] {
	s := make(set[T], len(list))
	for _, value := range list {
		s[value] = struct{}{}
	}
	return s
}

func (s set[T]) has(value T) bool {
	if len(s) == 0 {
		return true
	}
	_, has := s[value]
	return has
}

// A lastSeen is the cell of which the part seen last is; cell is -1 for none.
type lastSeen struct {
	cell int32
	*entry
}

// lastOf returns what was seen last, on the days and of the listed cells, of each
// of the groups that the cells are of.
func (a *Aggregate) lastOf(days []aggregateDay, c *choice, groups int, group func(cell int32) int32) []lastSeen {
	last := slices.Repeat([]lastSeen{{cell: -1}}, groups)
	for d := range days {
		entries := days[d].entries
		for i := range entries {
			e := &entries[i]
			cell := days[d].cell(e)
			if !c.lists(cell) {
				continue
			}
			l := &last[group(cell)]
			if l.cell < 0 || e.CompareWith(a.cells[cell].Metric, &l.Seen, a.cells[l.cell].Metric) > 0 {
				*l = lastSeen{cell, e}
			}
		}
	}
	return last
}

// filterOf returns what tells whether the filter selects usage of one state of a
// resource that has another one as last seen.
func filterOf(f *costd.Filter) func(own, last *driver.State) bool {
	if f == nil {
		return func(_, _ *driver.State) bool { return true }
	}
	info, _ := f.Type.Info()
	ofUsage := f.Field == costd.FieldType || f.Field == costd.FieldUUID || f.Field == info.RowDimension
	values := setOf(f.Values)
	return func(own, last *driver.State) bool {
		if own.Type != f.Type {
			return false
		}
		if ofUsage {
			last = own
		}
		value := last.Field(f.Field)
		if f.Field == costd.FieldLastSize {
			value = costd.ShownSize(last.Type, last.Attributes.SizeUnit, last.Size)
		}
		_, has := values[value]
		return has
	}
}

// tagsOf returns what tells whether the tags of a state fulfil enough conditions.
func tagsOf(f *costd.TagFilter) func(*driver.State) bool {
	if f == nil {
		return func(*driver.State) bool { return true }
	}
	conditions := slices.Clone(f.Conditions)
	for i := range conditions {
		if c := &conditions[i]; !c.Strict {
			c.Value = strings.ToLower(c.Value)
		}
	}
	return func(s *driver.State) bool {
		fulfilled := func(c costd.TagCondition) bool { return fulfils(s.Tags, c) }
		if f.All {
			return !slices.ContainsFunc(conditions, func(c costd.TagCondition) bool { return !fulfilled(c) })
		}
		return slices.ContainsFunc(conditions, fulfilled)
	}
}

// fulfils reports whether a tag fulfils the condition, whose value is in lower case
// unless it is strict.
func fulfils(tags map[string]string, c costd.TagCondition) bool {
	for key, value := range tags {
		if c.Key != "" && c.Key != key {
			continue
		}
		if c.Value == "" || c.Strict && value == c.Value || !c.Strict && strings.Contains(strings.ToLower(value), c.Value) {
			return true
		}
	}
	return false
}
