package access_test

import (
	"context"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
)

// The list says when a key was last accepted, at once and also after a restart.
func TestLastUse(t *testing.T) {
	service := newService(t)
	now := clock
	service.Now = func() time.Time { return now }
	used, token, err := service.Create(t.Context(), costd.RoleOperator, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	idle, _, err := service.Create(t.Context(), costd.RoleIngest, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	authenticate := func(token string, valid bool) {
		t.Helper()
		if _, err := service.Authenticate(t.Context(), "APIKey "+token); (err == nil) != valid {
			t.Fatal(err)
		}
	}
	authenticate(token+"x", false)
	wantLastUse(t, service, used.ID, time.Time{})
	authenticate(token, true)
	wantLastUse(t, service, used.ID, now)
	wantLastUse(t, service, idle.ID, time.Time{})
	restarted := &access.Service{Catalog: service.Catalog}
	wantLastUse(t, restarted, used.ID, time.Time{}) // no request writes

	// A save that fails is made up for by the next.
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := service.SaveUses(cancelled); err == nil {
		t.Error("a save whose context is over succeeded")
	}
	authenticate(token, true)
	if err := service.SaveUses(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLastUse(t, restarted, used.ID, now)
	wantLastUse(t, restarted, idle.ID, time.Time{})

	saved := now
	now = now.Add(time.Hour)
	authenticate(token, true)
	wantLastUse(t, service, used.ID, now)
	wantLastUse(t, restarted, used.ID, saved)
}

// wantLastUse asks for a key by itself and in the list.
func wantLastUse(t *testing.T, service *access.Service, id string, want time.Time) {
	t.Helper()
	if !want.IsZero() {
		want = want.Truncate(time.Second)
	}
	one, err := service.Key(t.Context(), id)
	if err != nil || !one.LastUsed.Equal(want) {
		t.Errorf("the key was last used at %s, %v; want %s", one.LastUsed, err, want)
	}
	keys, err := service.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if key.ID == id && !key.LastUsed.Equal(want) {
			t.Errorf("in the list the key was last used at %s; want %s", key.LastUsed, want)
		}
	}
}

// A key that was used and then deleted holds up the saving of no other.
func TestLastUseOfDeletedKey(t *testing.T) {
	service := newService(t)
	var ids []string
	for range 2 {
		key, token, err := service.Create(t.Context(), costd.RoleOperator, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, key.ID)
		if _, err := service.Authenticate(t.Context(), "APIKey "+token); err != nil {
			t.Fatal(err)
		}
	}
	if err := service.Delete(t.Context(), ids[0]); err != nil {
		t.Fatal(err)
	}
	if err := service.SaveUses(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLastUse(t, &access.Service{Catalog: service.Catalog}, ids[1], clock)
}

// A savingCatalog does something while the uses of keys are being saved.
type savingCatalog struct {
	costd.Catalog
	meanwhile func()
}

func (c savingCatalog) MarkUsed(ctx context.Context, uses map[string]time.Time) error {
	c.meanwhile()
	return c.Catalog.MarkUsed(ctx, uses)
}

// A key that is used while its last use is saved keeps the later use for the next save. A
// clock that is set back takes no use away.
func TestLastUseDuringSave(t *testing.T) {
	service := newService(t)
	now := clock
	service.Now = func() time.Time { return now }
	key, token, err := service.Create(t.Context(), costd.RoleOperator, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	use := func(at time.Time) {
		now = at
		if _, err := service.Authenticate(t.Context(), "APIKey "+token); err != nil {
			t.Fatal(err)
		}
	}
	use(clock)
	service.Catalog = savingCatalog{service.Catalog, func() { use(clock.Add(time.Hour)) }}
	if err := service.SaveUses(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLastUse(t, service, key.ID, clock.Add(time.Hour))
	use(clock.Add(time.Minute))
	wantLastUse(t, service, key.ID, clock.Add(time.Hour))
}
