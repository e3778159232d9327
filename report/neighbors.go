package report

import (
	"context"
	"slices"

	"costd.dev/costd"
)

// Client returns the client, or NotFound.
func (s *Service) Client(ctx context.Context, id int64) (_ costd.Client, err error) {
	defer costd.Wrap(&err, "report.Client")
	_, client, err := s.client(ctx, id)
	return client, err
}

// Projects returns the projects of the client, ordered by id: all of them, or
// those whose ids are listed.
func (s *Service) Projects(ctx context.Context, clientID int64, only []int64) (_ []costd.Project, err error) {
	defer costd.Wrap(&err, "report.Projects")
	v, _, err := s.client(ctx, clientID)
	if err != nil {
		return nil, err
	}
	projects := []costd.Project{}
	for _, p := range v.entries.Projects {
		if p.ClientID == clientID && (only == nil || slices.Contains(only, p.ID)) {
			projects = append(projects, p)
		}
	}
	return projects, nil
}

// ForeignProject returns the first of the projects that belongs to another client,
// and false if none does. Usage may name projects that the catalog does not list;
// they belong to whoever used them.
func (s *Service) ForeignProject(ctx context.Context, clientID int64, ids []int64) (id int64, found bool, err error) {
	defer costd.Wrap(&err, "report.ForeignProject")
	v, err := s.view(ctx)
	if err != nil {
		return 0, false, err
	}
	for _, id := range ids {
		if owner, ok := v.owners[id]; ok && owner != clientID {
			return id, true, nil
		}
	}
	return 0, false, nil
}

// Regions returns all regions, ordered by id.
func (s *Service) Regions(ctx context.Context) (_ []costd.Region, err error) {
	defer costd.Wrap(&err, "report.Regions")
	v, err := s.view(ctx)
	if err != nil {
		return nil, err
	}
	return v.entries.Regions, nil
}
