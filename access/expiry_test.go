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
