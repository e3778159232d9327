package report_test

import (
	"slices"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/decimal"
	"costd.dev/costd/report"
)

// reserved is a catalog with three commitments of client 1, of which one ends on October
// 10, one on October 20, and one never. What is above them costs 1 an hour, from October
// 10 on 2, and from October 20 on 3. Client 2 may not see prices.
var reserved = func() costd.Entries {
	e := costd.Entries{
		Clients: []costd.Client{{ID: 1, Name: "a", Currency: "EUR", ShowPrices: true}, {ID: 2, Name: "b", Currency: "EUR"}},
		Regions: []costd.Region{{ID: 1, Name: "r"}},
	}
	for i, day := range []int{1, 10, 20} {
		e.Prices = append(e.Prices, costd.Price{Type: costd.Instance, Metric: "m", Currency: "EUR", Unit: "H", UnitSize: decimal.FromInt(60),
			UnitPrice: decimal.FromInt(int64(i) + 1), EffectiveFrom: costd.NewDay(2026, time.October, day)})
	}
	commit := func(id string, client int64, end *costd.Day) {
		e.Commitments = append(e.Commitments, costd.Commitment{ID: id, ClientID: client, Type: costd.Instance, Metric: "m", Dimension: "f", RegionID: 1,
			Count: 1, Unit: "H", UnitSize: decimal.FromInt(60), UnitSizeMonth: decimal.FromInt(744), UnitPrice: decimal.FromInt(1),
			ActiveFrom: costd.NewDay(2026, time.October, 1), ActiveTo: end})
	}
	commit("1 until 20", 1, new(costd.NewDay(2026, time.October, 20)))
	commit("2 endless", 1, nil)
	commit("3 until 10", 1, new(costd.NewDay(2026, time.October, 10)))
	commit("4 hidden", 2, nil)
	return e
}()

// reservationsOn returns the ids of the reservations that a service finds on a day.
func reservationsOn(t *testing.T, s *report.Service, day int, r report.ReservationsRequest) (ids []string, found []report.Reservation) {
	t.Helper()
	s.Now = func() time.Time { return time.Date(2026, time.October, day, 12, 0, 0, 0, time.UTC) }
	found, err := s.Reservations(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for _, reservation := range found {
		ids = append(ids, reservation.Commitment.ID)
	}
	return ids, found
}

// A commitment counts as active until the day before its end, in each order and either
// direction.
func TestReservationsOfADay(t *testing.T) {
	s := serve(t, reserved, nil)
	active := func(r report.ReservationsRequest) report.ReservationsRequest {
		r.ClientID, r.ActiveOnly = 1, true
		return r
	}
	for _, tt := range []struct {
		name string
		day  int
		r    report.ReservationsRequest
		want []string
	}{
		{"by id where the beginnings are the same", 9, report.ReservationsRequest{}, []string{"1 until 20", "2 endless", "3 until 10"}},
		{"by end", 9, report.ReservationsRequest{OrderBy: report.OrderByActiveTo}, []string{"3 until 10", "1 until 20", "2 endless"}},
		{"by end, the last first", 9, report.ReservationsRequest{OrderBy: report.OrderByActiveTo, Descending: true}, []string{"2 endless", "1 until 20", "3 until 10"}},
		{"on the day of an end", 10, report.ReservationsRequest{}, []string{"1 until 20", "2 endless"}},
		{"the day before an end", 19, report.ReservationsRequest{}, []string{"1 until 20", "2 endless"}},
		{"after all ends", 20, report.ReservationsRequest{}, []string{"2 endless"}},
	} {
		if got, _ := reservationsOn(t, s, tt.day, active(tt.r)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	// What begins tomorrow is not active today.
	if got, _ := reservationsOn(t, s, 1, active(report.ReservationsRequest{})); len(got) != 3 {
		t.Errorf("on the first day: %q, want all", got)
	}
	s.Now = func() time.Time { return time.Date(2026, time.September, 30, 23, 59, 59, 0, time.UTC) }
	if found, err := s.Reservations(t.Context(), active(report.ReservationsRequest{})); err != nil || len(found) != 0 {
		t.Errorf("the day before: %d reservations, %v; want none", len(found), err)
	}
}

// What is above a commitment that has ended costs what it did on the last day of the term,
// not what the price book says from the day of its end on.
func TestOvercommitPriceOfAnEndedReservation(t *testing.T) {
	s := serve(t, reserved, nil)
	days := func(from, to int) *costd.Period {
		return &costd.Period{From: costd.NewDay(2026, time.October, from), To: costd.NewDay(2026, time.October, to)}
	}
	for _, tt := range []struct {
		name   string
		period *costd.Period
		want   []int64 // of the three commitments by id
	}{
		{"today", nil, []int64{2, 3, 1}},
		{"a period over all ends", days(1, 31), []int64{2, 3, 1}},
		{"a period that ends with the first price", days(1, 10), []int64{1, 1, 1}},
		{"a period that ends with the second price", days(5, 20), []int64{2, 2, 1}},
	} {
		_, found := reservationsOn(t, s, 25, report.ReservationsRequest{ClientID: 1, Period: tt.period})
		if len(found) != len(tt.want) {
			t.Fatalf("%s: %d reservations, want %d", tt.name, len(found), len(tt.want))
		}
		for i, want := range tt.want {
			over := found[i].Prices.Overcommit
			if over == nil || !over.Unit.Equal(decimal.FromInt(want).Rational()) {
				t.Errorf("%s: overcommit of %s costs %v, want %d an hour", tt.name, found[i].Commitment.ID, over, want)
			}
		}
	}
}

// A client that may not see prices sees its reservations without them.
func TestHiddenPricesOfReservations(t *testing.T) {
	s := serve(t, reserved, nil)
	ids, found := reservationsOn(t, s, 9, report.ReservationsRequest{ClientID: 2})
	if len(found) != 1 || found[0].Prices != nil {
		t.Errorf("reservations %q; want one without prices", ids)
	}
}

// A project is the client's if the catalog says so, or if its usage of the period is of it.
func TestUnknownProject(t *testing.T) {
	entries := priced
	entries.Projects = []costd.Project{{ID: 11, ClientID: 1, Name: "own"}, {ID: 22, ClientID: 2, Name: "foreign"}}
	s := serve(t, entries, []costd.Usage{hour(1, "m")}) // of project 1, which the catalog lacks
	empty := costd.Period{From: costd.NewDay(2026, time.November, 1), To: costd.NewDay(2026, time.December, 1)}
	for _, tt := range []struct {
		name    string
		period  costd.Period
		ids     []int64
		unknown int64 // 0 for none
	}{
		{"none asked for", october.Period(), nil, 0},
		{"its own, and one that it used", october.Period(), []int64{11, 1}, 0},
		{"one that it did not use then", empty, []int64{11, 1}, 1},
		{"another client's", october.Period(), []int64{11, 22}, 22},
		{"two that do not exist", october.Period(), []int64{1, 34, 33}, 34},
	} {
		id, found, err := s.UnknownProject(t.Context(), 1, tt.period, tt.ids)
		if err != nil || id != tt.unknown || found != (tt.unknown != 0) {
			t.Errorf("%s: unknown %d, %v, %v; want %d", tt.name, id, found, err, tt.unknown)
		}
	}
}
