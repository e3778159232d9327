package main

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"ai_cluster", "ai_virtual_cluster", "egress_traffic", "volume", "cost.desc", "cost.asc", "json", "Luxembourg-2"}
	for _, tt := range []struct{ word, want string }{
		{"ai_clutser", "ai_cluster"}, {"volumes", "volume"}, {"VOLUME", "volume"}, {"egress", "egress_traffic"},
		{"luxemburg-2", "Luxembourg-2"}, {"jsno", "json"}, {"cost", "cost.desc"}, {"cost.dsc", "cost.desc"}, {"nothing", ""}, {"", ""}, {"x", ""},
	} {
		if got := nearest(tt.word, known); got != tt.want {
			t.Errorf("nearest(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
}
