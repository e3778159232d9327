package access_test

import (
	"errors"
	"strings"
	"testing"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/catalog"
)

// A key has at most a thousand projects, also if the catalog has more of them.
func TestProjectsOfAKeyAreBounded(t *testing.T) {
	service := newService(t)
	entries, ids := costd.Entries{}, []int64(nil)
	for id := int64(10_000); id <= 11_000; id++ {
		entries.Projects = append(entries.Projects, costd.Project{ID: id, ClientID: 1001, Name: "many"})
		ids = append(ids, id)
	}
	if _, err := (&catalog.Service{Store: service.Catalog}).Apply(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	key, _, err := service.Create(t.Context(), costd.RoleProject, 1001, ids[:1000])
	if err != nil || len(key.Projects) != 1000 {
		t.Errorf("1000 projects: a key of %d, %v", len(key.Projects), err)
	}
	_, token, err := service.Create(t.Context(), costd.RoleProject, 1001, ids)
	e, ok := errors.AsType[*costd.Error](err)
	if !ok || e.Code != costd.Invalid || len(e.Fields) != 1 || e.Fields[0].Field != "projects" || token != "" {
		t.Fatalf("1001 projects: %v, want a mistake in projects", err)
	}
	if message := e.Fields[0].Message; !strings.Contains(message, "1001") || !strings.Contains(message, "1000") {
		t.Errorf("the message %q does not say how many are too many", message)
	}
}

// A token has at most 512 bytes: strangers must not make the server hash more.
func TestTokensAreBounded(t *testing.T) {
	service := newService(t)
	longest := strings.Repeat("x", 512)
	service.Static = map[string]access.Principal{
		longest:       {KeyID: "longest", Role: costd.RoleOperator},
		longest + "x": {KeyID: "too long", Role: costd.RoleOperator},
	}
	if p, err := service.Authenticate(t.Context(), "APIKey "+longest); err != nil || p.KeyID != "longest" {
		t.Errorf("512 bytes: %+v, %v", p, err)
	}
	if p, err := service.Authenticate(t.Context(), "APIKey "+longest+"x"); costd.ErrorCode(err) != costd.Unauthenticated {
		t.Errorf("513 bytes: %+v, %v; want unauthenticated", p, err)
	}
}
