package server

import "testing"

func TestMostConnections(t *testing.T) {
	for _, tt := range []struct{ wish, descriptors, want int }{
		{0, 1 << 20, 4096}, {0, 1024, 1024 - 256}, {0, 100, 16}, {10, 1024, 10}, {5000, 1024, 768}, {5000, 1 << 20, 5000},
	} {
		if got := mostConnections(tt.wish, tt.descriptors); got != tt.want {
			t.Errorf("a wish of %d with %d descriptors: %d, want %d", tt.wish, tt.descriptors, got, tt.want)
		}
	}
	if n := descriptors(); n < 16 {
		t.Errorf("the process has %d descriptors", n)
	}
}
