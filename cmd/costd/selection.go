package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"costd.dev/costd"
	"costd.dev/costd/client"
)

// A selection is the flags that narrow a report.
type selection struct {
	regions, projects []string // ids or names
	types             []string
	tags              []string
	anyTag            bool
	filters           []string
}

func (s *selection) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&s.regions, "region", nil, "only this region, by id or name; may be repeated")
	cmd.Flags().StringSliceVar(&s.types, "type", nil, "only this type of resource, such as ai_cluster; may be repeated")
	cmd.Flags().StringArrayVar(&s.tags, "tag", nil, "only resources with this tag, as key=value, or key~part of value; repeated, with all of them")
	cmd.Flags().BoolVar(&s.anyTag, "any-tag", false, "with one of the tags, not all of them")
	cmd.Flags().StringArrayVar(&s.filters, "filter", nil, "only resources of this kind, as type.field=value, such as volume.last_name=data; repeated, any of the values")
}

// addProjectFlag is for the reports that know projects.
func (s *selection) addProjectFlag(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&s.projects, "project", nil, "only this project, by id or name; may be repeated")
}

// A filter is what the flags of a selection mean to the API.
type filter struct {
	types  []costd.Type
	tags   *client.TagFilter
	schema *client.SchemaFilter
}

func (s *selection) filter() (f filter, err error) {
	if err := checkWords("type", s.types, typeNames()); err != nil {
		return f, err
	}
	for _, t := range s.types {
		f.types = append(f.types, costd.Type(t))
	}
	if f.tags, err = parseTags(s.tags, s.anyTag); err != nil {
		return f, err
	}
	f.schema, err = parseFilters(s.filters)
	return f, err
}

// places returns the ids of the regions and projects of the flags.
func (s *selection) places(ctx context.Context, c *client.Client) (regions, projects []int64, err error) {
	if regions, err = regionIDs(ctx, c, s.regions); err != nil {
		return nil, nil, err
	}
	projects, err = projectIDs(ctx, c, s.projects)
	return regions, projects, err
}

// typeNames returns the names of the types of resources.
func typeNames() (names []string) {
	for _, info := range costd.Types {
		names = append(names, string(info.Type))
	}
	return names
}

// parseTags makes a filter of texts like "key=value" and "key~part".
func parseTags(texts []string, anyOf bool) (*client.TagFilter, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	filter := &client.TagFilter{ConditionType: client.MatchAll}
	if anyOf {
		filter.ConditionType = client.MatchAny
	}
	for _, text := range texts {
		i := strings.IndexAny(text, "=~")
		if i <= 0 {
			return nil, errors.New("--tag: write it as key=value, or key~part of the value")
		}
		condition := client.TagCondition{Key: text[:i], Value: text[i+1:]}
		if text[i] == '~' {
			condition.Strict = new(false)
		}
		filter.Conditions = append(filter.Conditions, condition)
	}
	return filter, nil
}

// parseFilters makes a filter of texts like "volume.last_name=data", which are all
// about one field.
func parseFilters(texts []string) (*client.SchemaFilter, error) {
	var fields, values []string
	for _, text := range texts {
		field, value, ok := strings.Cut(text, "=")
		if !ok || !strings.Contains(field, ".") {
			return nil, errors.New("--filter: write it as type.field=value, such as volume.last_name=data")
		}
		fields, values = append(fields, field), append(values, value)
	}
	if len(fields) == 0 {
		return nil, nil
	}
	if slices.ContainsFunc(fields, func(f string) bool { return f != fields[0] }) {
		return nil, fmt.Errorf("--filter: can be about one field, not both %s and others", fields[0])
	}
	return client.FilterField(fields[0]).In(values...), nil
}

// A span is the flags that say which days a report covers.
type span struct {
	month, from, to string
	lastDay         bool
}

func (s *span) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.month, "month", "", "a whole month such as 2026-10 (default the current one)")
	cmd.Flags().StringVar(&s.from, "from", "", "first day, such as 2026-10-01")
	cmd.Flags().StringVar(&s.to, "to", "", "day to end before, such as 2026-11-01 (default tomorrow)")
	cmd.Flags().BoolVar(&s.lastDay, "last-day", false, "count the day of --to, too")
	cmd.MarkFlagsMutuallyExclusive("month", "from")
	cmd.MarkFlagsMutuallyExclusive("month", "to")
}

// given reports whether any of the flags is.
func (s *span) given() bool { return s.month+s.from+s.to != "" }

// period returns the days that the flags mean.
func (s *span) period(now time.Time) (costd.Period, error) {
	today := costd.DayOf(now)
	if s.from == "" {
		if s.to != "" || s.lastDay {
			return costd.Period{}, errors.New("--to and --last-day need --from")
		}
		month, err := parseMonth(s.month, today)
		return month.Period(), err
	}
	p := costd.Period{To: today + 1}
	var err error
	if p.From, err = costd.ParseDay(s.from); err != nil {
		return p, fmt.Errorf("--from: %w", err)
	}
	if s.to == "" {
		return p, nil
	}
	if p.To, err = costd.ParseDay(s.to); err != nil {
		return p, fmt.Errorf("--to: %w", err)
	}
	if s.lastDay {
		p.To++
	}
	return p, nil
}

// parseMonth returns the month that the flag names, else that of today.
func parseMonth(s string, today costd.Day) (costd.Month, error) {
	if s == "" {
		return costd.MonthOf(today), nil
	}
	month, err := costd.ParseMonth(s)
	if err != nil {
		return 0, fmt.Errorf("--month: %w", err)
	}
	return month, nil
}

// title names the days of a period for people: a month, or the first and last day.
func title(p costd.Period) string {
	month := costd.MonthOf(p.From)
	switch {
	case p == month.Period():
		return p.From.Time().Format("January 2006")
	case p.Days() == 1:
		return p.From.String()
	case p.Days() <= 0:
		return fmt.Sprintf("%s to %s", p.From, p.To)
	}
	return fmt.Sprintf("%s to %s", p.From, p.To-1)
}
