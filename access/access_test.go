package access_test

import (
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/catalog"
	"costd.dev/costd/store/embedded"
)

var clock = time.Date(2026, 10, 1, 12, 0, 0, 123456000, time.UTC)

// newService returns a service over a real store with clients 1001, of projects
// 501 and 502, and 1002, of project 601.
func newService(t *testing.T) *access.Service {
	t.Helper()
	store, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	entries, err := catalog.Parse([]byte(`
clients:  [{id: 1001, name: Acme, currency: EUR}, {id: 1002, name: Other, currency: EUR}]
projects: [{id: 501, client_id: 1001, name: a}, {id: 502, client_id: 1001, name: b}, {id: 601, client_id: 1002, name: c}]`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&catalog.Service{Store: store}).Apply(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	return &access.Service{Catalog: store, Now: func() time.Time { return clock }}
}

func TestCreateAndAuthenticate(t *testing.T) {
	service := newService(t)
	for _, want := range []access.Principal{
		{Role: costd.RoleOperator},
		{Role: costd.RoleIngest},
		{Role: costd.RoleAdministrator, ClientID: 1001},
		{Role: costd.RoleProject, ClientID: 1001, Projects: []int64{501, 502}},
	} {
		asked := want.Projects
		if asked != nil {
			asked = []int64{502, 501, 502}
		}
		key, token, err := service.Create(t.Context(), want.Role, want.ClientID, asked)
		if err != nil {
			t.Fatal(err)
		}
		id, secret, ok := strings.Cut(token, "$")
		if !ok || id != key.ID || len(secret) < 52 || strings.Contains(id, "_") || !key.Created.Equal(clock) {
			t.Errorf("token %q of %+v", token, key)
		}
		if access.KeyID(token) != key.ID || access.KeyID(id+"_"+secret) != key.ID {
			t.Errorf("the token %q is said to be of the key %q", token, access.KeyID(token))
		}
		want.KeyID = key.ID
		for _, header := range []string{"APIKey " + token, "apikey " + token, "APIKEY   " + token + "  ", "APIKey " + id + "_" + secret} {
			got, err := service.Authenticate(t.Context(), header)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, %v; want %+v", header, got, err, want)
			}
		}
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	service := newService(t)
	_, token, err := service.Create(t.Context(), costd.RoleOperator, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := service.Create(t.Context(), costd.RoleIngest, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	id, secret, _ := strings.Cut(token, "$")
	_, otherSecret, _ := strings.Cut(other, "$")
	for _, header := range []string{
		"", "APIKey", "APIKey ", token, "Bearer " + token, "APIKey" + token, "APIKey " + id, "APIKey " + id + "$", "APIKey $" + secret,
		"APIKey " + id + "$" + secret[1:], "APIKey " + id + "$" + strings.ToLower(secret), "APIKey " + id + "$" + otherSecret,
		"APIKey nobody$" + secret, "APIKey \xff\x00$x", "APIKey " + token + strings.Repeat("x", 1000), "APIKey My API Key",
	} {
		p, err := service.Authenticate(t.Context(), header)
		if costd.ErrorCode(err) != costd.Unauthenticated {
			t.Errorf("%.80q: %+v, %v; want unauthenticated", header, p, err)
		}
		if e, ok := errors.AsType[*costd.Error](err); ok && (strings.Contains(e.Message, secret) || strings.Contains(e.Message, id)) {
			t.Errorf("the message tells the key: %s", e.Message)
		}
	}
	unknown, wrong := "APIKey nobody$"+secret, "APIKey "+id+"$x"
	_, errUnknown := service.Authenticate(t.Context(), unknown)
	_, errWrong := service.Authenticate(t.Context(), wrong)
	if errUnknown.Error() != errWrong.Error() {
		t.Errorf("an unknown id is told apart from a wrong secret: %v, %v", errUnknown, errWrong)
	}
}

func TestStaticTokens(t *testing.T) {
	service := newService(t)
	if id := access.KeyID("My API Key"); id != "" {
		t.Errorf("a text that is no token is said to be of the key %q", id)
	}
	want := access.Principal{KeyID: "demo", Role: costd.RoleAdministrator, ClientID: 1001}
	service.Static = map[string]access.Principal{"My API Key": want}
	if got, err := service.Authenticate(t.Context(), "apikey My API Key"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if got, err := service.Authenticate(t.Context(), "APIKey My API"); err == nil {
		t.Errorf("half of it: %+v", got)
	}
}

func TestCreateRefuses(t *testing.T) {
	service := newService(t)
	for _, tt := range []struct {
		role     costd.Role
		client   int64
		projects []int64
		field    string
	}{
		{"", 0, nil, "role"},
		{"root", 0, nil, "role"},
		{costd.RoleOperator, 1001, nil, "client_id"},
		{costd.RoleIngest, 0, []int64{501}, "projects"},
		{costd.RoleAdministrator, 0, nil, "client_id"},
		{costd.RoleAdministrator, 9, nil, "client_id"},
		{costd.RoleAdministrator, 1001, []int64{501}, "projects"},
		{costd.RoleProject, 0, []int64{501}, "client_id"},
		{costd.RoleProject, 1001, nil, "projects"},
		{costd.RoleProject, 1001, []int64{9}, "projects"},
		{costd.RoleProject, 1001, []int64{501, 601}, "projects"},
		{costd.RoleProject, 1001, make([]int64, 1001), "projects"},
	} {
		_, token, err := service.Create(t.Context(), tt.role, tt.client, tt.projects)
		e, ok := errors.AsType[*costd.Error](err)
		if !ok || e.Code != costd.Invalid || len(e.Fields) != 1 || e.Fields[0].Field != tt.field || token != "" {
			t.Errorf("%s of client %d: %v, want a mistake in %s", tt.role, tt.client, err, tt.field)
		}
	}
	if keys, err := service.Keys(t.Context()); err != nil || len(keys) != 0 {
		t.Errorf("%d keys, %v; want none", len(keys), err)
	}
}

func TestDelete(t *testing.T) {
	service := newService(t)
	create := func(role costd.Role) (string, string) {
		key, token, err := service.Create(t.Context(), role, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		return key.ID, "APIKey " + token
	}
	operator, _ := create(costd.RoleOperator)
	ingest, header := create(costd.RoleIngest)
	if err := service.Delete(t.Context(), ingest); err != nil {
		t.Error(err)
	}
	if p, err := service.Authenticate(t.Context(), header); costd.ErrorCode(err) != costd.Unauthenticated {
		t.Errorf("a deleted key is %+v, %v", p, err)
	}
	for _, id := range []string{ingest, "nobody", "", "\xff"} {
		if err := service.Delete(t.Context(), id); costd.ErrorCode(err) != costd.NotFound {
			t.Errorf("deleting %q: %v, want not_found", id, err)
		}
		if _, err := service.Key(t.Context(), id); costd.ErrorCode(err) != costd.NotFound {
			t.Errorf("key %q: %v, want not_found", id, err)
		}
	}
	if err := service.Delete(t.Context(), operator); costd.ErrorCode(err) != costd.Invalid {
		t.Errorf("deleting the last operator key: %v, want invalid", err)
	}
	create(costd.RoleOperator)
	if err := service.Delete(t.Context(), operator); err != nil {
		t.Errorf("deleting one of two operator keys: %v", err)
	}
}

// Two operators that delete each other's key at once leave one of them in.
func TestLastOperatorKeySurvivesTwoDeletions(t *testing.T) {
	service := newService(t)
	for round := range 20 {
		deleted := make(chan error)
		var ids []string
		for range 2 {
			key, _, err := service.Create(t.Context(), costd.RoleOperator, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, key.ID)
		}
		keys, err := service.Keys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if round > 0 { // the one that is left of the round before
			spare := keys[slices.IndexFunc(keys, func(k costd.Key) bool { return !slices.Contains(ids, k.ID) })]
			if err := service.Delete(t.Context(), spare.ID); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range ids {
			go func() { deleted <- service.Delete(t.Context(), id) }()
		}
		one, other := <-deleted, <-deleted
		keys, err = service.Keys(t.Context())
		if err != nil || len(keys) != 1 || costd.ErrorCode(errors.Join(one, other)) != costd.Invalid {
			t.Fatalf("round %d: %v and %v left %d keys, %v", round, one, other, len(keys), err)
		}
	}
}

func TestBootstrap(t *testing.T) {
	service := newService(t)
	crash := errors.New("disk full")
	if made, err := service.Bootstrap(t.Context(), func(string) error { return crash }); made || !errors.Is(err, crash) {
		t.Errorf("made %v, %v; want the error of saving", made, err)
	}
	var token string
	save := func(s string) error { token = s; return nil }
	if made, err := service.Bootstrap(t.Context(), save); !made || err != nil {
		t.Fatalf("made %v, %v", made, err)
	}
	if p, err := service.Authenticate(t.Context(), "APIKey "+token); err != nil || p.Role != costd.RoleOperator {
		t.Errorf("the saved token is %+v, %v", p, err)
	}
	refuse := func(string) error { t.Error("saved another token"); return nil }
	if made, err := service.Bootstrap(t.Context(), refuse); made || err != nil {
		t.Errorf("again: made %v, %v", made, err)
	}
}

func TestRequire(t *testing.T) {
	p := access.Principal{Role: costd.RoleIngest}
	if err := p.Require(costd.RoleOperator, costd.RoleIngest); err != nil {
		t.Error(err)
	}
	if err := p.Require(costd.RoleOperator); costd.ErrorCode(err) != costd.Forbidden {
		t.Errorf("%v, want forbidden", err)
	}
	if err := (access.Principal{}).Require(costd.RoleOperator); costd.ErrorCode(err) != costd.Forbidden {
		t.Errorf("nobody: %v, want forbidden", err)
	}
}
