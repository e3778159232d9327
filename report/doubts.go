package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"costd.dev/costd"
)

// ahead is how far in the future usage may start: as far as a sender is ahead that
// takes the local time of any place for UTC.
const ahead = 24 * time.Hour

var (
	usageKinds = []costd.FindingKind{
		costd.FindingDimension, costd.FindingRegion, costd.FindingProject, costd.FindingForeignProject, costd.FindingFuture,
	}
	commitmentKinds = []costd.FindingKind{
		costd.FindingCommitmentMetric, costd.FindingCommitmentDimension, costd.FindingCommitmentPrices,
		costd.FindingCommitmentPrice, costd.FindingCommitmentUnused,
	}
)

// checkUses yields a finding for what is most likely a mistake in usage: one for all of
// a client's records that have the same, with the first of their days.
func (s *Service) checkUses(ctx context.Context, store costd.Maintainer, found func(costd.Finding) error) error {
	v, err := s.view(ctx)
	if err != nil {
		return err
	}
	uses, err := store.Uses(ctx, s.now().Add(ahead))
	if err != nil {
		return err
	}
	all := doubts{}
	for i := range uses {
		all.look(v, &uses[i])
	}
	for _, f := range all.findings() {
		if err := found(f); err != nil {
			return err
		}
	}
	return nil
}

// doubts are findings without day and resource, and the first day and a resource of it.
type doubts map[costd.Finding]firstUse

type firstUse struct {
	day      costd.Day
	resource string
}

// look notes what is most likely a mistake in a use.
func (d doubts) look(v *view, u *costd.Use) {
	if info, _ := u.Line.Type.Info(); info.Dimension != "" && u.Line.Dimension == "" {
		d.note(costd.Finding{
			Kind: costd.FindingDimension, ClientID: u.ClientID, Type: u.Line.Type, RegionID: u.Line.RegionID, Metric: u.Line.Metric,
			Message: fmt.Sprintf("records lack the %s; reports show them on a line of its own, which no commitment covers", info.Dimension),
		}, u.First, u.ResourceID)
	}
	if _, known := v.names.regions[u.Line.RegionID]; !known {
		d.note(costd.Finding{
			Kind: costd.FindingRegion, ClientID: u.ClientID, RegionID: u.Line.RegionID,
			Message: fmt.Sprintf("the catalog has no region %d; add it, or correct the records", u.Line.RegionID),
		}, u.First, u.ResourceID)
	}
	d.lookAtProject(v, u)
	if u.Beyond != nil {
		d.note(costd.Finding{
			Kind: costd.FindingFuture, ClientID: u.ClientID, Type: u.Line.Type, RegionID: u.Line.RegionID, Metric: u.Line.Metric,
			Message: "records start more than a day in the future; check the clock of the sender",
		}, *u.Beyond, "")
	}
}

func (d doubts) lookAtProject(v *view, u *costd.Use) {
	f := costd.Finding{Kind: costd.FindingProject, ClientID: u.ClientID}
	switch owner, known := v.owners[u.ProjectID]; {
	case !known:
		f.Message = fmt.Sprintf("the catalog has no project %d; add it, or correct the records", u.ProjectID)
	case owner != u.ClientID:
		f.Kind = costd.FindingForeignProject
		f.Message = fmt.Sprintf("project %d is that of client %d, and client %d pays for its records; correct one of them", u.ProjectID, owner, u.ClientID)
	default:
		return
	}
	d.note(f, u.First, u.ResourceID)
}

func (d doubts) note(f costd.Finding, day costd.Day, resource string) {
	if first, noted := d[f]; !noted || day < first.day {
		d[f] = firstUse{day, resource}
	}
}

// findings returns all, ordered by kind, client and day.
func (d doubts) findings() []costd.Finding {
	all := make([]costd.Finding, 0, len(d))
	for f, first := range d {
		f.Day, f.ResourceID = first.day, first.resource
		all = append(all, f)
	}
	slices.SortFunc(all, func(f, g costd.Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(usageKinds, f.Kind), slices.Index(usageKinds, g.Kind)), cmp.Compare(f.ClientID, g.ClientID),
			cmp.Compare(f.Day, g.Day), cmp.Compare(f.RegionID, g.RegionID), cmp.Compare(f.Type, g.Type), cmp.Compare(f.Metric, g.Metric),
			cmp.Compare(f.Message, g.Message))
	})
	return all
}

// checkCommitments yields a finding for what is most likely a mistake in a commitment.
func (s *Service) checkCommitments(ctx context.Context, store costd.Maintainer, found func(costd.Finding) error) error {
	v, err := s.view(ctx)
	if err != nil {
		return err
	}
	commitments := v.entries.Commitments
	used, err := store.Used(ctx, costd.MetricsOf(commitments))
	if err != nil {
		return err
	}
	usedBy, err := store.UsedBy(ctx, commitments)
	if err != nil {
		return err
	}
	familiar := costd.NewFamiliar(used, v.entries.Prices)
	for i := range commitments {
		c := &commitments[i]
		doubts := familiar.Doubts(c)
		if !usedBy[i] && c.LongActive(s.Today()) && !costd.CoverNothing(doubts) {
			doubts = append(doubts, c.Unused())
		}
		for _, doubt := range doubts {
			err := found(costd.Finding{
				Kind: doubt.Kind, ClientID: c.ClientID, Day: c.ActiveFrom, Type: c.Type, RegionID: c.RegionID, Metric: c.Metric,
				Message: fmt.Sprintf("commitment %s: %s: %s", c.ID, doubt.Field, doubt.Message),
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// checkHidden yields a finding for each price that never holds.
func (s *Service) checkHidden(ctx context.Context, found func(costd.Finding) error) error {
	v, err := s.view(ctx)
	if err != nil {
		return err
	}
	shade := costd.NewShade(v.entries)
	for i := range v.entries.Prices {
		p := &v.entries.Prices[i]
		doubt, hidden := shade.Doubt(p)
		if !hidden {
			continue
		}
		err := found(costd.Finding{
			Kind: doubt.Kind, ClientID: p.ClientID, Day: p.EffectiveFrom, Type: p.Type, RegionID: p.RegionID, Metric: p.Metric, Message: doubt.Message,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
