package report

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"costd.dev/costd"
)

// Checked counts what a check looked at and found.
type Checked struct {
	costd.Audited
	Months   int64 `json:"months"` // of all clients, looked through for prices
	Findings int64 `json:"findings"`
}

// Check looks through everything stored for the kinds of findings listed, all if
// none are, and yields each finding. An error of yield ends it and is returned.
func (s *Service) Check(ctx context.Context, store costd.Maintainer, kinds []costd.FindingKind, yield func(costd.Finding) error) (c Checked, err error) {
	defer costd.Wrap(&err, "report.Check")
	wanted := func(kind costd.FindingKind) bool { return len(kinds) == 0 || slices.Contains(kinds, kind) }
	found := func(f costd.Finding) error {
		if !wanted(f.Kind) {
			return nil
		}
		c.Findings++
		return yield(f)
	}
	if wanted(costd.FindingRollup) || wanted(costd.FindingOverlap) {
		if c.Audited, err = store.Audit(ctx, found); err != nil {
			return c, err
		}
	}
	if wanted(costd.FindingPrice) {
		if c.Months, err = s.checkPrices(ctx, store, found); err != nil {
			return c, err
		}
	}
	if slices.ContainsFunc(usageKinds, wanted) {
		if err = s.checkUses(ctx, store, found); err != nil {
			return c, err
		}
	}
	if slices.ContainsFunc(commitmentKinds, wanted) {
		if err = s.checkCommitments(ctx, store, found); err != nil {
			return c, err
		}
	}
	if wanted(costd.FindingPriceHidden) {
		err = s.checkHidden(ctx, found)
	}
	return c, err
}

// checkPrices yields a finding for every line of a client's month that has usage
// without a price, and for every client that the catalog does not know.
func (s *Service) checkPrices(ctx context.Context, store costd.Maintainer, found func(costd.Finding) error) (int64, error) {
	months, err := store.Months(ctx)
	if err != nil {
		return 0, err
	}
	v, err := s.view(ctx)
	if err != nil {
		return 0, err
	}
	strangers := false
	for _, m := range months {
		if _, known := v.book.Client(m.ClientID); !known {
			strangers = true
		} else if err := s.checkMonth(ctx, v, m, found); err != nil {
			return 0, err
		}
	}
	if strangers {
		err = s.checkStrangers(ctx, v, store, found)
	}
	return int64(len(months)), err
}

// checkStrangers yields a finding for every client that has usage and that the catalog
// lacks, in one look at the usage of all: a sender that makes up client ids makes up many.
// The months of a store are no help, as all usage of them may have been deleted.
func (s *Service) checkStrangers(ctx context.Context, v *view, store costd.Maintainer, found func(costd.Finding) error) error {
	uses, err := store.Uses(ctx, s.now().Add(ahead))
	if err != nil {
		return err
	}
	first := map[int64]costd.Day{}
	for i := range uses {
		u := &uses[i]
		if _, known := v.book.Client(u.ClientID); known {
			continue
		}
		if day, seen := first[u.ClientID]; !seen || u.First < day {
			first[u.ClientID] = u.First
		}
	}
	for _, client := range slices.Sorted(maps.Keys(first)) {
		err := found(costd.Finding{
			Kind: costd.FindingPrice, ClientID: client, Day: costd.MonthOf(first[client]).Period().From,
			Message: fmt.Sprintf("the catalog has no client %d; add it, or nobody can see its usage", client),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) checkMonth(ctx context.Context, v *view, m costd.ClientMonth, found func(costd.Finding) error) error {
	lines, err := s.Usage.Lines(ctx, costd.Query{ClientID: m.ClientID, Period: m.Month.Period()})
	if err != nil {
		return err
	}
	for _, line := range lines {
		c := v.book.PayAsYouGo(m.ClientID, line)
		if c.Err == "" {
			continue
		}
		err := found(costd.Finding{
			Kind: costd.FindingPrice, ClientID: m.ClientID, Day: line.Days[0].Day, Type: line.Line.Type,
			RegionID: line.Line.RegionID, Metric: line.Line.Metric, Message: c.Err,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
