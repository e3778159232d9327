package gcore

import (
	"encoding/csv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFormulasAreDisarmed(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "plain": "plain", "a=b": "a=b", "1+1": "1+1",
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": "'\tx",
		"＝1+1": "'＝1+1", "＋1": "'＋1", "－1": "'－1", "＠x": "'＠x", "１＋１": "１＋１", "é=1": "é=1",
		"\rx":  "\"'\rx\"",
		"x;=1": `"x;=1"`, "\u2060=1": "'\u2060=1", "\u200B\uFEFF=1": "'\u200B\uFEFF=1",
		"=a,b":   `"'=a,b"`,
		`say "x`: `"say ""x"`,
		"a\nb":   "\"a\nb\"",
	} {
		var l csvLine
		l.text(in)
		if string(l.b) != want {
			t.Errorf("text(%q) = %s, want %s", in, l.b, want)
		}
	}
}

// Whatever stands in the fields, a CSV reader finds as many, and each as it was
// but for an apostrophe.
func TestCSVReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.SliceOfN(rapid.StringOf(rapid.SampledFrom([]rune("ab,\"\n ;='+-@\té"))), 2, 6).Draw(t, "fields")
		var l csvLine
		for _, f := range fields {
			l.text(f)
		}
		line, err := l.end()
		if err != nil {
			t.Fatal(err)
		}
		back, err := csv.NewReader(strings.NewReader(string(line))).ReadAll()
		if err != nil || len(back) != 1 || len(back[0]) != len(fields) {
			t.Fatalf("%q reads back as %q, %v", line, back, err)
		}
		for i, f := range fields {
			if got := back[0][i]; got != f && got != "'"+f {
				t.Fatalf("%q reads back as %q", f, got)
			}
		}
	})
}
