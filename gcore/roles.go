package gcore

import (
	"context"
	"slices"

	"costd.dev/costd"
	"costd.dev/costd/access"
)

// clientOnly allows the keys of a client. Operator and ingest keys have none, so
// there is no report they could mean, but for operators who name one.
func clientOnly(p access.Principal) error {
	switch p.Role {
	case costd.RoleAdministrator, costd.RoleProject:
		return nil
	}
	remedy := "use an administrator or project key of the client here"
	if p.Role == costd.RoleOperator {
		remedy = "name the client by the header " + access.ClientHeader + ", or " + remedy
	}
	return costd.Errorf(costd.Forbidden, "a key with the role %s belongs to no client and may call %s; %s", p.Role, access.Calls(p.Role), remedy)
}

// administratorOnly allows the keys that see all of their client.
func administratorOnly(p access.Principal) error {
	if p.Role == costd.RoleProject {
		return costd.Errorf(costd.Forbidden,
			"a key with the role %s sees single projects and may call %s; use an administrator key of the client here", p.Role, access.Calls(p.Role))
	}
	return clientOnly(p)
}

// allowedProjects returns the projects a report of the period covers for the bearer, of
// those asked for: nil for all of the client's. An administrator may ask for the
// projects of its client. A project key sees its own whether it asks or not, and may
// not ask for others. A project of another client is refused like one that does not
// exist, so that nobody learns which ids others have.
func (h *Handler) allowedProjects(ctx context.Context, p access.Principal, period costd.Period, asked []int64) ([]int64, error) {
	if p.Role != costd.RoleAdministrator {
		return ownProjects(p, asked)
	}
	unknown, found, err := h.Reports.UnknownProject(ctx, p.ClientID, period, asked)
	if err == nil && found {
		err = notYourProject(unknown)
	}
	return asked, err
}

// ownProjects narrows the projects asked for to those of a project key.
func ownProjects(p access.Principal, asked []int64) ([]int64, error) {
	if len(asked) == 0 {
		if len(p.Projects) == 0 { // an empty list would mean all
			return nil, costd.Errorf(costd.Forbidden, "this key has no projects")
		}
		return p.Projects, nil
	}
	for _, id := range asked {
		if !slices.Contains(p.Projects, id) {
			return nil, notYourProject(id)
		}
	}
	return asked, nil
}

func notYourProject(id int64) error {
	return costd.Errorf(costd.Forbidden, "this key may not see project %d; it is neither in GET /cloud/v1/projects nor in the usage of the period", id)
}
