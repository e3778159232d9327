package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// status is the line of a decision record that says what became of it, and when it was made.
var status = regexp.MustCompile(`(?m)^Status: (accepted|superseded by \[\d{4}\]\([^)]+\)), \d{4}-\d{2}-\d{2}\b`)

// Every decision record has a status and a date, and its README names it.
func TestDecisionRecords(t *testing.T) {
	records, err := filepath.Glob(root + "/docs/adr/[0-9]*.md")
	if err != nil || len(records) == 0 {
		t.Fatalf("%d decision records, %v", len(records), err)
	}
	list := read(t, root+"/docs/adr/README.md")
	for _, path := range records {
		name := filepath.Base(path)
		if !status.MatchString(read(t, path)) {
			t.Errorf("%s has no line such as \"Status: accepted, 2026-11-24\"", name)
		}
		if !strings.Contains(list, "| ["+name[:4]+"]("+name+") |") {
			t.Errorf("docs/adr/README.md does not list %s", name)
		}
	}
}

// ARCHITECTURE.md names every room that has a layer.
func TestEveryRoomIsOnTheMap(t *testing.T) {
	architecture := read(t, root+"/ARCHITECTURE.md")
	for _, layer := range layers {
		room := "`" + layer.Room + "`"
		if layer.Room != "." && !strings.Contains(layer.Room, "*") && !strings.Contains(architecture, room) {
			t.Errorf("ARCHITECTURE.md does not name the room %s", room)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
