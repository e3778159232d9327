package catalog

import (
	"context"

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
func (s *Service) warn(a *costd.Applied, f *File, used []costd.Line, current []costd.Price) {
	var familiar *costd.Familiar
	if s.Usage != nil && len(f.Entries.Commitments) > 0 {
		familiar = costd.NewFamiliar(used, current, f.Entries.Prices)
	}
	m := &mistakes{root: f.root}
	for i := range f.Entries.Commitments {
		for _, doubt := range familiar.Doubts(&f.Entries.Commitments[i]) {
			at := mistake{place: place{list: commitments, index: i}, field: doubt.Field}
			addWarning(a, costd.EntryWarning{Kind: doubt.Kind, Entry: at.path(f.Entries), Message: doubt.Message + m.line(at)})
		}
	}
}

// addWarning adds a warning, or counts it if there are enough.
func addWarning(a *costd.Applied, w costd.EntryWarning) {
	if len(a.Warnings) == maxWarnings {
		a.MoreWarnings++
		return
	}
	a.Warnings = append(a.Warnings, w)
}
