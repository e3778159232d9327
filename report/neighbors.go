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

// UnknownProject returns the first of the projects that is not the client's, and false
// if all are: those that the catalog lists for the client, and those that its usage of
// the period names. It does not tell a project of another client from one that does not
// exist. Each id that the catalog does not list costs a read, up to the first unknown.
func (s *Service) UnknownProject(ctx context.Context, clientID int64, p costd.Period, ids []int64) (id int64, found bool, err error) {
	defer costd.Wrap(&err, "report.UnknownProject")
	v, err := s.view(ctx)
	if err != nil {
		return 0, false, err
	}
	for _, id := range ids {
		if owner, ok := v.owners[id]; ok && owner == clientID {
			continue
		}
		lines, err := s.Usage.Lines(ctx, costd.Query{ClientID: clientID, Period: p, Projects: []int64{id}})
		if err != nil || len(lines) == 0 {
			return id, err == nil, err
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
