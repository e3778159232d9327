package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"costd.dev/costd/catalog"
)

// TestCountAtItsLimit takes the greatest count of a commitment and refuses one more.
func TestCountAtItsLimit(t *testing.T) {
	const file = `{commitments: [{id: c, client_id: 1, type: functions, metric: m, region_id: 1, count: %d, unit_price: 1, active_from: 2026-01-01}]}`
	if _, err := catalog.Parse([]byte(fmt.Sprintf(file, 1_000_000_000))); err != nil {
		t.Errorf("a count of 1000000000: %v", err)
	}
	if _, err := catalog.Parse([]byte(fmt.Sprintf(file, 1_000_000_001))); err == nil || !strings.Contains(err.Error(), "count") {
		t.Errorf("a count of 1000000001: %v", err)
	}
}

// TestWarningsBeyondTheThousandAreCounted applies 1,003 commitments of which nothing has
// the metric: a thousand are named, and three counted.
func TestWarningsBeyondTheThousandAreCounted(t *testing.T) {
	var file strings.Builder
	file.WriteString("clients: [{id: 1, name: a, currency: EUR}]\nregions: [{id: 1, name: r}]\ncommitments:\n")
	for i := range 1003 {
		fmt.Fprintf(&file, "- {id: c%d, client_id: 1, type: functions, metric: m%d, region_id: 1, count: 1, unit_price: 1, active_from: 2026-01-01}\n", i, i)
	}
	store := openStore(t)
	applied := apply(t, &catalog.Service{Store: store, Usage: store}, file.String())
	if len(applied.Warnings) != 1000 || applied.MoreWarnings != 3 {
		t.Errorf("%d warnings and %d more, want 1000 and 3", len(applied.Warnings), applied.MoreWarnings)
	}
}
