package client_test

import (
	"errors"
	"reflect"
	"testing"

	"costd.dev/costd/client"
)

// An operator's client with the id of a client reads what that client's administrator
// reads; any other key is refused.
func TestWithClientID(t *testing.T) {
	s := site(t)
	request := client.MonthlyTotalsRequest{YearMonth: october}
	want, err := s.client(fleetKey).MonthlyTotals(t.Context(), request)
	if err != nil || want.Count == 0 {
		t.Fatal(want, err)
	}
	got, err := client.New(s.url, "operator", client.WithClientID(1001)).MonthlyTotals(t.Context(), request)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; its administrator gets %v", got, err, want)
	}
	_, err = client.New(s.url, fleetKey, client.WithClientID(1001)).MonthlyTotals(t.Context(), request)
	if refused, ok := errors.AsType[*client.Error](err); !ok || refused.StatusCode != 403 {
		t.Errorf("an administrator with the header: %v", err)
	}
	_, err = client.New(s.url, "operator", client.WithClientID(4711)).MonthlyTotals(t.Context(), request)
	if unknown, ok := errors.AsType[*client.Error](err); !ok || unknown.StatusCode != 404 {
		t.Errorf("a client that there is not: %v", err)
	}
}
