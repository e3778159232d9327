package report

import "testing"

// TestProjectsOfOthersHaveNoName has usage of one client say the project of another.
func TestProjectsOfOthersHaveNoName(t *testing.T) {
	v := &view{owners: map[int64]int64{1: 1, 2: 2}, names: Names{projects: map[int64]string{1: "own", 2: "secret"}}}
	names := v.namesFor(1)
	for id, want := range map[int64]string{1: "own", 2: "2", 3: "3"} {
		if got := names.Project(id); got != want {
			t.Errorf("project %d is called %q, want %q", id, got, want)
		}
	}
}
