//go:build linux

package disk

import (
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// readRefusals reads the refusals to start that docs/operations.md has, once.
var readRefusals = sync.OnceValues(func() ([]*regexp.Regexp, error) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		return nil, err
	}
	_, rest, _ := strings.Cut(string(page), "## When it does not start")
	table, _, _ := strings.Cut(rest, "\n**")
	var patterns []*regexp.Regexp
	for _, line := range strings.Split(table, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		for _, said := range regexp.MustCompile(`\*([^*]+)\*`).FindAllStringSubmatch(cells[1], -1) {
			pattern := regexp.QuoteMeta(said[1])
			pattern = strings.NewReplacer(`\.\.\.`, `.*`, `byte N`, `byte \d+`, `version N`, `version \d+`).Replace(pattern)
			patterns = append(patterns, regexp.MustCompile(pattern))
		}
	}
	return patterns, nil
})

// refusals returns patterns of the refusals to start that the documentation explains.
func refusals(t *testing.T) []*regexp.Regexp {
	t.Helper()
	patterns, err := readRefusals()
	if err != nil || len(patterns) < 8 {
		t.Fatalf("docs/operations.md has the refusals %v, %v", patterns, err)
	}
	return patterns
}
