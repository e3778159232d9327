package gcore

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"costd.dev/costd/decimal"
)

// What appendString writes, encoding/json reads back as it was.
func TestAppendString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil || back != s {
			t.Fatalf("%s: %q, %v", appendString(nil, s), back, err)
		}
	})
	if got := string(appendString(nil, "a\xffb\x00\"\\\u00e9")); got != `"a`+"\ufffd"+`b\u0000\"\\é"` || !utf8.ValidString(got) {
		t.Errorf("got %s", got)
	}
}

func TestParseJSON(t *testing.T) {
	for _, text := range []string{`{}`, ` {"a":[1,"x",null,true,{"b":1.50}]} `, `null`, `[]`} {
		if _, err := parseJSON([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, want := range map[string]error{
		``: errNotJSON, `{`: errNotJSON, `{"a":}`: errNotJSON, `{"a":1,}`: errNotJSON, `[1,]`: errNotJSON, `{a:1}`: errNotJSON,
		`{"a":01}`: errNotJSON, `{"a":NaN}`: errNotJSON, `{} {}`: errTrailing, `{}x`: errTrailing, "{\"a\":\"\xff\"}": errNotUTF8,
		`[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]`: errTooDeep, `{"a":1 "b":2}`: errNotJSON, `]`: errNotJSON, `{1:2}`: errNotJSON,
	} {
		if v, err := parseJSON([]byte(text)); err != want {
			t.Errorf("%s: %v, %v; want %v", text, v, err, want)
		}
	}
	v, err := parseJSON([]byte(`{"a":1,"a":123456789012345678901234567890.10}`))
	if o, ok := v.(object); err != nil || !ok || len(o) != 2 || o[1].value.(json.Number) != "123456789012345678901234567890.10" {
		t.Errorf("duplicates and digits are lost: %v, %v", v, err)
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,"x",null,true,{"b":1.50}]}`, `{"a":1,"a":2}`, `[1,]`, `"\ud800"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := parseJSON(text); err == nil && !json.Valid(text) {
			t.Errorf("%q is taken for JSON", text)
		}
	})
}

func TestRounded(t *testing.T) {
	for _, tt := range []struct {
		q      decimal.Rational
		places int
		want   string
	}{
		{decimal.Fraction(1990, 6), 5, "331.66667"},
		{decimal.Fraction(1990, 6), 18, "331.666666666666666667"},
		{decimal.Fraction(1, 8), 2, "0.12"}, // a tie goes to the even digit
		{decimal.Fraction(3, 8), 2, "0.38"},
		{decimal.Fraction(18600, 1), 5, "18600"},
		{decimal.Fraction(0, 1), 5, "0"},
		{decimal.Fraction(1, 1_000_000_000_0), 9, "0"},
	} {
		if got, err := rounded(tt.q, tt.places); err != nil || got != tt.want {
			t.Errorf("rounded(%v, %d) = %s, %v; want %s", tt.q, tt.places, got, err, tt.want)
		}
	}
	huge := decimal.MustParse("123456789012345678901").Rational() // 21 digits and 18 decimals are 39
	if got, err := rounded(huge.Add(decimal.Fraction(1, 3)), 18); err == nil {
		t.Errorf("a number of 39 digits is shown as %s", got)
	}
}
