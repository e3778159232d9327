package main

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"costd.dev/costd"
	"costd.dev/costd/access"
	"costd.dev/costd/demo"
	"costd.dev/costd/server"
	"costd.dev/costd/store/embedded"
)

const readmePage = "../../README.md"

// The report in README is what the command prints of the demo, as it was in November 2026.
func TestReadmeReport(t *testing.T) {
	got := user{t, demoOf(t, time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))}.do("report", "totals", "--month", "2026-10",
		"--type", "ai_cluster", "--type", "ai_virtual_cluster", "--type", "baremetal", "--type", "egress_traffic", "--type", "instance")
	page, err := os.ReadFile(readmePage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(page), "\n```text\n")
	shown, after, found := strings.Cut(rest, "```\n")
	if !found {
		t.Fatal("README shows no report")
	}
	if *updatePages {
		if err := os.WriteFile(readmePage, []byte(before+"\n```text\n"+got+"```\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		shown = got
	}
	if shown != got {
		t.Errorf("README shows\n%s\nand the command prints\n%s\nrun go test ./cmd/costd -run ReadmeReport -update", shown, got)
	}
}

// demoOf serves the sample as it is at a time, and returns the variables that point to it.
func demoOf(t *testing.T, now time.Time) map[string]string {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	db, err := embedded.Open(t.Context(), embedded.Options{Path: t.TempDir(), Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := fill(t.Context(), db, now, &strings.Builder{}); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(server.New(server.Config{
		Usage: db, Catalog: db, Logger: logger, Now: func() time.Time { return now },
		Static: map[string]access.Principal{sampleKey: {KeyID: "sample", Role: costd.RoleAdministrator, ClientID: demo.ClientID}},
	}))
	t.Cleanup(s.Close)
	return map[string]string{urlVariable: s.URL, keyVariable: sampleKey}
}
