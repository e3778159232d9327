package text_test

import (
	"strings"
	"testing"

	"costd.dev/costd/internal/text"
)

func TestCheck(t *testing.T) {
	for _, ok := range []string{"", "plain", "Zürich – 東京 🚀", "replacement \uFFFD is a character"} {
		if err := text.Check(ok, 40); err != nil {
			t.Errorf("%q: %v", ok, err)
		}
	}
	for _, tt := range []struct{ in, want string }{
		{strings.Repeat("x", 41), "41 bytes"}, {"a\x00b", "U+0000"}, {"ü\n", "U+000A"}, {"\x7f", "U+007F"},
		{"\u0085", "U+0085"}, {"a\xff", "UTF-8"}, {"ü\xc3", "UTF-8"},
	} {
		if err := text.Check(tt.in, 40); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.in, err, tt.want)
		}
	}
}
