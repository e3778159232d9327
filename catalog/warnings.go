package catalog

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"time"

	"costd.dev/costd"
)

// maxWarnings bounds the warnings of an answer, as maxMistakes does its mistakes.
const maxWarnings = maxMistakes

// used returns the lines of usage that have the metrics of the change's commitments. It
// is asked before anything is changed: what fails then can be tried again.
func (s *Service) used(ctx context.Context, change costd.Entries) ([]costd.Line, error) {
	if s.Usage == nil || len(change.Commitments) == 0 {
		return nil, nil
	}
	return s.Usage.Used(ctx, costd.MetricsOf(change.Commitments))
}

// warn adds to a what is most likely a mistake in the commitments of the file.
func (s *Service) warn(a *costd.Applied, f *File, used []costd.Line, unused map[int]bool, current []costd.Price) {
	var familiar *costd.Familiar
	if s.Usage != nil && len(f.Entries.Commitments) > 0 {
		familiar = costd.NewFamiliar(used, current, f.Entries.Prices)
	}
	m := &mistakes{root: f.root}
	for i := range f.Entries.Commitments {
		c := &f.Entries.Commitments[i]
		doubts := familiar.Doubts(c)
		if unused[i] && !costd.CoverNothing(doubts) {
			doubts = append(doubts, c.Unused())
		}
		for _, doubt := range doubts {
			at := mistake{place: place{list: commitments, index: i}, field: doubt.Field}
			addWarning(a, costd.EntryWarning{Kind: doubt.Kind, Entry: at.path(f.Entries), Message: doubt.Message + m.line(at)})
		}
	}
}

// warnOfHidden adds to a the prices of the file that never hold in the catalog after it.
func warnOfHidden(a *costd.Applied, f *File, before costd.Entries, changes costd.Changes) {
	if len(f.Entries.Prices) == 0 {
		return
	}
	before.Prices = related(before.Prices, f.Entries.Prices) // of many, mostly few
	shade, m := costd.NewShade(before.With(changes)), &mistakes{root: f.root}
	for i := range f.Entries.Prices {
		if doubt, hidden := shade.Doubt(&f.Entries.Prices[i]); hidden {
			at := mistake{place: place{list: prices, index: i}, field: doubt.Field}
			addWarning(a, costd.EntryWarning{Kind: doubt.Kind, Entry: at.path(f.Entries), Message: doubt.Message + m.line(at)})
		}
	}
}

// related returns the prices of an ordered list that are for the same types and metrics
// as some others, in their order.
func related(list, others []costd.Price) (found []costd.Price) {
	type group struct {
		costd.Type
		metric string
	}
	compare := func(a, b group) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.metric, b.metric)) }
	groups := make([]group, len(others))
	for i := range others {
		groups[i] = group{others[i].Type, others[i].Metric}
	}
	slices.SortFunc(groups, compare)
	for _, g := range slices.Compact(groups) {
		from := sort.Search(len(list), func(i int) bool { return compare(group{list[i].Type, list[i].Metric}, g) >= 0 })
		for i := from; i < len(list) && list[i].Type == g.Type && list[i].Metric == g.metric; i++ {
			found = append(found, list[i])
		}
	}
	return found
}

// unused returns which commitments of the file should have had usage and had none.
func (s *Service) unused(ctx context.Context, change costd.Entries) (map[int]bool, error) {
	var long []costd.Commitment
	var at []int
	for i := range change.Commitments {
		if c := &change.Commitments[i]; c.LongActive(s.today()) {
			long, at = append(long, *c), append(at, i)
		}
	}
	if s.Usage == nil || len(long) == 0 {
		return nil, nil
	}
	used, err := s.Usage.UsedBy(ctx, long)
	unused := map[int]bool{}
	for i := range used {
		unused[at[i]] = !used[i]
	}
	return unused, err
}

func (s *Service) today() costd.Day {
	if s.Now == nil {
		return costd.DayOf(time.Now().UTC())
	}
	return costd.DayOf(s.Now().UTC())
}

// addWarning adds a warning, or counts it if there are enough.
func addWarning(a *costd.Applied, w costd.EntryWarning) {
	if len(a.Warnings) == maxWarnings {
		a.MoreWarnings++
		return
	}
	a.Warnings = append(a.Warnings, w)
}
