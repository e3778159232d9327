package access_test

import (
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
)

// A key is accepted until it expires, and an operator key that has expired does not
// count as the last one.
func TestKeysExpire(t *testing.T) {
	service := newService(t)
	now := clock
	service.Now = func() time.Time { return now }
	end := clock.Add(90 * 24 * time.Hour)
	_, token, err := service.Create(t.Context(), costd.RoleOperator, 0, nil, access.Name("for a while"), access.Expires(end))
	if err != nil {
		t.Fatal(err)
	}
	forever, _, err := service.Create(t.Context(), costd.RoleOperator, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	now = end.Add(-time.Microsecond)
	if _, err := service.Authenticate(t.Context(), "APIKey "+token); err != nil {
		t.Errorf("before its end: %v", err)
	}
	now = end
	if _, err := service.Authenticate(t.Context(), "APIKey "+token); costd.ErrorCode(err) != costd.Unauthenticated || !strings.Contains(err.Error(), "expired") {
		t.Errorf("at its end: %v", err)
	}
	if _, err := service.Authenticate(t.Context(), "APIKey "+token+"x"); err == nil || strings.Contains(err.Error(), "expired") {
		t.Errorf("a wrong secret: %v", err)
	}
	if err := service.Delete(t.Context(), forever.ID); costd.ErrorCode(err) != costd.Invalid {
		t.Errorf("deleting the last operator key that is accepted: %v", err)
	}
}

// An operator key that never expires is not deleted while the others will expire: soon
// nobody could make another. Those that expire may go.
func TestALastingOperatorKeyStays(t *testing.T) {
	service := newService(t)
	lasting, _, err := service.Create(t.Context(), costd.RoleOperator, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	brief, _, err := service.Create(t.Context(), costd.RoleOperator, 0, nil, access.Expires(clock.Add(3*time.Second)))
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Delete(t.Context(), lasting.ID); costd.ErrorCode(err) != costd.Invalid || !strings.Contains(err.Error(), "last operator key that does not expire") {
		t.Errorf("deleting the last one that lasts: %v", err)
	}
	if err := service.Delete(t.Context(), brief.ID); err != nil {
		t.Errorf("deleting one that expires: %v", err)
	}
	if _, _, err := service.Create(t.Context(), costd.RoleOperator, 0, nil); err != nil {
		t.Fatal(err)
	}
	if err := service.Delete(t.Context(), lasting.ID); err != nil {
		t.Errorf("deleting it when another lasts: %v", err)
	}
}

func TestNamesAndExpiriesAreChecked(t *testing.T) {
	service := newService(t)
	for field, option := range map[string]access.Option{
		"name": access.Name(strings.Repeat("x", 101)), "expires": access.Expires(clock),
	} {
		_, token, err := service.Create(t.Context(), costd.RoleIngest, 0, nil, option)
		if costd.ErrorCode(err) != costd.Invalid || !strings.Contains(err.Error(), field) || token != "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}
