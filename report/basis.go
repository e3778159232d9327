package report

import (
	"context"

	"costd.dev/costd"
)

// A Basis is what an answer was made from: the state of one client's usage in a
// period, and of what the catalog has for it. While it holds, the same question has
// the same answer.
type Basis struct {
	clientID int64
	period   costd.Period
	usage    int64 // the revision of the client's usage in the period
	catalog  int64 // the client's stamp
}

// Basis returns the basis of an answer that is about to be made.
func (s *Service) Basis(ctx context.Context, clientID int64, p costd.Period) (_ Basis, err error) {
	defer costd.Wrap(&err, "report.Basis")
	v, err := s.view(ctx)
	if err != nil {
		return Basis{}, err
	}
	return s.basis(ctx, v, clientID, p)
}

// basis returns the basis of an answer that is about to be made from the view.
func (s *Service) basis(ctx context.Context, v *view, clientID int64, p costd.Period) (Basis, error) {
	usage, err := s.Usage.Revision(ctx, clientID, p)
	return Basis{clientID: clientID, period: p, usage: usage, catalog: v.stamps[clientID]}, err
}

// Holds reports whether nothing has changed under an answer since its basis.
func (s *Service) Holds(ctx context.Context, b Basis) (bool, error) {
	now, err := s.Basis(ctx, b.clientID, b.period)
	return now == b, err
}
