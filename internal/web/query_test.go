package web_test

import (
	"fmt"
	"strings"
	"testing"

	"costd.dev/costd/internal/web"
)

func TestQuery(t *testing.T) {
	for _, tt := range []struct {
		query web.Query
		raw   string
		want  string // the mistakes
	}{
		{web.Query{}, "", ""},
		{web.Query{Once: []string{"a"}, Many: []string{"b"}}, "a=1&b=2&b=2", ""},
		{web.Query{Once: []string{"a"}}, "a", ""},
		{web.Query{Once: []string{"a"}}, "a=1&a=1", "a: is given more than once; keep one"},
		{web.Query{}, "=", ": is not a parameter of this path; it takes none"},
		{web.Query{}, "z&y=1", "y: is not a parameter of this path; it takes none, z: is not a parameter of this path; it takes none"},
		{web.Query{Once: []string{"a", "b"}, Many: []string{"c"}}, "A=1", "A: is not a parameter of this path; it takes a, b, c"},
		{web.Query{Once: []string{"a"}}, "a=%zz", "query: is not a valid query string; write %25 for a percent sign and %3B for a semicolon"},
		{web.Query{Once: []string{"a"}}, "a=1;b=2", "query: is not a valid query string; write %25 for a percent sign and %3B for a semicolon"},
		{web.Query{}, strings.Repeat("é", 65), strings.Repeat("é", 64) + "...: is not a parameter of this path; it takes none"},
	} {
		_, mistakes := tt.query.Parse(tt.raw)
		var got []string
		for _, m := range mistakes {
			got = append(got, m.Field+": "+m.Message)
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%+v of %q: %q, want %q", tt.query, tt.raw, got, tt.want)
		}
	}
}

func TestQueryReturnsValues(t *testing.T) {
	values, _ := web.Query{Once: []string{"a"}, Many: []string{"b"}}.Parse("b=2&a=%20&b=1")
	if got := fmt.Sprintf("%q", values); got != `map["a":[" "] "b":["2" "1"]]` {
		t.Error(got)
	}
}

// An answer does not repeat a query string that is all wrong.
func TestQueryMistakesAreBounded(t *testing.T) {
	var raw strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&raw, "p%d&", i)
	}
	if _, mistakes := (web.Query{}).Parse(raw.String()); len(mistakes) != 100 {
		t.Errorf("%d mistakes", len(mistakes))
	}
}
